import { rmSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../contracts/errors.ts';
import type { RemoteHome } from '../contracts/homes.ts';
import { isAlive } from './is-alive.ts';

export interface ConfiguredRemote {
  /** For `--remote`. */
  name: string;
  /** Added to the environment of DVC. */
  env: Record<string, string>;
  /** Ours alone, and gone afterwards. */
  folder: string;
}

/** Tells DVC of a remote for the time of some work. Its settings and passwords stand in a file that only this user can
 *  read, in a folder of its own outside of the repository: `dvc remote modify` would write them into the repository
 *  and show the password to every `ps`, and for the password of an HTTP remote DVC knows no environment variable.
 *  The file stands in for the machine's settings, the lowest of DVC's four levels, so those of the user and of the
 *  repository (its cache's place, link types) hold as always. */
export async function withRemote<T>(
  home: RemoteHome,
  work: (remote: ConfiguredRemote) => Promise<T>,
): Promise<T> {
  const text = configText(home, await machineConfig());
  await sweepDead();
  const folder = await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const removeAtExit = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', removeAtExit);
  try {
    // mkdtemp gives 0700; a careless umask must not widen the file either.
    await writeFile(join(folder, 'config'), text, { mode: 0o600, flag: 'wx' });
    await chmod(folder, 0o700);
    return await work({ name: nameFor(home), env: { DVC_SYSTEM_CONFIG_DIR: folder }, folder });
  } finally {
    process.removeListener('exit', removeAtExit);
    await rm(folder, { recursive: true, force: true });
  }
}

/** A remote of DVC's own settings keeps its name, by which single outputs may ask for it; one from the environment gets a
 *  name that the repository's settings, which win, cannot have. */
function nameFor(home: RemoteHome): string {
  return home.from === '.dvc/config' ? home.name : `perennial-home-${home.name}`;
}

/** The file's text. @throws UsageError for a value that DVC's settings cannot hold */
export function configText(home: RemoteHome, machine = ''): string {
  // Without `verify` DVC takes whatever the remote sends for what it asked for.
  const options = { verify: 'true', ...home.config };
  const lines = Object.entries(options).map(([name, value]) => `    ${name} = ${quoted(name, value)}`);
  return [machine.trimEnd(), `['remote "${nameFor(home)}"']`, ...lines, ''].join('\n').trimStart();
}

function quoted(name: string, value: string): string {
  const mark = ['"', "'", '"""', "'''"].find((each) => !value.includes(each) && !value.endsWith(each[0]));
  // configobj puts another option's value in place of `%(name)s`, and knows no way around it.
  if (mark === undefined || /[\r\n\0]|%\([^)]*\)s/.test(value)) {
    throw new UsageError(`the remote's ${name} holds signs that DVC's settings cannot hold`, {
      hint: 'a line break, %(…)s, or both kinds of quotation marks: choose another one',
    });
  }
  return `${mark}${value}${mark}`;
}

/** What our file stands in for. */
async function machineConfig(): Promise<string> {
  const mac = process.platform === 'darwin';
  const folder =
    process.env.DVC_SYSTEM_CONFIG_DIR ?? (mac ? '/Library/Application Support/dvc' : '/etc/xdg/dvc');
  return readFile(join(folder, 'config'), 'utf8').catch(() => '');
}

/** Another machine may share the folder: its process numbers say nothing here. */
const PREFIX = `perennial-dvc-${hostname()}-`;

/** Removes what killed processes left. */
async function sweepDead(): Promise<void> {
  for (const name of await readdir(tmpdir()).catch(() => [])) {
    if (!name.startsWith(PREFIX)) continue;
    const pid = Number(name.slice(PREFIX.length).split('-')[0]);
    // Another user's folder cannot be removed, and is not ours to.
    if (!isAlive(pid)) await rm(join(tmpdir(), name), { recursive: true, force: true }).catch(() => {});
  }
}
