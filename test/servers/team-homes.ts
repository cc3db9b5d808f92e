import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { request } from 'undici';
import { REPOSITORY } from '../../pipeline/workspace.ts';
import { homesCompose } from '../compose-homes.testing.ts';
import { mlflowPython } from './mlflow.ts';
import { PostgresServer } from './postgres.ts';
import { startS3 as startAnyS3 } from './s3.ts';
import { ServerProcess } from './server-process.ts';

/** What compose.homes.yaml starts, as processes of this machine: its environment, its start script, its servers. Only
 *  names and ports differ. */
export class TeamHomes {
  private constructor(
    /** Of `.env`, with the ports that were free. */
    readonly env: Record<string, string>,
    /** Where the S3 server keeps its buckets. */
    readonly objects: string,
    private readonly started: { stop(): Promise<void> }[],
  ) {}

  /** @param env as homes/new-env.mjs writes it */
  static async start(env: Record<string, string>): Promise<TeamHomes> {
    const started: { stop(): Promise<void> }[] = [];
    const keep = <S extends { stop(): Promise<void> }>(server: S): S => {
      started.push(server);
      return server;
    };
    try {
      const { services } = await homesCompose(env);
      const database = services.postgres.environment;
      const [postgres, s3] = await Promise.all([
        PostgresServer.start({ name: database.POSTGRES_DB, password: database.POSTGRES_PASSWORD }).then(keep),
        startS3(services.s3.command ?? [], services.s3.environment).then(keep),
      ]);
      const { endpoint, keys } = s3;
      const mlflow = await startMlflow({
        ...services.mlflow.environment,
        ...keys,
        ...{ PGHOST: '127.0.0.1', PGPORT: String(postgres.port), MLFLOW_S3_ENDPOINT_URL: endpoint },
      }).then(keep);
      const urls = { MLFLOW_TRACKING_URI: `http://127.0.0.1:${mlflow.port}`, AWS_ENDPOINT_URL: endpoint };
      return new TeamHomes({ ...env, ...urls, ...keys }, s3.objects, started);
    } catch (error) {
      await stopAll(started);
      throw error;
    }
  }

  async stop(): Promise<void> {
    await stopAll(this.started);
  }
}

/** The last one started is the first to go. */
async function stopAll(started: { stop(): Promise<void> }[]): Promise<void> {
  for (const server of started.toReversed()) await server.stop();
}

interface S3 {
  endpoint: string;
  objects: string;
  keys: Record<'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY', string>;
  stop(): Promise<void>;
}

/** The compose file's own where it is installed (`go install github.com/versity/versitygw/cmd/versitygw@v1.8.0` takes minutes),
 *  else the one that other tests use. */
async function startS3(command: string[], env: Record<string, string>): Promise<S3> {
  const installed = await execa('versitygw', ['--version'], { reject: false });
  return installed.failed ? startS3rver() : startVersitygw(command, env);
}

async function startS3rver(): Promise<S3> {
  const server = await startAnyS3('another');
  const keys = { AWS_ACCESS_KEY_ID: 'S3RVER', AWS_SECRET_ACCESS_KEY: 'S3RVER' };
  return { endpoint: server.origin, objects: server.objects, keys, stop: () => server.stop() };
}

async function startVersitygw(command: string[], env: Record<string, string>): Promise<S3> {
  const server = await ServerProcess.start({
    name: 'versitygw',
    limitMs: 30_000,
    command: async ({ port, folder }) => {
      const objects = join(folder, 'objects');
      await mkdir(objects);
      const here: Record<string, string> = { ':7070': `127.0.0.1:${port}`, '/objects': objects };
      return { file: 'versitygw', args: command.map((word) => here[word] ?? word), env };
    },
    ready: ({ port }) => answers(`http://127.0.0.1:${port}/health`),
  });
  return {
    endpoint: `http://127.0.0.1:${server.port}`,
    objects: join(server.folder, 'objects'),
    keys: { AWS_ACCESS_KEY_ID: env.ROOT_ACCESS_KEY, AWS_SECRET_ACCESS_KEY: env.ROOT_SECRET_KEY },
    stop: () => server.stop(),
  };
}

async function startMlflow(env: Record<string, string>): Promise<ServerProcess> {
  const bin = dirname(await mlflowPython('3'));
  return await ServerProcess.start({
    name: 'mlflow-team',
    limitMs: 150_000,
    command: async ({ port }) => ({
      file: join(REPOSITORY, 'homes', 'start.sh'),
      args: [],
      env: {
        ...env,
        ...{ PATH: `${bin}:${process.env.PATH}`, PYTHONDONTWRITEBYTECODE: '1' },
        ...{ MLFLOW_HOST: '127.0.0.1', MLFLOW_PORT: String(port), MLFLOW_WORKERS: '1' },
      },
    }),
    ready: ({ port }) => answers(`http://127.0.0.1:${port}/health`),
  });
}

async function answers(url: string): Promise<boolean> {
  const { statusCode, body } = await request(url, { headersTimeout: 5_000, bodyTimeout: 5_000 });
  await body.dump();
  return statusCode === 200;
}
