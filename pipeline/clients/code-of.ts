import { readFile } from 'node:fs/promises';
import { builtinModules } from 'node:module';
import { join, posix } from 'node:path';
import { CorruptError } from '../contracts/errors.ts';
import type { ReadText } from './tree-reader.ts';

export interface Code {
  /** Path in the repository → text, sorted by path: the entry and all it imports, statically or with `import()`. */
  files: Map<string, string>;
  /** Names of the npm packages that they import, sorted. */
  packages: string[];
}

/** Follows the imports of a source file; types are left out, for they do nothing when it runs.
 *  @param entry path in the repository, with slashes
 *  @throws CorruptError where one of them is not there */
export async function codeOf(entry: string, read: ReadText): Promise<Code> {
  const files = new Map<string, string>();
  const packages = new Set<string>();
  const waiting = [{ path: entry, from: 'the stage' }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, from } = next;
    if (files.has(path)) continue;
    const text = await read(path);
    if (text === null) throw new CorruptError(`${from} imports ${path}, which is not there`);
    files.set(path, text);
    for (const specifier of importsOf(text)) {
      if (specifier.startsWith('.'))
        waiting.push({ path: posix.join(posix.dirname(path), specifier), from: path });
      else if (!isBuiltin(specifier)) packages.add(packageOf(specifier));
    }
  }
  return { files: new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1))), packages: [...packages].sort() };
}

/** Reads the work tree of a repository. */
export function workTree(repository: string): ReadText {
  return async (path) => {
    try {
      return await readFile(join(repository, path), 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  };
}

/** The specifiers that a TypeScript module imports when it runs. */
export function importsOf(text: string): string[] {
  return [...text.matchAll(IMPORT)].map((match) => match.groups!.specifier);
}

/** `import x from 'a'`, `export … from 'a'`, `import 'a'`, `import('a')` and `resolve('a')`, but not `import type`,
 *  `typeof import('a')` and not what stands in a comment. */
const IMPORT =
  /^(?:(?:import|export)\s+(?!type\b)(?:[\w*\s{},$]*?\sfrom\s*)?|.*?(?<!typeof\s)(?<!\/\/.*)(?<![:<|&]\s*)\bimport\(\s*)['"](?<specifier>[^'"]+)['"]/gm;

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier);
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}
