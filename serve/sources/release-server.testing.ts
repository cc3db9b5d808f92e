// A web server as a release's files lie on: ETags, and every way to fail.
import { createHash } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { BundleFiles } from '../../pipeline/contracts/bundle.ts';
import { zipBundle } from '../../pipeline/registry/bundle-zip.ts';
import { MODEL, type Sample } from '../sample-service.testing.ts';

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** @returns the files of a release: `released.json` and its archives */
export async function releaseOf(
  { files, version, pack }: Pick<Sample, 'files' | 'version' | 'pack'>,
  { at = '2026-07-01T00:00:00Z', name = version.version } = {},
): Promise<Map<string, Buffer>> {
  const [bundle, observations] = [await zipBundle(files), await zipBundle(pack)];
  const archive = (url: string, bytes: Buffer) => ({ url, sha256: sha256(bytes), bytes: bytes.byteLength });
  const released = {
    format: 1,
    released_at: at,
    ...{ commit: '0123abc', tag: null, image: null },
    models: {
      [MODEL]: {
        version: { ...version, version: name },
        bundle: archive(`${name}.zip`, bundle),
        pack: archive(`${name}-pack.zip`, observations),
      },
    },
  };
  return new Map([
    ['released.json', Buffer.from(JSON.stringify(released))],
    [`${name}.zip`, bundle],
    [`${name}-pack.zip`, observations],
  ]);
}

/** A pack that was published after the release: its archive and the pointer to it. */
export async function newerPack(pack: BundleFiles, at: string): Promise<Map<string, Buffer>> {
  const zip = await zipBundle(pack);
  const id = sha256(pack.get('pack.json')!);
  const pointer = {
    format: 1,
    id,
    url: `packs/${id}.zip`,
    sha256: sha256(zip),
    bytes: zip.byteLength,
    published_at: at,
  };
  return new Map([
    [`packs/${id}.zip`, zip],
    [`${MODEL}-pack.json`, Buffer.from(JSON.stringify(pointer))],
  ]);
}

export async function releaseServer() {
  const files = new Map<string, Buffer>();
  const asked: { path: string; status: number; authorization?: string }[] = [];
  const sockets = new Set<ServerResponse>();
  /** What happens instead of an answer; by path, or to all with ''. */
  const faults = new Map<string, (response: ServerResponse) => void>();
  const server = createServer((request, response) => {
    sockets.add(response);
    const path = decodeURIComponent((request.url ?? '/').slice(1).split('?')[0]);
    response.on('close', () => {
      sockets.delete(response);
      asked.push({ path, status: response.statusCode, authorization: request.headers.authorization });
    });
    const fault = faults.get(path) ?? faults.get('');
    if (fault) return fault(response);
    const found = files.get(path);
    if (!found) return response.writeHead(404).end();
    const etag = `"${sha256(found).slice(0, 16)}"`;
    if (request.headers['if-none-match'] === etag) return response.writeHead(304, { etag }).end();
    response.writeHead(200, { etag, 'content-length': found.byteLength }).end(found);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    files,
    asked,
    faults,
    put(more: Map<string, Buffer>): void {
      for (const [name, bytes] of more) files.set(name, bytes);
    },
    async close(): Promise<void> {
      for (const response of sockets) response.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
