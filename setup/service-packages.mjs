// What the image's build installs: of all packages that package-lock.json names, those that the service is built from. A
// training's packages are a gigabyte.
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join, resolve } from 'node:path';
import { entryPoints } from '../serve/entries.mjs';

const INSTALL_LIMIT_MS = 10 * 60_000;
const TOOLS = ['esbuild', 'tsx'];
/** Run while building, beside what is built. */
const BUILDERS = ['serve/build.ts', 'serve/page/build.ts', 'serve/page/client/main.ts'];

/** `node setup/service-packages.mjs LOCKED`: into the repository that this file lies in.
 *  @param {string} locked folder of the whole package.json and package-lock.json */
async function main(locked) {
  const repository = resolve(import.meta.dirname, '..');
  install(repository, locked, TOOLS);
  const entries = [...(await entryPoints(repository)), ...BUILDERS.map((path) => join(repository, path))];
  install(repository, locked, [...new Set([...TOOLS, ...(await imported(repository, entries))])]);
}

/** @param {string} repository @param {string} locked @param {string[]} names */
function install(repository, locked, names) {
  const { name, version, type, overrides, dependencies, devDependencies } = JSON.parse(
    readFileSync(join(locked, 'package.json'), 'utf8'),
  );
  const all = { ...dependencies, ...devDependencies };
  const unknown = names.filter((one) => !(one in all));
  if (unknown.length > 0) throw new Error(`the service imports ${unknown.join(', ')}: not in package.json`);
  const some = { name, version, private: true, type, overrides };
  const wanted = Object.fromEntries(names.sort().map((one) => [one, all[one]]));
  writeFileSync(join(repository, 'package.json'), JSON.stringify({ ...some, dependencies: wanted }, null, 2));
  copyFileSync(join(locked, 'package-lock.json'), join(repository, 'package-lock.json'));
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  execFileSync('npm', ['install', ...flags], {
    cwd: repository,
    stdio: 'inherit',
    timeout: INSTALL_LIMIT_MS,
  });
}

/** Packages that these files, and what they import of ours, name.
 *  @param {string} repository @param {string[]} entries */
async function imported(repository, entries) {
  const { build } = await import('esbuild');
  const { metafile } = await build({
    absWorkingDir: repository,
    entryPoints: entries,
    outdir: 'none',
    bundle: true,
    write: false,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    metafile: true,
  });
  const paths = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path }) => path));
  const names = paths.map((path) =>
    path
      .split('/')
      .slice(0, path.startsWith('@') ? 2 : 1)
      .join('/'),
  );
  return names.filter((name) => !name.startsWith('node:') && !builtinModules.includes(name));
}

await main(process.argv[2]);
