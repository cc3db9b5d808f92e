import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';
import { startSample } from './server-process.testing.ts';
import { ServerProcess } from './server-process.ts';

const SCRIPT = fileURLToPath(new URL('./server-process.testing.ts', import.meta.url));

const answers = (port: number) =>
  fetch(`http://127.0.0.1:${port}`).then(
    () => true,
    () => false,
  );
const inTime = { timeout: 20_000, interval: 50 };

it('ends the whole group and takes the folder away', async () => {
  const server = await startSample();
  await expect.poll(() => existsSync(`${server.folder}/left-behind`), inTime).toBe(true);
  await server.stop();
  expect(await answers(server.port)).toBe(false);
  expect(existsSync(server.folder)).toBe(false);
});

it('leaves nothing behind when the process that started it is killed', { timeout: 45_000 }, async () => {
  const owner = execa(process.execPath, ['--import', 'tsx', SCRIPT, 'run'], { reject: false });
  let port = 0;
  let folder = '';
  for await (const line of owner) {
    ({ port, folder } = JSON.parse(line));
    owner.kill('SIGKILL');
  }
  expect(folder).not.toBe('');
  await expect.poll(() => answers(port), inTime).toBe(false);
  await expect.poll(() => existsSync(folder), inTime).toBe(false);
});

it('tells what a server wrote that ended before it was ready', async () => {
  const start = ServerProcess.start({
    name: 'broken',
    limitMs: 10_000,
    command: async () => ({ file: 'sh', args: ['-c', 'echo "no such option: --frobnicate" >&2; exit 2'] }),
    ready: async () => false,
  });
  await expect(start).rejects.toThrow(/broken ended before it was ready[\s\S]*--frobnicate/);
});

it('gives up on a server that never gets ready', async () => {
  const start = ServerProcess.start({
    name: 'slow',
    limitMs: 300,
    command: async () => ({ file: 'sleep', args: ['60'] }),
    ready: () => Promise.reject(new Error('not yet')),
  });
  await expect(start).rejects.toThrow('slow was not ready after 0.3 s');
});
