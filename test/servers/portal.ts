import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What goes wrong, in the order of the requests; a list that is used up answers as it should. */
export type Fault =
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string }
  | { kind: 'no-headers' } // accepts the request and says nothing
  | { kind: 'stall'; after: number } // sends that many bytes, then nothing more
  | { kind: 'reset'; after: number } // sends that many bytes, then breaks the connection
  | { kind: 'truncated'; missing: number } // announces more bytes than it sends, and ends politely
  | { kind: 'html' } // a page with status 200
  | { kind: 'empty' }
  | { kind: 'endless'; announced?: number; chunk?: Buffer } // a body that never ends
  | { kind: 'drip'; bytes: number; everyMs: number };

export interface Resource {
  body: string | Buffer;
  headers?: Record<string, string>;
  /** Default: the hash of the body. null: none is sent. */
  etag?: string | null;
  lastModified?: string;
  /** Sends 200 and the body even to a conditional request. */
  ignoresConditions?: boolean;
}

export interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  status: number;
}

export type Handler = (url: URL, request: IncomingMessage) => Resource | null;

/** A portal that really listens on loopback, and fails as it is told to. Close it after the test. */
export class FaultyPortal {
  readonly requests: Seen[] = [];
  /** Bytes given to the network so far, also of bodies nobody read to the end. */
  sent = 0;
  #resources = new Map<string, Resource | Handler>();
  #faults = new Map<string, { list: Fault[]; forEver: boolean }>();
  #server = createServer((request, response) => {
    response.on('error', () => {});
    this.#answer(request, response);
  });

  static async start(port = 0): Promise<FaultyPortal> {
    const portal = new FaultyPortal();
    await new Promise<void>((resolve) => portal.#server.listen(port, '127.0.0.1', resolve));
    return portal;
  }

  get origin(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** @returns the resource's address */
  publish(path: string, resource: Resource | Handler | string | Buffer): string {
    const plain = typeof resource === 'string' || Buffer.isBuffer(resource);
    this.#resources.set(path, plain ? { body: resource } : resource);
    return this.origin + path;
  }

  /** The next requests for a path meet these, one each. */
  fail(path: string, ...faults: Fault[]): void {
    this.#faults.set(path, { list: faults, forEver: false });
  }

  failForEver(path: string, fault: Fault): void {
    this.#faults.set(path, { list: [fault], forEver: true });
  }

  heal(): void {
    this.#faults.clear();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = new URL(request.url ?? '/', this.origin);
    const seen = {
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      status: 0,
    };
    this.requests.push(seen);
    response.on('close', () => {
      seen.status = response.headersSent ? response.statusCode : 0;
    });
    const scripted = this.#faults.get(url.pathname);
    const fault = scripted?.forEver ? scripted.list[0] : scripted?.list.shift();
    const found = this.#resources.get(url.pathname);
    const resource = typeof found === 'function' ? found(url, request) : found;
    if (fault) this.#misbehave(fault, resource ?? { body: '' }, response);
    else if (!resource) this.#whole(response, 404, {}, 'not here');
    else this.#serve(resource, request, response);
  }

  #serve(resource: Resource, request: IncomingMessage, response: ServerResponse): void {
    const headers = headersOf(resource);
    const { 'if-none-match': match, 'if-modified-since': since } = request.headers;
    // RFC 9110, 13.1.3: where both conditions come, only the ETag counts.
    const same = match ? match === headers.etag : since !== undefined && since === headers['last-modified'];
    if (same && !resource.ignoresConditions) {
      response.writeHead(304, { etag: headers.etag ?? '' }).end();
      return;
    }
    this.#whole(response, 200, headers, resource.body);
  }

  #whole(
    response: ServerResponse,
    status: number,
    headers: Record<string, string>,
    body: string | Buffer,
  ): void {
    this.sent += Buffer.byteLength(body);
    response.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers }).end(body);
  }

  #misbehave(fault: Fault, resource: Resource, response: ServerResponse): void {
    const body = Buffer.from(resource.body);
    const headers = headersOf(resource);
    const length = { 'content-length': String(body.length) };
    switch (fault.kind) {
      case 'status':
        this.#whole(response, fault.status, fault.headers ?? {}, fault.body ?? '');
        break;
      case 'no-headers':
        break;
      case 'html':
        this.#whole(
          response,
          200,
          { 'content-type': 'text/html' },
          '<!DOCTYPE html>\n<title>Wartung</title>',
        );
        break;
      case 'empty':
        this.#whole(response, 200, headers, '');
        break;
      case 'stall':
        response.writeHead(200, { ...headers, ...length }).write(body.subarray(0, fault.after));
        break;
      case 'reset':
        response.writeHead(200, { ...headers, ...length });
        response.write(body.subarray(0, fault.after), () => response.socket?.resetAndDestroy());
        break;
      case 'truncated':
        response.writeHead(200, { ...headers, 'content-length': String(body.length + fault.missing) });
        response.write(body, () => response.socket?.end());
        break;
      case 'endless':
        if (fault.announced !== undefined) response.setHeader('content-length', fault.announced);
        response.writeHead(200, headers);
        this.#pour(response, fault.chunk ?? Buffer.alloc(65_536, '2020-01-01,1\n'));
        break;
      case 'drip': {
        response.writeHead(200, headers);
        const timer = setInterval(() => response.write(Buffer.alloc(fault.bytes, 'a')), fault.everyMs);
        response.on('close', () => clearInterval(timer));
      }
    }
  }

  #pour(response: ServerResponse, chunk: Buffer): void {
    const more = () => {
      if (response.destroyed) return;
      this.sent += chunk.length;
      if (response.write(chunk)) setImmediate(more);
      else response.once('drain', more);
    };
    more();
  }
}

function headersOf(resource: Resource): Record<string, string> {
  const hash = createHash('sha256').update(resource.body).digest('hex').slice(0, 16);
  const etag = resource.etag === undefined ? `"${hash}"` : resource.etag;
  return {
    'content-type': 'text/csv',
    ...(etag === null ? {} : { etag }),
    ...(resource.lastModified ? { 'last-modified': resource.lastModified } : {}),
    ...resource.headers,
  };
}
