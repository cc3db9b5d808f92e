import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DvcHttpRemote } from '../../test/servers/dvc-http-remote.ts';
import type { RemoteHome } from '../contracts/homes.ts';

/** One kind of remote, as the tests need it; keys are paths below the remote, `files/md5/ab/cd…`. */
export interface RemoteInTest {
  home: RemoteHome;
  /** Wrong password, wrong key, a folder without rights; null: the kind has none. */
  refused: { home: RemoteHome; failure: string } | null;
  keys(): Promise<string[]>;
  read(key: string): Promise<Buffer>;
  write(key: string, content: Buffer): Promise<void>;
  remove(key: string): Promise<void>;
  close(): Promise<void>;
}

export const REMOTES: Record<string, () => Promise<RemoteInTest>> = {
  folder: folderRemote,
  'HTTP with basic auth': httpRemote,
};

export const keyOf = (md5: string) => `files/md5/${md5.slice(0, 2)}/${md5.slice(2)}`;

export function httpHome(url: string, password: string): RemoteHome {
  const config = { url, auth: 'basic', user: 'ada', password };
  return { name: 'dagshub', kind: 'http', shown: url, config, secrets: ['password'], from: 'DAGSHUB_REPO' };
}

async function httpRemote(): Promise<RemoteInTest> {
  const server = await DvcHttpRemote.start({ user: 'ada', password: 'right-"pass;word' });
  return {
    home: httpHome(server.url, server.password),
    refused: { home: httpHome(server.url, 'wrong-password'), failure: 'unauthorized' },
    keys: async () => [...server.objects.keys()],
    read: async (key) => server.objects.get(key)!,
    write: async (key, content) => void server.objects.set(key, content),
    remove: async (key) => void server.objects.delete(key),
    close: () => server.close(),
  };
}

async function folderRemote(): Promise<RemoteInTest> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-remote-'));
  const home: RemoteHome = {
    name: 'perennial',
    kind: 'folder',
    shown: folder,
    config: { url: folder },
    secrets: [],
    from: 'PERENNIAL_REMOTE',
  };
  const noFolder = join(folder, 'not', 'mounted');
  const refused = { ...home, shown: noFolder, config: { url: noFolder } };
  return {
    home,
    refused: { home: refused, failure: 'no-bucket' },
    async keys() {
      const all = await readdir(folder, { recursive: true, withFileTypes: true });
      return all
        .filter((each) => each.isFile())
        .map((each) => join(each.parentPath, each.name).slice(folder.length + 1));
    },
    read: (key) => readFile(join(folder, key)),
    async write(key, content) {
      await chmod(join(folder, key), 0o644);
      await writeFile(join(folder, key), content);
    },
    remove: (key) => rm(join(folder, key)),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}
