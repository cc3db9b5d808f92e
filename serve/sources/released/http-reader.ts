import { type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { PerennialError, UpstreamError, UsageError } from '../../../pipeline/contracts/errors.ts';
import type { Reader } from './reader.ts';

const CONNECT_MS = 10_000;
const SILENCE_MS = 30_000;
const MOST_REDIRECTS = 5;
const REDIRECTS = [301, 302, 303, 307, 308];

/** A `released.json` on a web server. Name and password in its address go to that server alone, never to where it sends us, and
 *  into no message.
 *  @param base its address; null: only whole addresses are read */
export function httpReader(base: string | null): Reader {
  const dispatcher = new EnvHttpProxyAgent({
    connect: { timeout: CONNECT_MS },
    headersTimeout: SILENCE_MS,
    bodyTimeout: SILENCE_MS,
  });
  const home = base === null ? null : addressOf(base);
  const credentials = home && basicAuthOf(home);

  return {
    where: home ? shown(home) : 'the web',

    async read(name, { seen, maxBytes, limitMs }) {
      const url = addressOf(name, home);
      const signal = AbortSignal.timeout(limitMs);
      try {
        const response = await follow(url, signal, seen ?? null);
        const { statusCode, headers, body } = response;
        if (statusCode === 200) {
          const bytes = await receive(response, maxBytes);
          return { bytes, tag: typeof headers.etag === 'string' ? headers.etag : null };
        }
        body.on('error', () => {}).destroy();
        if (statusCode === 304 && seen) return 'unchanged';
        if (statusCode === 404 || statusCode === 410) return null;
        throw failed(url, `answers ${statusCode}, expected 200`);
      } catch (cause) {
        if (cause instanceof PerennialError) throw cause;
        if (signal.aborted) throw failed(url, `is not there after ${limitMs / 1000} s`, cause);
        const { code, message } = cause as NodeJS.ErrnoException;
        throw failed(url, `cannot be read: ${code ?? message}`, cause);
      }
    },

    close: () => dispatcher.destroy(),
  };

  async function follow(
    from: URL,
    signal: AbortSignal,
    seen: string | null,
  ): Promise<Dispatcher.ResponseData> {
    let url = from;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const response = await request(withoutUser(url), {
        dispatcher,
        signal,
        headers: {
          accept: '*/*',
          'user-agent': 'perennial (conditional requests)',
          ...(seen ? { 'if-none-match': seen } : {}),
          ...(credentials && url.origin === home.origin ? { authorization: credentials } : {}),
        },
      });
      const { location } = response.headers;
      if (!REDIRECTS.includes(response.statusCode) || typeof location !== 'string') return response;
      response.body.on('error', () => {}).destroy();
      if (!URL.canParse(location, url.href)) throw failed(url, 'redirects to something that is no address');
      const next = new URL(location, url);
      if (!isSafe(next, url)) throw failed(url, 'redirects to an address that is not safe');
      url = next;
    }
    throw failed(from, `redirects more than ${MOST_REDIRECTS} times`);
  }
}

async function receive({ headers, body }: Dispatcher.ResponseData, maxBytes: number): Promise<Buffer> {
  const tooLarge = (seen: string) =>
    new UpstreamError(`a body of ${seen} bytes, at most ${maxBytes} expected`);
  const announced = Number(headers['content-length'] ?? Number.NaN);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    if (announced > maxBytes) throw tooLarge(String(announced));
    for await (const chunk of body as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw tooLarge(`more than ${maxBytes}`);
      chunks.push(chunk);
    }
  } finally {
    body.on('error', () => {}).destroy();
  }
  return Buffer.concat(chunks);
}

/** @throws UsageError for what is no http(s) address, or falls from https to http */
function addressOf(name: string, home: URL | null = null): URL {
  const url = URL.canParse(name, home?.href) ? new URL(name, home?.href) : null;
  if (url && isSafe(url, home)) return url;
  throw new UsageError(`${url ? shown(url) : 'what is followed'} is not an address that can be read`, {
    hint: 'give an http(s) address; beside a released.json on https everything is on https',
  });
}

function isSafe(url: URL, from: URL | null): boolean {
  return /^https?:$/.test(url.protocol) && !(from?.protocol === 'https:' && url.protocol !== 'https:');
}

function basicAuthOf({ username, password }: URL): string | null {
  if (!username && !password) return null;
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function withoutUser(url: URL): URL {
  const plain = new URL(url);
  plain.username = '';
  plain.password = '';
  return plain;
}

/** Signed addresses carry secrets behind the question mark. */
function shown(url: URL): string {
  const plain = withoutUser(url);
  plain.search = '';
  plain.hash = '';
  return plain.href;
}

function failed(url: URL, what: string, cause?: unknown): UpstreamError {
  return new UpstreamError(`${shown(url)} ${what}`, { cause, hint: 'it is asked again in a while' });
}
