import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { counties, polygons } from './counties.ts';
import { publish, SCHEMA_CHANGE_DAY } from './publish.ts';
import { report } from './reporting.ts';
import { simulate } from './seir.ts';

/** Newest day of the first publication. */
export const FIRST_PUBLICATION = Date.UTC(2026, 5, 30);
/** Hour (UTC) at which a day's file appears. */
const PUBLICATION_HOUR = 22;
const DAY_MS = 86_400_000;

export interface PortalOptions {
  /** FIPS code of the state, such as 42. */
  state: string;
  seed: number;
  /** Days of history behind the first publication. */
  days: number;
  /** 0 = the first publication, n = n days later. */
  day: number;
  host?: string;
  /** 0, the default: any free one. */
  port?: number;
}

export interface Portal {
  url: string;
  placesUrl: string;
  /** The moment at which the file shown was published: the clock of a run against this portal. */
  day: Date;
  close(): Promise<void>;
}

/** The embedded health portal: a simulated epidemic behind a real HTTP server on loopback, with ETag,
 *  Last-Modified, gzip, 304 and HEAD. Close it, or the process does not end.
 *  @throws UsageError for a state that does not exist */
export async function startPortal(options: PortalOptions): Promise<Portal> {
  const { state, seed, day } = options;
  const published = new Date(FIRST_PUBLICATION + day * DAY_MS + PUBLICATION_HOUR * 3_600_000);
  const resources = new Map([
    ['/infections.csv', lazy('text/csv; charset=utf-8', published, () => infectionsCsv(options))],
    [
      '/counties.geojson',
      lazy('application/geo+json', new Date(FIRST_PUBLICATION), () => JSON.stringify(polygons(state, seed))),
    ],
  ]);
  counties(state, seed); // an unknown state is told now, not at the first request

  const server = createServer((request, response) => answer(resources, request, response));
  server.keepAliveTimeout = 1_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port ?? 0, options.host ?? '127.0.0.1', resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  const base = `http://${address}:${port}`;
  return {
    url: `${base}/infections.csv`,
    placesUrl: `${base}/counties.geojson`,
    day: published,
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeAllConnections();
      }),
  };
}

/** What the portal's file holds on a day. */
export function infectionsCsv({ state, seed, days, day }: PortalOptions): string {
  const places = counties(state, seed);
  const start = FIRST_PUBLICATION - (days - 1) * DAY_MS;
  const epidemic = simulate(places, { seed, days: days + day, start });
  const reports = report(places, epidemic, { seed });
  return publish(places, reports, { newest: days - 1 + day, seed, changed: day >= SCHEMA_CHANGE_DAY });
}

interface Resource {
  type: string;
  modified: Date;
  body(): { plain: Buffer; zipped: Buffer; tag: string };
}

/** Made at the first request, kept for the others. */
function lazy(type: string, modified: Date, make: () => string): Resource {
  let made: ReturnType<Resource['body']> | undefined;
  return {
    type,
    modified,
    body() {
      if (!made) {
        const plain = Buffer.from(make());
        const tag = createHash('sha256').update(plain).digest('hex').slice(0, 32);
        made = { plain, zipped: gzipSync(plain, { level: 4 }), tag };
      }
      return made;
    },
  };
}

function answer(resources: Map<string, Resource>, request: IncomingMessage, response: ServerResponse): void {
  const resource = resources.get(new URL(request.url ?? '/', 'http://portal').pathname);
  if (!resource) {
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Not found\n');
    return;
  }
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.writeHead(405, { allow: 'GET, HEAD' }).end();
    return;
  }
  const { plain, zipped, tag } = resource.body();
  const accepts = /\bgzip\b(?!\s*;\s*q=0(?:\.0*)?(?:,|$))/.test(
    String(request.headers['accept-encoding'] ?? ''),
  );
  const etag = accepts ? `"${tag}-gzip"` : `"${tag}"`;
  const headers = {
    etag,
    'last-modified': resource.modified.toUTCString(),
    // The portal's own day, not this machine's: the same day twice is the same snapshot twice.
    date: resource.modified.toUTCString(),
    'cache-control': 'no-cache',
    vary: 'accept-encoding',
  };
  if (unchanged(request, tag, resource.modified)) {
    response.writeHead(304, headers).end();
    return;
  }
  const body = accepts ? zipped : plain;
  response.writeHead(200, {
    ...headers,
    'content-type': resource.type,
    'content-length': body.length,
    ...(accepts ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** RFC 9110, 13.2.2: the tag decides where there is one, else the date. */
function unchanged({ headers }: IncomingMessage, tag: string, modified: Date): boolean {
  const asked = headers['if-none-match'];
  if (asked !== undefined)
    return asked.trim() === '*' || asked.includes(`"${tag}"`) || asked.includes(`"${tag}-gzip"`);
  const since = Date.parse(headers['if-modified-since'] ?? '');
  return !Number.isNaN(since) && modified.getTime() <= since;
}
