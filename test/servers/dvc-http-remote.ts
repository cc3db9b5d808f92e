import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the server makes of requests that carry the right password. */
export type HttpRemoteMood =
  | 'well'
  | 'expired' // 401, whatever is sent
  | 'no-rights' // 403
  | 'read-only' // 403 to uploads
  | 'full' // 507 to uploads
  | 'html'; // a sign-in page with 200

export interface HttpRemoteSeen {
  method: string;
  /** Path below the remote's own, such as `files/md5/ab/cd…`. */
  path: string;
  status: number;
}

const LARGEST_BYTES = 1_000_000_000;

/** What Dagshub's DVC remote is to a client: HEAD, GET, POST and PUT of objects behind basic auth; nothing is listed
 *  and nothing deleted. Objects live in memory. */
export class DvcHttpRemote {
  readonly objects = new Map<string, Buffer>();
  readonly requests: HttpRemoteSeen[] = [];
  mood: HttpRemoteMood = 'well';
  #server = createServer((request, response) => {
    response.on('error', () => {});
    void this.#answer(request, response);
  });

  private constructor(
    readonly user: string,
    readonly password: string,
  ) {}

  static async start({ user = 'ada', password = 'right-password' } = {}): Promise<DvcHttpRemote> {
    const remote = new DvcHttpRemote(user, password);
    await new Promise<void>((resolve) => remote.#server.listen(0, '127.0.0.1', resolve));
    return remote;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `${this.origin}${BASE}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request).catch(() => null);
    // The client has gone: half a body is no object.
    if (body === null) return;
    const method = request.method ?? '';
    const { pathname } = new URL(request.url ?? '/', this.origin);
    const path = decodeURIComponent(pathname.slice(BASE.length + 1));
    const [status, content] = this.#result(method, pathname, path, body, request.headers.authorization);
    this.requests.push({ method, path, status });
    const headers: Record<string, string> = { 'content-type': 'application/octet-stream' };
    if (status === 401) headers['www-authenticate'] = 'Basic realm="dvc"';
    if (content.subarray(0, 9).toString() === '<!DOCTYPE') headers['content-type'] = 'text/html';
    if (status === 200) headers.etag = `"${createHash('md5').update(content).digest('hex')}"`;
    headers['content-length'] = String(content.length);
    response.writeHead(status, headers).end(method === 'HEAD' ? undefined : content);
  }

  #result(
    method: string,
    pathname: string,
    path: string,
    body: Buffer,
    authorization = '',
  ): [status: number, content: Buffer] {
    const told = (status: number, text: string): [number, Buffer] => [status, Buffer.from(text)];
    if (this.mood === 'html') return told(200, '<!DOCTYPE html><title>Sign in</title>');
    const right = `Basic ${Buffer.from(`${this.user}:${this.password}`).toString('base64')}`;
    if (authorization !== right) return told(401, 'wrong user or password');
    if (this.mood === 'expired') return told(401, 'this token has expired');
    if (this.mood === 'no-rights') return told(403, 'no access to this repository');
    if (!pathname.startsWith(`${BASE}/`)) return told(404, 'no such repository');
    if (method === 'POST' || method === 'PUT') {
      if (this.mood === 'read-only') return told(403, 'this token may only read');
      if (this.mood === 'full') return told(507, 'the storage is full');
      this.objects.set(path, body);
      return told(200, '');
    }
    if (method !== 'GET' && method !== 'HEAD') return told(405, 'not allowed');
    const found = this.objects.get(path);
    return found ? [200, found] : told(404, 'no such object');
  }
}

const BASE = '/ada/forecasts.dvc';

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > LARGEST_BYTES) throw new Error('too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
