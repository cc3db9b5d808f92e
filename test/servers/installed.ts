import { createHash } from 'node:crypto';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { attempt, command } from '../../setup/command.mjs';
import { withLock } from '../../setup/lock.mjs';
import { userCache } from '../../setup/places.mjs';
import { type Part, stamped, writeStamp } from '../../setup/stamp.mjs';

const MINUTE = 60_000;
/** Hundreds of megabytes over a slow line. */
const INSTALL_LIMIT_MS = 15 * MINUTE;
const LOCK_LIMIT_MS = 20 * MINUTE;

/** A Python environment of its own for tests and benchmarks, made once a machine for every clone.
 *  @param name tells a person in the cache what it is for
 *  @param requirements pinned, as pip takes them
 *  @returns path of its Python; its commands lie beside it
 *  @throws SetupError where pip or uv cannot install the requirements */
export async function pythonWith(name: string, requirements: string[]): Promise<string> {
  const folder = await installedOnce(name, ['python', ...requirements], async (venv, log) => {
    const python = join(venv, 'bin', 'python');
    const hint = 'check the connection to the Python package index';
    const limits = { timeoutMs: INSTALL_LIMIT_MS, log, hint };
    await command('python3', ['-m', 'venv', venv], {
      ...limits,
      hint: 'install Python 3 with its venv module (Debian: apt install python3-venv)',
    });
    await command(python, ['-m', 'pip', 'install', '--quiet', 'uv'], limits);
    const install = ['pip', 'install', '--quiet', '--compile-bytecode', '--python', python, ...requirements];
    await command(join(venv, 'bin', 'uv'), install, limits);
  });
  return join(folder, 'bin', 'python');
}

/** An npm package for tests that is none of the project's dependencies; no script of it runs at the installation.
 *  @returns folder of the package */
export async function npmTool(name: string, version: string): Promise<string> {
  const label = `npm-${name.replaceAll(/[^\w.-]+/g, '-')}`;
  const folder = await installedOnce(label, ['npm', name, version], async (prefix, log) => {
    // Else npm climbs to the next folder that has one.
    await writeFile(join(prefix, 'package.json'), '{"private":true}\n');
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
    await command('npm', ['install', '--prefix', prefix, ...flags, `${name}@${version}`], {
      cwd: prefix,
      timeoutMs: INSTALL_LIMIT_MS,
      log,
      hint: 'check the connection to the npm registry',
    });
  });
  return join(folder, 'node_modules', name);
}

/** A Go program for tests and linters; with a build cache of Go's own.
 *  @param program its path in the module: `github.com/nektos/act`
 *  @returns path of the program; null where this machine has no Go
 *  @throws SetupError where it cannot be built */
export async function goTool(program: string, version: string): Promise<string | null> {
  const { code } = await attempt('go', ['version'], { timeoutMs: MINUTE });
  if (code === null) return null;
  const name = basename(program);
  const folder = await installedOnce(`go-${name}`, ['go', program, version], async (gobin, log) => {
    await command('go', ['install', `${program}@${version}`], {
      // Else Go would look for a module around the folder that we stand in.
      cwd: gobin,
      env: { ...process.env, GOBIN: gobin, GOFLAGS: '' },
      timeoutMs: INSTALL_LIMIT_MS,
      log,
      hint: 'check the connection to the Go module proxy',
    });
  });
  return join(folder, name);
}

/** A folder in the user's cache, named by what it is made of: another version never replaces one that is in use. A
 *  half-made one has no stamp and is made anew; of two processes one makes it and the other waits. */
async function installedOnce(
  name: string,
  parts: string[],
  make: (folder: string, log: string) => Promise<void>,
): Promise<string> {
  const hash = createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 8);
  const folder = join(userCache(), `${name}-${hash}`);
  const part: Part = {
    name,
    stamp: join(folder, '.perennial.json'),
    inputs: () => parts,
    provide: async () => '',
  };
  if (stamped(part) !== null) return folder;
  const say = (line: string) => process.stderr.write(`test servers  ${line}\n`);
  const onWait = () => say(`waiting for another process to install ${name}`);
  await withLock(`${folder}.lock`, { limitMs: LOCK_LIMIT_MS, onWait }, async () => {
    if (stamped(part) !== null) return;
    say(`installing ${shown(parts.slice(1))} into ${folder} (once on this machine)`);
    const started = performance.now();
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await make(folder, `${folder}.log`);
    writeStamp(part, '');
    say(`${name}: installed in ${((performance.now() - started) / 1000).toFixed(1)} s`);
  });
  return folder;
}

function shown(parts: string[]): string {
  return parts.length > 3 ? `${parts.length} pinned packages` : parts.join(' ');
}
