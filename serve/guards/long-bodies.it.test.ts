import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildApp } from '../app.ts';
import { sampleOf, samplePartsOf } from '../sample-service.testing.ts';

const GIGABYTE = 2 ** 30;
const LIMIT_MS = 20_000;

let app: Awaited<ReturnType<typeof buildApp>>;
let port: number;
beforeAll(async () => {
  // A busy machine must not be taken for a busy service: without what sheds load.
  app = await buildApp(samplePartsOf(sampleOf()), { guards: false });
  await app.listen({ host: '127.0.0.1', port: 0 });
  port = (app.server.address() as AddressInfo).port;
});
afterAll(() => app.close());

const head = (path: string, more: string) =>
  `POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${more}\r\n\r\n`;

/** Sends a head, then parts as long as the other side takes them.
 *  @returns the answer, and how many bytes went out before it came */
async function send(text: string, part: Buffer | null = null): Promise<{ answer: string; sent: number }> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  let over = false;
  socket.on('data', (bytes) => {
    answer += bytes;
  });
  // A connection that is cut while we still write is what is hoped for.
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      over = true;
      resolve();
    });
  });
  socket.write(text);
  let sent = 0;
  while (part && !over && answer === '' && sent < GIGABYTE) {
    if (!socket.write(part)) await Promise.race([once(socket, 'drain').catch(() => {}), closed, wait(1000)]);
    sent += part.length;
  }
  await Promise.race([closed, wait(LIMIT_MS)]);
  socket.destroy();
  return { answer, sent };
}

describe.each(['/predict', '/jobs', '/v2/models/infections/infer'])('a body without an end to %s', (path) => {
  it('is refused by its length, before any of it is sent', async () => {
    const { answer } = await send(head(path, `content-length: ${2 * GIGABYTE}`));
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer.toLowerCase()).toContain('connection: close');
  });

  it('is cut off where its length is not told', async () => {
    const part = Buffer.from(`100000\r\n${' '.repeat(0x100000)}\r\n`);
    const { answer, sent } = await send(head(path, 'transfer-encoding: chunked'), part);
    // The limit of a job is 32 MiB; what lies in the buffers of the connection comes on top.
    expect(sent).toBeLessThan(80 * 2 ** 20);
    if (answer !== '') expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });
});

it('says how long one may be, and who takes a longer one', async () => {
  const { answer } = await send(head('/predict', `content-length: ${2 * GIGABYTE}`));
  const { type, detail, hint } = JSON.parse(answer.slice(answer.indexOf('{')));
  expect(type).toBe('urn:perennial:problem:body-too-large');
  expect(detail).toMatch(/^expected at most \d+ bytes$/);
  expect(hint).toContain('POST /jobs');
});

it('answers the next one', async () => {
  expect((await app.inject('/health/live')).statusCode).toBe(200);
});
