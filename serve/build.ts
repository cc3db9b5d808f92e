import { readFile, rm } from 'node:fs/promises';
import { basename, join, relative, resolve } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { execa } from 'execa';
import { writeWhole } from '../pipeline/files.ts';
import { REPOSITORY } from '../pipeline/workspace.ts';
import { entryPoints, withBundledThreads } from './entries.mjs';
import { FOR_NODE } from './for-node.ts';
import { type BundledPackage, bundledPackages, noticesOf } from './notices.ts';

const PAGE_LIMIT_MS = 2 * 60_000;

/** `npm run build -- [FOLDER]`: the service as a few files that need Node and nothing else; default: `dist`. They stand one folder
 *  below what they call their repository, as `serve/` does, and find the page from there: so the folder's name is `dist`. */
async function main([folder = 'dist']: string[]): Promise<void> {
  const started = performance.now();
  const target = resolve(REPOSITORY, folder);
  await rm(target, { recursive: true, force: true });
  const metafile = await bundle(target);
  const packages = await bundledPackages(REPOSITORY, Object.keys(metafile.inputs));
  await writeWhole(join(target, 'THIRD-PARTY.txt'), noticesOf(packages));
  await execa(process.execPath, ['--import', 'tsx', 'serve/page/build.ts', join(target, 'page')], {
    cwd: REPOSITORY,
    stdio: 'inherit',
    timeout: PAGE_LIMIT_MS,
  });
  for (const line of summary(metafile, packages)) console.log(line);
  console.log(`built in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

async function bundle(target: string): Promise<Metafile> {
  const { metafile } = await build({
    ...FOR_NODE,
    absWorkingDir: REPOSITORY,
    entryPoints: await entryPoints(REPOSITORY),
    outdir: target,
    // Lines stay lines: a trace in the log can be read without the map.
    minifySyntax: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    plugins: [threads, pageIsBuilt],
    metafile: true,
  });
  return metafile;
}

const threads: Plugin = {
  name: 'threads',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]serve[/\\].*\.ts$/ }, async ({ path }) => ({
      contents: withBundledThreads(await readFile(path, 'utf8')),
      loader: 'ts',
    }));
  },
};

/** On a laptop the page is bundled when it is asked for; here that was done. */
const pageIsBuilt: Plugin = {
  name: 'page-is-built',
  setup({ onResolve }) {
    onResolve({ filter: /\/bundle\.ts$/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : null,
    );
  },
};

function summary(metafile: Metafile, packages: BundledPackage[]): string[] {
  const files = Object.entries(metafile.outputs).filter(([path]) => path.endsWith('.mjs'));
  return [
    ...files.map(([path, { bytes }]) => `${relative('.', path)}: ${(bytes / 1000).toFixed(0)} kB`),
    `${packages.length} packages in ${basename('THIRD-PARTY.txt')}`,
  ];
}

await main(process.argv.slice(2));
