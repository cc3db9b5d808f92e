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

/** The whole package.json and package-lock.json. */
const LOCKED = 'locked';
const NAMED = 'named.json';

/** `node setup/service-packages.mjs STEP`, in the repository that this file lies in: `tools` installs what the others need, `named` writes which
 *  packages the code imports into `named.json`, `install` installs those.
 *  @param {string} step */
async function main(step) {
  const repository = resolve(import.meta.dirname, '..');
  const named = join(repository, NAMED);
  if (step === 'tools') return install(repository, TOOLS);
  if (step === 'install') return install(repository, JSON.parse(readFileSync(named, 'utf8')));
  if (step !== 'named') throw new Error(`service-packages ${step}: expected tools, named or install`);
  const entries = [...(await entryPoints(repository)), ...BUILDERS.map((path) => join(repository, path))];
  const names = new Set([...TOOLS, ...(await imported(repository, entries))]);
  writeFileSync(named, JSON.stringify([...names].sort()));
}

/** @param {string} repository @param {string[]} names */
function install(repository, names) {
  const locked = join(repository, LOCKED);
  const { name, version, type, overrides, dependencies, devDependencies } = JSON.parse(
    readFileSync(join(locked, 'package.json'), 'utf8'),
  );
  const all = { ...dependencies, ...devDependencies };
  const unknown = names.filter((one) => !(one in all));
  if (unknown.length > 0) throw new Error(`the service imports ${unknown.join(', ')}: not in package.json`);
  const some = { name, version, private: true, type, overrides };
  const wanted = Object.fromEntries(names.map((one) => [one, all[one]]));
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
