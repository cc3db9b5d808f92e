import { createHmac } from 'node:crypto';
import { join } from 'node:path';
import { request } from 'undici';
import { npmTool } from './installed.ts';
import { ServerProcess } from './server-process.ts';

/** The account that every emulator of Azure Blob has; its key is public. */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

export interface AzuriteServer {
  origin: string;
  stop(): Promise<void>;
}

/** How a client finds an account behind an origin; another key is a wrong one. */
export function connectionString(origin: string, key = KEY): string {
  return [
    'DefaultEndpointsProtocol=http',
    `AccountName=${ACCOUNT}`,
    `AccountKey=${key}`,
    `BlobEndpoint=${origin}/${ACCOUNT};`,
  ].join(';');
}

/** Azure Blob's emulator with one container; it checks the signature of each request. */
export async function startAzurite(container: string): Promise<AzuriteServer> {
  const tool = await npmTool('azurite', '3.35.0');
  const server = await ServerProcess.start({
    name: 'azurite',
    limitMs: 60_000,
    command: async ({ port, folder }) => ({
      file: process.execPath,
      args: [
        join(tool, 'dist', 'src', 'blob', 'main.js'),
        ...['--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', folder],
        ...['--silent', '--skipApiVersionCheck', '--disableTelemetry'],
      ],
    }),
    ready: ({ port }) => makeContainer(`http://127.0.0.1:${port}`, container),
  });
  return { origin: `http://127.0.0.1:${server.port}`, stop: () => server.stop() };
}

async function makeContainer(origin: string, container: string): Promise<boolean> {
  const headers = { 'x-ms-date': new Date().toUTCString(), 'x-ms-version': '2023-11-03' };
  const shown = Object.entries(headers).map(([name, value]) => `${name}:${value}`);
  const resource = `/${ACCOUNT}/${ACCOUNT}/${container}\nrestype:container`;
  // Eleven headers that are not sent stand between the method and ours.
  const signed = ['PUT', ...Array.from({ length: 11 }, () => ''), ...shown, resource].join('\n');
  const signature = createHmac('sha256', Buffer.from(KEY, 'base64')).update(signed).digest('base64');
  const { statusCode, body } = await request(`${origin}/${ACCOUNT}/${container}?restype=container`, {
    method: 'PUT',
    headers: { ...headers, authorization: `SharedKey ${ACCOUNT}:${signature}` },
    headersTimeout: 5_000,
  });
  await body.dump();
  return statusCode === 201 || statusCode === 409;
}
