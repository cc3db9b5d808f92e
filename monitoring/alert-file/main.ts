import { appendFile, mkdir, rename, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname } from 'node:path';

/** Takes what Alertmanager sends and appends each alert to a file, a line of JSON each; a full file is put aside once.
 *  Environment: ALERT_FILE, PORT, HOST. */

const MOST_BYTES = 1_000_000;
const FULL_BYTES = 10_000_000;

const file = process.env.ALERT_FILE ?? '/alerts/alerts.jsonl';
let writing: Promise<void> = Promise.resolve();

const server = createServer(async (request, response) => {
  if (request.method !== 'POST') return void response.writeHead(request.url === '/health' ? 200 : 405).end();
  try {
    const lines = linesOf(await bodyOf(request));
    // One after the other: two at once could put the file aside twice.
    const before = writing.catch(() => {});
    writing = before.then(() => append(lines));
    await writing;
    response.writeHead(200).end();
  } catch (error) {
    // Alertmanager tries again on 5xx only.
    const status = error instanceof SyntaxError || error instanceof RangeError ? 400 : 500;
    response.writeHead(status).end(`${(error as Error).message}\n`);
  }
});
server.requestTimeout = 10_000;
server.listen(Number(process.env.PORT ?? 9096), process.env.HOST ?? '0.0.0.0', () => {
  const { port } = server.address() as { port: number };
  process.stdout.write(`alerts go to ${file}; port ${port}\n`);
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => server.close());

async function bodyOf(request: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MOST_BYTES) throw new RangeError(`more than ${MOST_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** @throws SyntaxError for what Alertmanager does not send */
function linesOf(text: string): string {
  const { alerts } = JSON.parse(text) as { alerts?: unknown };
  if (!Array.isArray(alerts)) throw new SyntaxError('expected { "alerts": […] }, as Alertmanager sends it');
  const at = new Date().toISOString();
  return alerts.map((alert) => `${JSON.stringify({ at, ...alert })}\n`).join('');
}

async function append(lines: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const size = await stat(file).then(
    (found) => found.size,
    () => 0,
  );
  if (size > FULL_BYTES) await rename(file, `${file}.1`);
  await appendFile(file, lines);
}
