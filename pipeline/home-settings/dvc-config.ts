import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../contracts/errors.ts';

/** A remote as DVC's own settings have it. */
export interface ConfiguredRemote {
  name: string;
  /** Options by name; the address of a folder is absolute. */
  options: Record<string, string>;
}

/** The default remote (`core.remote`), from DVC's four levels; a later one wins: the machine's, the user's,
 *  `.dvc/config`, `.dvc/config.local`. Null: there is none, and `dvc push` would refuse.
 *  @throws UsageError if a file cannot be read as DVC writes it */
export async function defaultRemote(
  env: NodeJS.ProcessEnv,
  repository: string,
): Promise<ConfiguredRemote | null> {
  let name: string | undefined;
  const remotes = new Map<string, Record<string, string>>();
  for (const path of configFiles(env, repository)) {
    for (const [section, options] of await readSections(path)) {
      if (section === 'core') name = options.remote?.toLowerCase() ?? name;
      const remote = /^remote "(.+)"$/.exec(section)?.[1]?.toLowerCase();
      if (remote === undefined) continue;
      if (options.url !== undefined) options.url = absolute(options.url, dirname(path));
      remotes.set(remote, { ...remotes.get(remote), ...options });
    }
  }
  if (name === undefined) return null;
  const options = remotes.get(name);
  if (!options?.url) {
    throw new UsageError(`DVC's default remote is "${name}", and .dvc/config has no such remote`, {
      hint: `dvc remote add ${name} <address>, or dvc remote default --unset`,
    });
  }
  return { name, options };
}

function configFiles(env: NodeJS.ProcessEnv, repository: string): string[] {
  const mac = process.platform === 'darwin';
  const machine = env.DVC_SYSTEM_CONFIG_DIR ?? (mac ? '/Library/Application Support/dvc' : '/etc/xdg/dvc');
  const ofUser = mac ? join(homedir(), 'Library', 'Application Support') : join(homedir(), '.config');
  const user = env.DVC_GLOBAL_CONFIG_DIR ?? join(env.XDG_CONFIG_HOME || ofUser, 'dvc');
  return [join(machine, 'config'), join(user, 'config')].concat(
    ['config', 'config.local'].map((name) => join(repository, '.dvc', name)),
  );
}

/** A relative folder is meant from where the file lies that names it. */
function absolute(url: string, directory: string): string {
  if (/^\w+:\/\//.test(url)) return url;
  return url.startsWith('~/') ? join(homedir(), url.slice(2)) : resolve(directory, url);
}

async function readSections(path: string): Promise<Map<string, Record<string, string>>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EACCES') return new Map();
    throw error;
  }
  return parseSections(text, path);
}

/** The form in which DVC writes (Python's configobj). Not the usual ini: there a `;` begins a comment, and every Azure
 *  connection string has some.
 *  @param path for the message */
export function parseSections(text: string, path: string): Map<string, Record<string, string>> {
  const sections = new Map<string, Record<string, string>>();
  let current: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const bare = line.trim();
    if (bare === '' || bare.startsWith('#')) continue;
    const section = /^\[\s*(.+?)\s*\](\s*#.*)?$/.exec(bare)?.[1];
    const option = /^([^=[]+?)\s*=\s*(.*)$/.exec(bare);
    if (section !== undefined) {
      current = sections.get(unquoted(section)) ?? {};
      sections.set(unquoted(section), current);
    } else if (option) {
      current[option[1].toLowerCase()] = value(option[2]);
    } else {
      // What stands there may be half of a secret.
      throw new UsageError(`${path}, line ${index + 1}, is neither a section nor an option`, {
        hint: 'mend it, or take it out and use `dvc remote modify`',
      });
    }
  }
  return sections;
}

const QUOTED = /^('''|"""|'|")(.*?)\1\s*(#.*)?$/;

function value(text: string): string {
  return QUOTED.exec(text)?.[2] ?? text.replace(/\s*#.*$/, '');
}

function unquoted(text: string): string {
  return QUOTED.exec(text)?.[2] ?? text;
}
