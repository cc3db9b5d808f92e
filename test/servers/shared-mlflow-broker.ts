import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestProject } from 'vitest/node';
import { MlflowServer, type MlflowVersion } from './mlflow.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a run's shared servers are asked for. */
    sharedServers: string;
  }
}

/** vitest's global set-up: a server on loopback that starts MLflow when the first test asks for it, so that a run without
 *  such a test starts none, and all of a run's tests share one of each version. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = new Map<MlflowVersion, Promise<MlflowServer>>();
  const shared = (version: MlflowVersion) => {
    const server = started.get(version) ?? MlflowServer.start({ version });
    started.set(version, server);
    return server;
  };
  const broker = createServer(async (request, response) => {
    const version = request.url === '/mlflow/2' ? '2' : '3';
    try {
      response.end(JSON.stringify((await shared(version)).home));
    } catch (error) {
      response.writeHead(500).end(String(error));
    }
  });
  // The first answer comes after an installation and a start.
  broker.requestTimeout = 0;
  await new Promise<void>((resolve) => broker.listen(0, '127.0.0.1', resolve));
  project.provide('sharedServers', `http://127.0.0.1:${(broker.address() as AddressInfo).port}`);
  return async () => {
    broker.closeAllConnections();
    await new Promise((resolve) => broker.close(resolve));
    const servers = await Promise.allSettled(started.values());
    await Promise.all(servers.map((server) => server.status === 'fulfilled' && server.value.stop()));
  };
}
