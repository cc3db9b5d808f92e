import { existsSync } from 'node:fs';
import { cp, link, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { attempt, command } from './command.mjs';
import { logOf, PYTHON, REPOSITORY, userCache } from './places.mjs';
import { say } from './say.mjs';
import { SetupError } from './setup-error.mjs';

export const PACKAGE = join(REPOSITORY, 'node_modules', '@tensorflow', 'tfjs-node');
const LOG = logOf('tensorflow');
const MINUTE = 60_000;

/** Makes `@tensorflow/tfjs-node` load: what is there already, else the package's own installer, else the library
 *  from TensorFlow's Python wheel. Without any of them training runs on plain tfjs with wasm, only slower.
 *  @returns {Promise<'native' | 'wasm'>} */
export async function provideTensorFlow() {
  if (await loads()) return 'native';
  if (await ownInstaller()) return 'native';
  try {
    if (await fromWheel()) return 'native';
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`native TensorFlow could not be had (${LOG} tells why)`);
  }
  say(
    'going on with plain tfjs and its wasm backend: same results, slower training; `npm run setup` tries again',
  );
  return 'wasm';
}

/** Loading a broken addon may abort the process, so it is tried in one of its own. */
async function loads() {
  if (!existsSync(join(PACKAGE, 'lib'))) return false;
  const { code } = await attempt(process.execPath, ['-e', "require('@tensorflow/tfjs-node')"], {
    cwd: REPOSITORY,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '2', NODE_OPTIONS: '' },
    timeoutMs: MINUTE,
    log: LOG,
  });
  return code === 0;
}

/** Downloads libtensorflow and a built addon from the package's own host; where that is out of reach its failure
 *  is normal. */
async function ownInstaller() {
  await runInstaller({}, 4 * MINUTE);
  return loads();
}

/** The package's `install` script, called directly: npm runs dependencies' scripts only where its policy of the day
 *  allows it. `npm exec` gives it the tools it expects on its path (node-pre-gyp, npm's own node-gyp).
 *  @param {NodeJS.ProcessEnv} env
 *  @param {number} timeoutMs */
function runInstaller(env, timeoutMs) {
  const script = 'cd node_modules/@tensorflow/tfjs-node && node scripts/install.js';
  return attempt('npm', ['exec', '-c', script], {
    cwd: REPOSITORY,
    env: { ...process.env, ...env },
    timeoutMs,
    log: LOG,
  });
}

async function fromWheel() {
  // The wheel's libraries are for this one platform; others have their own installer or wasm.
  if (process.platform !== 'linux' || process.arch !== 'x64') return false;
  const library = await cachedLibrary();
  await placeLibrary(library);
  if (!(await placeCachedAddon(library)) || !(await loads())) {
    await buildAddon();
    if (!(await loads())) return false;
    await keepAddon(library);
  }
  return true;
}

/** The library and its headers in the user's cache, made once for every clone.
 *  @returns {Promise<string>} a folder with `lib/` and `include/` */
async function cachedLibrary() {
  const folder = join(userCache(), 'libtensorflow-2.15.1');
  if (existsSync(folder)) return folder;
  await mkdir(userCache(), { recursive: true });
  const scratch = await mkdtemp(join(userCache(), 'unfinished-'));
  try {
    say('downloading libtensorflow (207 MB, once per user) …');
    await command(
      PYTHON,
      [
        ...['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--no-cache-dir'],
        ...['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311'],
        ...['--platform', 'manylinux_2_17_x86_64', '--require-hashes', '--dest', scratch],
        ...['-r', join(REPOSITORY, 'setup', 'tensorflow-wheel.txt')],
      ],
      { timeoutMs: 15 * MINUTE, log: LOG, hint: 'check the connection to the Python package index' },
    );
    const wheel = (await readdir(scratch)).find((name) => name.endsWith('.whl'));
    const unpacked = join(scratch, 'unpacked');
    await command(
      PYTHON,
      [join(REPOSITORY, 'setup', 'extract_wheel.py'), join(scratch, wheel ?? ''), unpacked],
      { timeoutMs: 5 * MINUTE, log: LOG, hint: 'check the free disk space (700 MB are needed)' },
    );
    // Another clone may have finished meanwhile; either copy will do.
    await rename(unpacked, folder).catch((error) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return folder;
}

/** Puts the library where the addon's build and its loader look for it (`deps/`).
 *  @param {string} library */
async function placeLibrary(library) {
  const deps = join(PACKAGE, 'deps');
  await rm(deps, { recursive: true, force: true });
  await mkdir(join(deps, 'lib'), { recursive: true });
  await cp(join(library, 'include'), join(deps, 'include'), { recursive: true });
  for (const name of ['libtensorflow_cc.so.2', 'libtensorflow_framework.so.2']) {
    await linkOrCopy(join(library, 'lib', name), join(deps, 'lib', name));
  }
  // 2.9.1 is the name that the package's installer looks for before it downloads.
  for (const name of ['libtensorflow.so', 'libtensorflow.so.2.9.1']) {
    await symlink('libtensorflow_cc.so.2', join(deps, 'lib', name));
  }
  await symlink('libtensorflow_framework.so.2', join(deps, 'lib', 'libtensorflow_framework.so'));
}

async function buildAddon() {
  const prefix = resolve(dirname(process.execPath), '..');
  // With Node's own headers beside it nothing is downloaded; otherwise node-gyp fetches them.
  const headers = existsSync(join(prefix, 'include', 'node', 'node_api.h'));
  say('building the addon (about 35 s) …');
  // It finds the library in its place, so it only compiles.
  const { output } = await runInstaller(
    { npm_config_build_from_source: 'true', ...(headers ? { npm_config_nodedir: prefix } : {}) },
    10 * MINUTE,
  );
  if (!existsSync(join(PACKAGE, 'lib'))) {
    throw new SetupError(`building tfjs-node's addon failed:\n${output}`, COMPILER_HINT);
  }
}

const COMPILER_HINT = 'install a C++ compiler, make and Python 3 (Debian: apt install build-essential)';
const ADDON = 'tfjs_binding.node';

/** N-API addons do not depend on Node's version, so a built one serves every clone of this user.
 *  @param {string} library
 *  @returns {Promise<boolean>} false: none was kept */
async function placeCachedAddon(library) {
  const kept = join(library, `addon-${await packageVersion()}`);
  if (!existsSync(kept)) return false;
  await rm(join(PACKAGE, 'lib'), { recursive: true, force: true });
  await cp(kept, join(PACKAGE, 'lib'), { recursive: true });
  return true;
}

/** @param {string} library */
async function keepAddon(library) {
  const kept = join(library, `addon-${await packageVersion()}`);
  const scratch = await mkdtemp(join(userCache(), 'unfinished-'));
  try {
    for (const napi of await readdir(join(PACKAGE, 'lib'))) {
      await cp(join(PACKAGE, 'lib', napi, ADDON), join(scratch, 'lib', napi, ADDON));
    }
    await rm(kept, { recursive: true, force: true });
    await rename(join(scratch, 'lib'), kept).catch((error) => {
      if (!existsSync(kept)) throw error;
    });
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

async function packageVersion() {
  return JSON.parse(await readFile(join(PACKAGE, 'package.json'), 'utf8')).version;
}

/** A hard link costs no space; across file systems it must be a copy.
 *  @param {string} from
 *  @param {string} to */
async function linkOrCopy(from, to) {
  await link(from, to).catch(() => cp(from, to));
}
