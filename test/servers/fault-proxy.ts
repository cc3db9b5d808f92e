import {
  Agent,
  type ClientRequest,
  createServer,
  type IncomingMessage,
  request as requestOf,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';

/** What goes wrong with one request; `no-headers`, `html` and `truncated` as the portal's. */
export type Fault =
  | { kind: 'slow'; ms: number } // passed on after that time
  | { kind: 'reset'; forwarded: boolean } // forwarded: done by the server, only its answer is lost
  | { kind: 'status'; status: number; headers?: Record<string, string>; body?: string } // not passed on
  | { kind: 'html' } // a page with status 200, not passed on
  | { kind: 'truncated' } // passed on; half of the answer's body, then a polite end
  | { kind: 'no-headers' }; // takes the request and says nothing; not passed on

export interface FaultRule {
  /** Default: every request. @param path with its query */
  when?: (method: string, path: string) => boolean;
  fault: Fault;
  /** Default 1; may be Infinity. */
  times?: number;
}

export interface Passed {
  method: string;
  path: string;
  /** Of the answer that went back; 0: none did. */
  status: number;
}

/** A proxy on loopback in front of a real HTTP server, that breaks what it is told to break and passes everything else
 *  on as it came, the Host header too: S3's signatures depend on it. Bodies are streamed. Close it after the test. */
export class FaultProxy {
  /** In the order of their arrival. */
  readonly requests: Passed[] = [];
  #rules: { when: NonNullable<FaultRule['when']>; fault: Fault; left: number }[] = [];
  #passes = Number.POSITIVE_INFINITY;
  // A pooled connection that the server has just closed would be a fault that no test asked for.
  readonly #agent = new Agent({ keepAlive: false });
  readonly #server = createServer((request, response) => this.#answer(request, response));

  private constructor(private readonly target: URL) {
    this.#server.on('connection', (socket: Socket) => {
      if (this.#passes <= 0) socket.resetAndDestroy();
    });
    // A request may be larger and slower than Node's defaults allow.
    this.#server.requestTimeout = 0;
  }

  /** @param target origin of the server behind, `http://127.0.0.1:5000` */
  static async start(target: string): Promise<FaultProxy> {
    const proxy = new FaultProxy(new URL(target));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  /** Stands for the target's origin: append its path, if it has one. */
  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Of several rules that fit, the first one told is used up first. */
  fail({ when = () => true, fault, times = 1 }: FaultRule): void {
    this.#rules.push({ when, fault, left: times });
  }

  /** After `n` more requests every connection is reset: what a client that is killed, or a network that goes away,
   *  leaves behind at the server. */
  passOnly(n: number): void {
    this.#passes = n;
  }

  /** From now on everything passes. */
  heal(): void {
    this.#rules = [];
    this.#passes = Number.POSITIVE_INFINITY;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#agent.destroy();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = '', url: path = '' } = request;
    const passed: Passed = { method, path, status: 0 };
    this.requests.push(passed);
    // A client that goes away in the middle is part of the trade.
    request.on('error', () => {});
    response.on('error', () => {});
    response.on('close', () => {
      passed.status = response.headersSent ? response.statusCode : 0;
    });
    if (this.#passes <= 0) {
      response.socket?.resetAndDestroy();
      return;
    }
    this.#passes--;
    const rule = this.#rules.find(({ when, left }) => left > 0 && when(method, path));
    if (rule === undefined) {
      this.#forward(request, response);
      return;
    }
    rule.left--;
    this.#misbehave(rule.fault, request, response);
  }

  #misbehave(fault: Fault, request: IncomingMessage, response: ServerResponse): void {
    switch (fault.kind) {
      case 'slow': {
        const timer = setTimeout(() => this.#forward(request, response), fault.ms);
        response.on('close', () => clearTimeout(timer));
        break;
      }
      case 'reset':
        if (fault.forwarded) this.#forward(request, response, { answer: 'lost' });
        else response.socket?.resetAndDestroy();
        break;
      case 'status':
        instead(request, response, fault.status, fault.headers ?? {}, fault.body ?? '');
        break;
      case 'html':
        instead(
          request,
          response,
          200,
          { 'content-type': 'text/html; charset=utf-8' },
          '<!DOCTYPE html>\n<title>Wartung</title>',
        );
        break;
      case 'truncated':
        this.#forward(request, response, { answer: 'half' });
        break;
      case 'no-headers':
        request.resume();
    }
  }

  #forward(
    request: IncomingMessage,
    response: ServerResponse,
    { answer = 'whole' }: { answer?: 'whole' | 'half' | 'lost' } = {},
  ): void {
    const upstream: ClientRequest = requestOf({
      host: this.target.hostname,
      port: this.target.port || 80,
      method: request.method,
      path: request.url,
      headers: passedOn(request.rawHeaders),
      agent: this.#agent,
      setHost: false,
    });
    let answered = false;
    upstream.on('error', () => {
      // A server may refuse before it has read the body, and close: the refusal still goes back.
      request.unpipe(upstream).resume();
      if (!answered) response.socket?.destroy();
    });
    upstream.on('response', (from) => {
      answered = true;
      if (answer === 'lost') {
        // Read to its end first: the server has then done all it was asked to do.
        from.resume().on('close', () => response.socket?.resetAndDestroy());
      } else if (answer === 'half') void sendHalf(from, response);
      else {
        response.writeHead(from.statusCode ?? 502, from.statusMessage, passedOn(from.rawHeaders));
        // So that a client sees the status of an answer that is still being made.
        response.flushHeaders();
        pipeline(from, response).catch(() => response.destroy());
      }
    });
    // The client went away: so does its request.
    response.on('close', () => upstream.destroy());
    request.pipe(upstream);
  }
}

/** Once the whole request is read, as a server does that looks at it before it refuses. */
function instead(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  headers: Record<string, string>,
  body: string,
): void {
  request.resume().once('end', () => {
    response.writeHead(status, { 'content-length': String(Buffer.byteLength(body)), ...headers });
    response.end(body);
  });
}

async function sendHalf(from: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of from) chunks.push(chunk);
  } catch {
    // What came is more than half.
  }
  const body = Buffer.concat(chunks);
  const headers = passedOn(from.rawHeaders).filter((_, i, all) => !isLength(all[i - (i % 2)]));
  response.writeHead(from.statusCode ?? 502, [
    ...headers,
    'content-length',
    String(Math.max(body.length, 1)),
  ]);
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => response.socket?.end());
  response.flushHeaders();
}

function isLength(name: string): boolean {
  return /^(content-length|transfer-encoding)$/i.test(name);
}

/** Names and values in turn, as Node's raw headers are. What belongs to one connection stays there (RFC 9110, 7.6.1);
 *  `transfer-encoding` goes on, since it tells Node to chunk again. */
function passedOn(raw: string[]): string[] {
  const hop = /^(connection|keep-alive|proxy-connection|te|trailer|upgrade)$/i;
  return raw.filter((_, i) => !hop.test(raw[i - (i % 2)]));
}
