import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { MlflowHome } from '../../contracts/homes.ts';
import type { Mlflow } from './mlflow.ts';
import { mlflowAt } from './mlflow-at.ts';

const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0).reverse()) await end();
});

async function listening(server: Server): Promise<number> {
  ending.push(() => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const answerVersion = () => createServer((_request, response) => response.end('2.22.5'));

function client(home: Partial<MlflowHome> & { url: string }, env: Record<string, string> = {}): Mlflow {
  const mlflow = mlflowAt(MlflowHome.parse({ retries: 0, timeoutMs: 5_000, ...home }), { env });
  ending.push(() => mlflow.close());
  return mlflow;
}

test('goes through a proxy, but not to this machine', async () => {
  const port = await listening(answerVersion());
  const asked: string[] = [];
  const proxy = createServer();
  proxy.on('connect', ({ url = '' }, socket) => {
    asked.push(url);
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    const through = connect(port, '127.0.0.1');
    for (const end of [socket, through]) end.on('error', () => {});
    through.pipe(socket).pipe(through);
  });
  const http_proxy = `http://127.0.0.1:${await listening(proxy)}`;
  expect(await client({ url: 'http://mlflow.invalid:5000' }, { http_proxy }).serverVersion()).toBe('2.22.5');
  expect(asked).toEqual(['mlflow.invalid:5000']);
  expect(await client({ url: `http://127.0.0.1:${port}` }, { http_proxy }).serverVersion()).toBe('2.22.5');
  expect(asked).toHaveLength(1);
});

test('a proxy that wants a log-in is told from a server that does', async () => {
  const proxy = createServer();
  proxy.on('connect', (_request, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
  const http_proxy = `http://u:GEHEIM@127.0.0.1:${await listening(proxy)}`;
  const mlflow = client({ url: 'http://mlflow.invalid:5000' }, { http_proxy });
  for (const ask of [
    () => mlflow.run('x'),
    () => mlflow.createRun({ experimentId: '1', name: 'r', startTime: new Date() }),
  ]) {
    const error = await ask().catch((reason: Error) => reason);
    expect(error).toMatchObject({ failure: 'unauthenticated', hint: expect.stringContaining('https_proxy') });
    expect(JSON.stringify(error) + String(error)).not.toContain('GEHEIM');
  }
});

const hasOpenssl = (() => {
  try {
    return execFileSync('openssl', ['version']).length > 0;
  } catch {
    return false;
  }
})();

test.skipIf(!hasOpenssl)('takes a certificate of no authority only where it is told to', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlflow-tls-'));
  ending.push(() => rmSync(folder, { recursive: true }));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const files = ['-keyout', key, '-out', certificate];
  execFileSync('openssl', ['req', '-x509', ...curve, ...files, '-subj', '/CN=127.0.0.1'], {
    stdio: 'ignore',
  });
  const server = createTlsServer(
    { key: readFileSync(key), cert: readFileSync(certificate) },
    (_request, response) => response.end('2.22.5'),
  );
  const url = `https://127.0.0.1:${await listening(server)}`;
  await expect(client({ url }).serverVersion()).rejects.toMatchObject({
    failure: 'unavailable',
    message: expect.stringContaining('TLS fails'),
    hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
  });
  expect(await client({ url, insecureTls: true }).serverVersion()).toBe('2.22.5');
});

test('a token that a server falls over is told as a possible cause', async () => {
  const port = await listening(
    createServer((_request, response) => {
      response.statusCode = 500;
      response.end('<title>500 Internal Server Error</title>');
    }),
  );
  await expect(client({ url: `http://127.0.0.1:${port}`, token: 'GEHEIM' }).run('x')).rejects.toMatchObject({
    failure: 'unavailable',
    hint: expect.stringContaining('instead of MLFLOW_TRACKING_TOKEN'),
  });
});
