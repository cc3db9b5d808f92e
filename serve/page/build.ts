import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeWhole } from '../../pipeline/files.ts';
import { bundlePage } from './bundle.ts';
import { HTML, typeOf } from './file-types.ts';
import { packed } from './packed.ts';
import { BUILT } from './page-files.ts';

/** Brotli's best: made once, sent often. */
const QUALITY = 11;

/** `node setup/run.mjs serve/page/build.ts [FOLDER]`: the page for an image, each file with its compressed ones beside it.
 *  The HTML comes last: a folder without it holds no page. */
async function main([folder = BUILT]: string[]): Promise<void> {
  const target = resolve(process.env.PERENNIAL_CWD ?? '.', folder);
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { recursive: true });
  const files = [...(await bundlePage())].sort(([a], [b]) => Number(a === HTML) - Number(b === HTML));
  let sent = 0;
  for (const [name, bytes] of files) {
    const { identity, br, gzip } = await packed(Buffer.from(bytes), typeOf(name), { quality: QUALITY });
    await writeWhole(join(target, `${name}.br`), br);
    await writeWhole(join(target, `${name}.gz`), gzip);
    await writeWhole(join(target, name), identity);
    sent += br.length;
  }
  console.log(`${target}: ${files.length} files, ${(sent / 1000).toFixed(1)} kB compressed`);
}

await main(process.argv.slice(2));
