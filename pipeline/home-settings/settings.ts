import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { UsageError } from '../contracts/errors.ts';

/** Values by name, clean: without the blanks, quotes and line ends that pasting leaves; an empty one is not there. */
export type Settings = Readonly<Record<string, string | undefined>>;

/** All that is read, also of a `.env` file: that may serve other programs, and must not set `PATH` or `NODE_OPTIONS`.
 *  docs/homes.md tells what each is for. */
export const SETTINGS = [
  ...['MLFLOW_TRACKING_URI', 'MLFLOW_TRACKING_USERNAME', 'MLFLOW_TRACKING_PASSWORD', 'MLFLOW_TRACKING_TOKEN'],
  ...['MLFLOW_TRACKING_INSECURE_TLS', 'MLFLOW_HTTP_REQUEST_TIMEOUT', 'MLFLOW_HTTP_REQUEST_MAX_RETRIES'],
  ...['MLFLOW_EXPERIMENT_NAME', 'PERENNIAL_MODEL_PREFIX'],
  ...['DAGSHUB_REPO', 'DAGSHUB_USER_TOKEN', 'DAGSHUB_TOKEN', 'DAGSHUB_USERNAME'],
  ...['DAGSHUB_HOST', 'DAGSHUB_CLIENT_HOST', 'DAGSHUB_STORAGE'],
  ...['PERENNIAL_REMOTE', 'PERENNIAL_REMOTE_USER', 'PERENNIAL_REMOTE_PASSWORD'],
  ...['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_PROFILE'],
  ...['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_S3', 'AWS_REGION', 'AWS_DEFAULT_REGION'],
  ...['AWS_CONFIG_FILE', 'AWS_SHARED_CREDENTIALS_FILE', 'AWS_CA_BUNDLE'],
  ...[
    'AZURE_STORAGE_CONNECTION_STRING',
    'AZURE_STORAGE_ACCOUNT',
    'AZURE_STORAGE_KEY',
    'AZURE_STORAGE_SAS_TOKEN',
  ],
  ...['AZURE_TENANT_ID', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET'],
  ...['GITHUB_REPOSITORY', 'GITHUB_API_URL', 'GITHUB_SERVER_URL', 'GITHUB_TOKEN', 'GH_TOKEN'],
  ...['PERENNIAL_APP_ID', 'PERENNIAL_APP_INSTALLATION', 'PERENNIAL_APP_PRIVATE_KEY'],
] as const;

/** A key in PEM. */
const OF_SEVERAL_LINES = ['PERENNIAL_APP_PRIVATE_KEY'];

/** Reads the environment and the `.env` file at the top of the repository. The environment wins, also where it holds an
 *  empty value: `MLFLOW_TRACKING_URI= npm start` switches that home off for once.
 *  @throws UsageError if a value has a line break inside or is still the placeholder of an example */
export async function readSettings(env: NodeJS.ProcessEnv, repository: string): Promise<Settings> {
  const settings: Record<string, string> = {};
  const file = await dotEnv(repository);
  for (const name of SETTINGS) {
    const clean = withoutQuotes((env[name] ?? file[name] ?? '').trim());
    if (clean !== '') settings[name] = checked(name, clean);
  }
  return settings;
}

async function dotEnv(repository: string): Promise<NodeJS.ProcessEnv> {
  try {
    return parseEnv(await readFile(join(repository, '.env'), 'utf8')) as NodeJS.ProcessEnv;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new UsageError('the file .env at the top of the repository cannot be read', {
      cause,
      hint: 'mend its rights, or remove it',
    });
  }
}

/** `docker --env-file` and CI forms keep the quotes that a shell takes off. */
function withoutQuotes(value: string): string {
  const [, , inside] = /^(["'])(.*)\1$/s.exec(value) ?? [];
  return inside === undefined ? value : inside.trim();
}

function checked(name: string, value: string): string {
  if (/[\r\n\0]/.test(value) && !OF_SEVERAL_LINES.includes(name)) {
    throw new UsageError(`${name} has a line break inside`, { hint: 'paste it again, as one line' });
  }
  if (/^<[^>]*>$/.test(value)) {
    throw new UsageError(`${name} is still the placeholder ${shown(value)}`, {
      hint: 'put your own value there, without < and >',
    });
  }
  return value;
}

/** @throws UsageError if only one of two settings is there that need each other */
export function bothOrNone(
  settings: Settings,
  [first, second]: [string, string],
): [string, string] | undefined {
  const values = [settings[first], settings[second]] as const;
  if (values[0] !== undefined && values[1] !== undefined) return [values[0], values[1]];
  if (values[0] === undefined && values[1] === undefined) return undefined;
  const [there, missing] = values[0] === undefined ? [second, first] : [first, second];
  throw new UsageError(`${there} is set and ${missing} is not`, {
    hint: `set ${missing} too, or neither of them`,
  });
}

/** An address that only has a host. @throws UsageError */
export function originOf(name: string, value: string): string {
  const written = value.replace(/\/+$/, '');
  if (!/^https?:\/\//i.test(written)) {
    throw new UsageError(`${name} is "${shown(written)}", without http:// or https:// in front`, {
      hint: `write https://${shown(written)}`,
    });
  }
  if (!URL.canParse(written)) {
    throw new UsageError(`${name} is not an address`, {
      hint: 'expected for example https://s3.example.org',
    });
  }
  return written;
}

/** Of a wrong value only what cannot be a user or a password: those stand before the last `@`. */
export const shown = (text: string) => text.slice(text.lastIndexOf('@') + 1);
