import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundlePage } from './bundle.ts';
import { HTML } from './file-types.ts';
import { readBuilt } from './page-files.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-page-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

it('builds for an image what is bundled when asked for, compressed, and twice the same', async () => {
  await execa(process.execPath, ['--import', 'tsx', 'serve/page/build.ts', folder], { timeout: 60_000 });
  const { html, assets } = await readBuilt(folder);
  const bundled = await bundlePage();
  for (const [name, { identity, br, gzip }] of [...assets, [HTML, html] as const]) {
    expect(identity).toEqual(Buffer.from(bundled.get(name)!));
    expect(brotliDecompressSync(br)).toEqual(identity);
    expect(gunzipSync(gzip)).toEqual(identity);
  }
  expect(assets.size + 1).toBe(bundled.size);
  for (const name of assets.keys()) expect(html.identity.toString()).toContain(`/page/assets/${name}`);
});

it('says that nothing was built', async () => {
  await expect(readBuilt(join(folder, 'none'))).rejects.toThrow(/ENOENT/);
});
