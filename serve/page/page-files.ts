import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from '../../pipeline/workspace.ts';
import { HTML, typeOf } from './file-types.ts';
import { etagOf, type Packed, packed } from './packed.ts';

/** The page, ready to send: its HTML, and what that names, by file name. */
export interface PageFiles {
  html: Packed;
  /** Names hold a hash of the content, so that a browser never asks twice. */
  assets: Map<string, Packed>;
}

/** Where `serve/page/build.ts` writes it: beside the service that is built, one folder below what that calls its repository. */
export const BUILT = join(REPOSITORY, 'dist', 'page');

let found: Promise<PageFiles> | null = null;

/** Read or bundled once a process, when it is first asked for. Sources that run as they stand have the page as it stands: what was
 *  built before may be of another day. */
export function pageFiles(): Promise<PageFiles> {
  found ??= import.meta.url.endsWith('.ts') ? bundledNow() : readBuilt(BUILT);
  // An editor may have been in the middle of a file.
  found.catch(() => {
    found = null;
  });
  return found;
}

/** On a laptop nobody builds: the sources are bundled as they stand. An image has no bundler, and no need of one. */
async function bundledNow(): Promise<PageFiles> {
  const { bundlePage } = await import('./bundle.ts');
  const files = await bundlePage();
  const made = await Promise.all(
    [...files].map(async ([name, bytes]) => [name, await packed(Buffer.from(bytes), typeOf(name))] as const),
  );
  return pageOf(new Map(made));
}

/** @throws Error where nothing was built there */
export async function readBuilt(folder: string): Promise<PageFiles> {
  const names = await readdir(folder);
  const plain = names.filter((name) => !/\.(br|gz)$/.test(name));
  const made = await Promise.all(
    plain.map(async (name) => {
      const read = (ending: string) => readFile(join(folder, `${name}${ending}`));
      const [identity, br, gzip] = await Promise.all([read(''), read('.br'), read('.gz')]);
      return [name, { type: typeOf(name), etag: etagOf(identity), identity, br, gzip }] as const;
    }),
  );
  return pageOf(new Map(made));
}

function pageOf(files: Map<string, Packed>): PageFiles {
  const html = files.get(HTML);
  if (!html) throw new Error(`the page has no ${HTML}`);
  files.delete(HTML);
  return { html, assets: files };
}
