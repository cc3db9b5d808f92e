import { codeOf } from '../../clients/code-of.ts';
import { filesAt } from '../../clients/git-objects.ts';
import { lockedPackages } from '../../clients/package-lock.ts';
import { openTree } from '../../clients/tree-reader.ts';

/** What the service starts from; all that it imports is in the image too. */
const ENTRY = 'serve/main.ts';
/** What the image is built with, beside the code. */
const BUILT_WITH = ['Dockerfile', '.dockerignore', '.npmrc', 'setup/service-packages.mjs'];

/** What one commit's image is made from, its models aside: hash or text by path. Tests are none of it. */
export async function imageCodeAt(root: string, sha: string): Promise<Map<string, string>> {
  const { read } = openTree(root, sha);
  const made = new Map<string, string>();
  for (const [path, text] of (await codeOf(ENTRY, read)).files) made.set(path, text);
  for (const path of BUILT_WITH) {
    const text = await read(path);
    if (text !== null) made.set(path, text);
  }
  // The page and its parts are imported by nobody.
  for (const { path, oid } of await filesAt(root, sha, 'serve'))
    if (!made.has(path) && !/\.(test|testing|it\.test)\.ts$/.test(path)) made.set(path, oid);
  made.set('package-lock.json', productionPackages(await read('package-lock.json')));
  return made;
}

/** Paths of which the image of one commit differs from that of another, in order. */
export function differingCode(one: Map<string, string>, other: Map<string, string>): string[] {
  const paths = new Set([...one.keys(), ...other.keys()]);
  return [...paths].filter((path) => one.get(path) !== other.get(path)).sort();
}

/** The packages that are installed for running alone: a newer linter makes no other image. */
function productionPackages(text: string | null): string {
  const kept = Object.entries(lockedPackages(text)).filter(([path, { dev }]) => path !== '' && !dev);
  return JSON.stringify(kept.map(([path, { version, integrity }]) => [path, version, integrity]));
}
