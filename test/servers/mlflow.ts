import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { MlflowHome } from '../../pipeline/contracts/homes.ts';
import { REPOSITORY } from '../../pipeline/workspace.ts';
import { pythonWith } from './installed.ts';
import { ServerProcess } from './server-process.ts';

export type MlflowVersion = '3' | '2';

/** Of 3.x what a team's own server has, with PostgreSQL's driver and S3's client. */
const REQUIREMENTS: Record<MlflowVersion, string> = {
  '3': join(REPOSITORY, 'homes', 'requirements.txt'),
  '2': fileURLToPath(new URL('mlflow-2.txt', import.meta.url)),
};

/** On a busy machine; alone it takes 15 to 30 s. */
const START_LIMIT_MS = 150_000;

/** Python with MLflow's own client, for comparison. */
export async function mlflowPython(version: MlflowVersion): Promise<string> {
  const pinned = await readFile(REQUIREMENTS[version], 'utf8');
  return pythonWith(`mlflow-${version}`, pinned.trim().split('\n'));
}

export interface MlflowOptions {
  version: MlflowVersion;
  /** Default true: basic auth, with an admin of its own. */
  auth?: boolean;
  /** SQLAlchemy's address of a database; default SQLite in the server's own folder. */
  backendStore?: string;
  /** Where artifacts are kept, such as `s3://bucket/path`; default a folder in the server's own. */
  artifacts?: string;
  /** Of the server, such as the credentials of its artifacts' home. */
  env?: Record<string, string>;
}

export type Permission = 'READ' | 'EDIT' | 'MANAGE' | 'DENY';
export type Resource = { experimentId: string } | { model: string };

/** A real MLflow server on loopback. It takes half a minute of a core to start: most tests share one, `sharedMlflow`. */
export class MlflowServer {
  private constructor(
    /** With the admin's credentials. */
    readonly home: MlflowHome,
    readonly version: MlflowVersion,
    private readonly process: ServerProcess,
  ) {}

  static async start(options: MlflowOptions): Promise<MlflowServer> {
    const { version, auth = true } = options;
    const python = await mlflowPython(version);
    const password = randomBytes(18).toString('base64url');
    const homeAt = (port: number) =>
      MlflowHome.parse({
        url: `http://127.0.0.1:${port}`,
        ...(auth ? { username: 'admin', password } : {}),
      });
    const process = await ServerProcess.start({
      name: `mlflow-${version}`,
      limitMs: START_LIMIT_MS,
      command: async ({ port, folder }) => {
        const ini = join(folder, 'auth.ini');
        await writeFile(ini, authIni(version, folder, password), { mode: 0o600 });
        return {
          file: join(dirname(python), 'mlflow'),
          args: serverArgs(options, port, folder),
          env: { ...serverEnv(dirname(python), ini), ...options.env },
        };
      },
      // An answer to the admin's random password can only come from this server, and warms it up.
      ready: async ({ port }) => {
        await searchExperiments(homeAt(port));
        return true;
      },
    });
    return new MlflowServer(homeAt(process.port), version, process);
  }

  /** Where database, artifacts and accounts lie. */
  get folder(): string {
    return this.process.folder;
  }

  /** @returns the server as this user reaches it; without any grant they may read everything and make new things */
  addUser(name: string, password?: string): Promise<MlflowHome> {
    return addUser(this.home, name, password);
  }

  grant(username: string, resource: Resource, permission: Permission): Promise<void> {
    return grant(this.home, username, resource, permission);
  }

  stop(): Promise<void> {
    return this.process.stop();
  }
}

/** @param admin of a server with basic auth
 *  @param password twelve characters or more; default a random one
 *  @returns the server as this user reaches it */
export async function addUser(
  admin: MlflowHome,
  username: string,
  password = randomBytes(12).toString('base64url'),
): Promise<MlflowHome> {
  await post(admin, '/api/2.0/mlflow/users/create', { username, password });
  return { ...admin, username, password };
}

