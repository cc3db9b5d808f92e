import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectionString, startAzurite } from '../../test/servers/azurite.ts';
import { DvcHttpRemote } from '../../test/servers/dvc-http-remote.ts';
import { FaultProxy } from '../../test/servers/fault-proxy.ts';
import { S3_KEYS, startS3 } from '../../test/servers/s3.ts';
import type { RemoteHome } from '../contracts/homes.ts';
import type { DvcFailure } from './dvc-error.ts';
import { type StoreStep, stepsOn } from './dvc-store.ts';

/** One kind of remote, as the tests need it; keys are paths below the remote, `files/md5/ab/cd…`. */
export interface RemoteInTest {
  home: RemoteHome;
  /** In front of the server; null: there is no server. */
  proxy: FaultProxy | null;
  /** The same place with what does not let us in: wrong password, unknown key, a folder that is not mounted. */
  refused: { home: RemoteHome; failure: DvcFailure };
  /** Null: the kind has no places that could be missing. */
  nowhere: RemoteHome | null;
  /** What must never be read anywhere. */
  secret: string | null;
  read(key: string): Promise<string>;
  write(key: string, text: string): Promise<void>;
  remove(key: string): Promise<void>;
  close(): Promise<void>;
}

export const REMOTES: Record<string, () => Promise<RemoteInTest>> = {
  folder: folderRemote,
  'HTTP with basic auth': httpRemote,
  S3: s3Remote,
  'Azure Blob': azureRemote,
};

export const keyOf = (md5: string) => `files/md5/${md5.slice(0, 2)}/${md5.slice(2)}`;

/** As `readHomes` makes it. */
export function homeOf(
  kind: RemoteHome['kind'],
  config: Record<string, string>,
  secrets: string[] = [],
): RemoteHome {
  return { name: 'perennial', kind, shown: config.url, config, secrets, from: 'PERENNIAL_REMOTE' };
}

export const httpHome = (url: string, password: string) =>
  homeOf('http', { url, auth: 'basic', user: 'ada', password }, ['password']);

async function folderRemote(): Promise<RemoteInTest> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-remote-'));
  return {
    home: homeOf('folder', { url: folder }),
    proxy: null,
    refused: { home: homeOf('folder', { url: join(folder, 'not', 'mounted') }), failure: 'no-bucket' },
    nowhere: null,
    secret: null,
    read: (key) => readFile(join(folder, key), 'utf8'),
    async write(key, text) {
      await rm(join(folder, key), { force: true });
      // As DVC leaves it: what can be written it would hash again by itself.
      await writeFile(join(folder, key), text, { mode: 0o444 });
    },
    remove: (key) => rm(join(folder, key)),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

async function httpRemote(): Promise<RemoteInTest> {
  const secret = 'right-"pass;word #1';
  const server = await DvcHttpRemote.start({ user: 'ada', password: secret });
  const proxy = await FaultProxy.start(server.origin);
  const url = proxy.url + new URL(server.url).pathname;
  return {
    home: httpHome(url, secret),
    proxy,
    refused: { home: httpHome(url, 'wrong-password'), failure: 'unauthorized' },
    nowhere: null,
    secret,
    read: async (key) => String(server.objects.get(key)),
    write: async (key, text) => void server.objects.set(key, Buffer.from(text)),
    remove: async (key) => void server.objects.delete(key),
    async close() {
      await proxy.close();
      await server.close();
    },
  };
}

async function s3Remote(): Promise<RemoteInTest> {
  const server = await startS3('forecasts');
  const proxy = await FaultProxy.start(server.origin);
  const home = (own: Record<string, string>) => {
    const options = {
      url: 's3://forecasts/dvc',
      endpointurl: proxy.url,
      region: 'us-east-1',
      ...S3_KEYS,
      ...own,
    };
    return homeOf('s3', options, ['access_key_id', 'secret_access_key']);
  };
  return {
    home: home({}),
    proxy,
    refused: { home: home({ access_key_id: 'unknown-key' }), failure: 'unauthorized' },
    nowhere: home({ url: 's3://elsewhere/dvc' }),
    secret: S3_KEYS.secret_access_key,
    ...contentOf(home({ endpointurl: server.origin })),
    async close() {
      await proxy.close();
      await server.stop();
    },
  };
}

async function azureRemote(): Promise<RemoteInTest> {
  const server = await startAzurite('forecasts');
  const proxy = await FaultProxy.start(server.origin);
  const home = (connection: string, url = 'azure://forecasts/dvc') =>
    homeOf('azure', { url, connection_string: connection }, ['connection_string']);
  const wrong = Buffer.from('wrong-key').toString('base64');
  return {
    home: home(connectionString(proxy.url)),
    proxy,
    refused: { home: home(connectionString(proxy.url, wrong)), failure: 'unauthorized' },
    nowhere: home(connectionString(proxy.url), 'azure://elsewhere/dvc'),
    secret: /AccountKey=([^;]+)/.exec(connectionString(''))![1],
    ...contentOf(home(connectionString(server.origin))),
    async close() {
      await proxy.close();
      await server.stop();
    },
  };
}

function contentOf(home: RemoteHome): Pick<RemoteInTest, 'read' | 'write' | 'remove'> {
  const take = async (step: StoreStep): Promise<string> => {
    const [answer] = await stepsOn(home, [step], { timeoutMs: 60_000 });
    if (answer.error) throw answer.error;
    return answer.text ?? '';
  };
  return {
    read: (key) => take({ do: 'read', key }),
    write: async (key, text) => void (await take({ do: 'write', key, text })),
    remove: async (key) => void (await take({ do: 'remove', key })),
  };
}
