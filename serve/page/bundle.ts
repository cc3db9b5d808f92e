import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { HTML } from './file-types.ts';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Bundles the page: one script, one style sheet, an icon, and the HTML that names them by their content.
 *  @returns bytes by file name */
export async function bundlePage(): Promise<Map<string, Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: { app: here('client/main.ts'), style: here('style.css') },
    bundle: true,
    minify: true,
    write: false,
    outdir: 'page',
    format: 'esm',
    target: ['es2022', 'chrome109', 'firefox115', 'safari16'],
    charset: 'utf8',
    legalComments: 'none',
    logLevel: 'silent',
  });
  const output = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))!.contents;
  const sources: [string, Uint8Array][] = [
    ['app.js', output('.js')],
    ['app.css', output('.css')],
    ['icon.svg', await readFile(here('icon.svg'))],
  ];
  let html = await readFile(here(HTML), 'utf8');
  const files = new Map<string, Uint8Array>();
  for (const [name, bytes] of sources) {
    const hashed = withHash(name, bytes);
    html = html.replace(`/page/assets/${name}`, `/page/assets/${hashed}`);
    files.set(hashed, bytes);
  }
  return files.set(HTML, Buffer.from(html.replace(/\n\s+/g, '\n')));
}

function withHash(name: string, bytes: Uint8Array): string {
  const [stem, ending] = name.split('.');
  return `${stem}-${createHash('sha256').update(bytes).digest('hex').slice(0, 12)}.${ending}`;
}