/** What a user may do with one experiment or one registered model; can be said once for each. */
export async function grant(
  admin: MlflowHome,
  username: string,
  resource: Resource,
  permission: Permission,
): Promise<void> {
  const experiment = 'experimentId' in resource;
  const id = experiment ? resource.experimentId : resource.model;
  const general = {
    username,
    resource_type: experiment ? 'experiment' : 'registered_model',
    resource_id: id,
    permission,
  };
  const answer = await send(admin, '/api/3.0/mlflow/users/permissions/grant', general);
  if (answer.status !== 404) return allRight(answer);
  // 2.22 has an endpoint for each kind, and another word.
  const kind = experiment ? 'experiments' : 'registered-models';
  await post(admin, `/api/2.0/mlflow/${kind}/permissions/create`, {
    username,
    ...(experiment ? { experiment_id: id } : { name: id }),
    permission: permission === 'DENY' ? 'NO_PERMISSIONS' : permission,
  });
}

/** A name that no other test uses on a server that many share. */
export function uniqueName(what: string): string {
  return `${what}-${randomBytes(5).toString('hex')}`;
}

function authIni(version: MlflowVersion, folder: string, password: string): string {
  const check =
    version === '2'
      ? 'cached_basic_auth:authenticate_request'
      : 'mlflow.server.auth:authenticate_request_basic_auth';
  return [
    '[mlflow]',
    'default_permission = READ',
    `database_uri = sqlite:///${folder}/auth.db`,
    'admin_username = admin',
    `admin_password = ${password}`,
    `authorization_function = ${check}`,
    // Without it each request costs 0.3 s of a core; 2.22 does not know the word and passes over it.
    'auth_cache_ttl_seconds = 60',
    '',
  ].join('\n');
}

function serverArgs(options: MlflowOptions, port: number, folder: string): string[] {
  const { auth = true, backendStore = `sqlite:///${folder}/mlflow.db` } = options;
  const { artifacts = join(folder, 'artifacts') } = options;
  return [
    ...['server', '--host', '127.0.0.1', '--port', String(port), '--workers', '1'],
    ...['--backend-store-uri', backendStore, '--artifacts-destination', artifacts],
    ...(auth ? ['--app-name', 'basic-auth'] : []),
    // A worker of 2.22 serves one request at a time unless it is told to use threads.
    ...(options.version === '2' ? ['--gunicorn-opts', '--threads 8 --worker-tmp-dir .'] : []),
  ];
}

function serverEnv(bin: string, ini: string): Record<string, string> {
  return {
    PATH: `${bin}:${process.env.PATH}`,
    PYTHONPATH: dirname(fileURLToPath(import.meta.url)),
    PYTHONDONTWRITEBYTECODE: '1',
    MLFLOW_AUTH_CONFIG_PATH: ini,
    MLFLOW_FLASK_SERVER_SECRET_KEY: randomBytes(24).toString('hex'),
    MLFLOW_SERVER_ENABLE_JOB_EXECUTION: 'false',
    MLFLOW_DISABLE_TELEMETRY: 'true',
    DO_NOT_TRACK: 'true',
    GIT_PYTHON_REFRESH: 'quiet',
  };
}

async function searchExperiments(home: MlflowHome): Promise<void> {
  await post(home, '/api/2.0/mlflow/experiments/search', { max_results: 1 });
  await post(home, '/api/2.0/mlflow/experiments/search', { max_results: 1 });
}

async function post(home: MlflowHome, path: string, body: object): Promise<void> {
  allRight(await send(home, path, body));
}

interface Answer {
  path: string;
  status: number;
  text: string;
}

function allRight({ path, status, text }: Answer): void {
  if (status >= 300) throw new Error(`POST ${path} was answered with ${status}: ${text}`);
}

async function send(home: MlflowHome, path: string, body: object): Promise<Answer> {
  const basic = Buffer.from(`${home.username}:${home.password}`).toString('base64');
  const { statusCode, body: answer } = await request(home.url + path, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(home.username ? { authorization: `Basic ${basic}` } : {}),
    },
    body: JSON.stringify(body),
    headersTimeout: 20_000,
    bodyTimeout: 20_000,
  });
  return { path, status: statusCode, text: await answer.text() };
}
