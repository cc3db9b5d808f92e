import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parse } from 'node:querystring';
import { Writable } from 'node:stream';
import pino from 'pino';
import { buildApp } from '../../serve/app.ts';
import { tractAnswers } from '../../serve/predictor/tract-answers.ts';
import { logOptions } from '../../serve/request-log.ts';
import { countyParts } from './county-service.ts';
import { questions } from './questions.ts';

/** One of the servers that are compared; says its port on a line, and ends with its input.
 *  bare: node:http alone. measured: the service with validation and metrics. guarded: with all that it has. */
const [kind] = process.argv.slice(2);
const port = kind === 'bare' ? await bare() : await service(kind === 'guarded');
process.stdout.write(`${port}\n`);
process.stdin.resume().on('end', () => process.exit(0));

async function service(guards: boolean): Promise<number> {
  const parts = countyParts({ PERENNIAL_RATE_LIMIT: '10000000', PERENNIAL_MAX_EVENT_LOOP_DELAY_MS: '5000' });
  // Lines are made, and written to nowhere.
  const stream = new Writable({ write: (_chunk, _encoding, done) => done() });
  const log = guards ? pino(logOptions(parts.settings), stream) : undefined;
  const app = await buildApp({ ...parts, log }, { guards });
  await app.listen({ host: '127.0.0.1', port: 0 });
  return (app.server.address() as AddressInfo).port;
}

/** Parses the same request, and writes the same bytes: they lie ready. */
async function bare(): Promise<number> {
  const parts = countyParts();
  const edition = parts.slots.of().choose();
  const now = parts.now().getTime();
  const answers = tractAnswers(edition);
  const texts = new Map<string, string>();
  for (const address of questions(edition.places)) {
    const { lat, lon } = parse(address.split('?')[1]);
    const { answer, how } = answers.to({ lat: Number(lat), lon: Number(lon) });
    texts.set(`${Number(lat)} ${Number(lon)}`, answer.ready(how, undefined, now).text);
  }
  const server = createServer((request, response) => {
    const [path, query] = request.url!.split('?');
    const { lat, lon } = parse(query);
    const text = path === '/forecast' ? texts.get(`${Number(lat)} ${Number(lon)}`) : undefined;
    if (text === undefined) return void response.writeHead(404).end();
    response.writeHead(200, {
      'x-request-id': randomUUID(),
      ...edition.headers,
      'content-type': 'application/json; charset=utf-8',
      'content-length': Buffer.byteLength(text),
    });
    response.end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
