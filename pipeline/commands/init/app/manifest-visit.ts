import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { UsageError } from '../../../contracts/errors.ts';
import { appManifest, registrationUrl } from './manifest.ts';
import { madePage, refusedPage, startPage } from './pages.ts';

/** A person reads GitHub's page in that time. */
const PATIENCE_MS = 15 * 60_000;

export interface Visit<Made> {
  /** Of the page that the person opens. */
  url: string;
  /** What was made of GitHub's code. @throws UsageError when nobody came in time */
  made: Promise<Made>;
}

/** A page on loopback from which a person sends the manifest to GitHub, and to which GitHub sends them back with a code.
 *  Only an answer with the state that we gave out is believed; the first one ends it.
 *  @param options.ownerKind null: not known, then both ways are offered
 *  @param options.convert turns the code into an App */
export async function visitGithub<Made extends { installUrl: string }>(options: {
  repository: { owner: string; name: string };
  serverUrl: string;
  ownerKind: 'User' | 'Organization' | null;
  convert: (code: string) => Promise<Made>;
  signal: AbortSignal;
  patienceMs?: number;
}): Promise<Visit<Made>> {
  const state = randomBytes(24).toString('base64url');
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const made = new Promise<Made>((resolve, reject) => {
    const late = new UsageError('nobody came back from GitHub in time; no App was made here', {
      hint: 'start it again; an App that GitHub made meanwhile is under Settings → Developer settings',
    });
    const timer = setTimeout(() => reject(late), options.patienceMs ?? PATIENCE_MS);
    options.signal.addEventListener('abort', () => reject(options.signal.reason), { once: true });
    let used = false;
    server.on('request', async (request, response) => {
      const url = new URL(request.url ?? '/', `http://${host}`);
      // Another site's page must not speak to this one through a name of its own.
      if (request.headers.host !== host) return send(response, 403, refusedPage('Wrong host.'));
      if (request.method !== 'GET') return send(response, 405, refusedPage('Only for reading.'));
      if (url.pathname === '/') return send(response, 200, start(request));
      if (url.pathname !== '/made') return send(response, 404, refusedPage('There is no such page.'));
      if (!sameText(url.searchParams.get('state') ?? '', state)) {
        return send(
          response,
          403,
          refusedPage('This answer belongs to another attempt. Open the page from the terminal again.'),
        );
      }
      const code = url.searchParams.get('code') ?? '';
      if (!/^[\w-]{1,200}$/.test(code)) return send(response, 400, refusedPage('GitHub sent no code.'));
      if (used) return send(response, 409, refusedPage('This code was used already. Look at the terminal.'));
      used = true;
      try {
        const app = await options.convert(code);
        send(response, 200, madePage(app.installUrl));
        resolve(app);
      } catch (error) {
        send(response, 502, refusedPage('The App could not be taken over. The terminal says why.'));
        reject(error);
      }
    });
    server.once('close', () => clearTimeout(timer));
  });
  const { owner } = options.repository;
  const start = (_: IncomingMessage) => startPage(manifest, targets);
  const manifest = appManifest({
    ...options.repository,
    page: `${options.serverUrl}/${owner}/${options.repository.name}`,
    redirectUrl: `http://${host}/made`,
  });
  const targets = [
    { kind: 'Organization', title: `Make it for the organisation ${owner}`, organisation: owner },
    { kind: 'User', title: `Make it for my own account`, organisation: null },
  ]
    .filter(({ kind }) => options.ownerKind === null || options.ownerKind === kind)
    .map(({ title, organisation }) => ({
      title,
      url: registrationUrl({ serverUrl: options.serverUrl, organisation, state }),
    }));
  const ended = made.finally(() => {
    server.close();
    server.closeIdleConnections();
  });
  // Who waits for it hears of it; before that nobody must die of it.
  ended.catch(() => {});
  return { url: `http://${host}/`, made: ended };
}

function send(response: ServerResponse, status: number, html: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      connection: 'close',
    })
    .end(html);
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
