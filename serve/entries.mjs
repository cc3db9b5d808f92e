import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

/** How a thread of the service is started: the file that it begins with. */
const THREAD = /new Worker\(\s*new URL\('(\.[^']+)\.ts', import\.meta\.url\)/g;

/** What runs in the image: the service, the question whether it is healthy, and each thread that the service starts.
 *  @param {string} repository
 *  @returns {Promise<string[]>} absolute paths */
export async function entryPoints(repository) {
  const serve = join(repository, 'serve');
  const names = await readdir(serve, { recursive: true });
  const sources = names.filter((name) => name.endsWith('.ts') && !/\.(test|testing)\.ts$/.test(name));
  const threads = await Promise.all(
    sources.sort().map(async (name) => {
      const path = join(serve, name);
      const text = await readFile(path, 'utf8');
      return [...text.matchAll(THREAD)].map(([, stem]) => resolve(dirname(path), `${stem}.ts`));
    }),
  );
  return [join(serve, 'main.ts'), join(serve, 'health-check.ts'), ...threads.flat()];
}

/** The same sources where all entry points lie in one folder, bundled.
 *  @param {string} source */
export const withBundledThreads = (source) =>
  source.replaceAll(
    THREAD,
    (_, stem) => `new Worker(new URL('./${stem.split('/').at(-1)}.mjs', import.meta.url)`,
  );
