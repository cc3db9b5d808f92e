import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { redactUrl } from '../clients/redact.ts';
import { UsageError } from '../contracts/errors.ts';
import type { RemoteHome } from '../contracts/homes.ts';
import { type Dagshub, dagshubCredentials, dagshubHost } from './dagshub.ts';
import type { ConfiguredRemote } from './dvc-config.ts';
import { bothOrNone, originOf, type Settings, shown } from './settings.ts';

type Kind = RemoteHome['kind'];
type Options = Record<string, string>;

/** Options of DVC that hold a secret. */
const SECRET_OPTIONS = [
  ...['password', 'secret_access_key', 'session_token'],
  ...['connection_string', 'account_key', 'sas_token', 'client_secret'],
];

/** `PERENNIAL_REMOTE`. @throws UsageError */
export function namedRemote(settings: Settings, repository: string): RemoteHome | null {
  const written = settings.PERENNIAL_REMOTE;
  if (written === undefined) return null;
  const { url, ...userInfo } = withoutUser(addressOf(written, repository));
  return remoteHome('perennial', { url, ...userInfo }, settings, 'PERENNIAL_REMOTE');
}

/** Dagshub's store for DVC: behind basic auth, or behind its S3 interface. @throws UsageError */
export function dagshubRemote(settings: Settings, { host, owner, name, user, token }: Dagshub): RemoteHome {
  const storage = settings.DAGSHUB_STORAGE ?? 'dvc';
  if (storage !== 'dvc' && storage !== 's3') {
    throw new UsageError(`DAGSHUB_STORAGE is "${storage}"; it can be dvc or s3`, {
      hint: 'leave it out where you do not know: dvc is what Dagshub offers each repository',
    });
  }
  const address = `${host}/${owner}/${name}.${storage}`;
  const from = 'DAGSHUB_REPO';
  if (storage === 'dvc') {
    const config = { url: address, auth: 'basic', user, password: token };
    return { name: 'dagshub', kind: 'http', shown: address, config, secrets: secretsIn(config, token), from };
  }
  // The bucket is called `dvc` in each repository's endpoint, and the token is both halves of its key.
  const keys = { access_key_id: token, secret_access_key: token };
  const config = { url: 's3://dvc', endpointurl: address, region: 'us-east-1', ...keys };
  return { name: 'dagshub', kind: 's3', shown: address, config, secrets: secretsIn(config, token), from };
}

/** The default remote of `.dvc/config`; what it leaves open comes from the environment. @throws UsageError */
export function configuredRemote(remote: ConfiguredRemote, settings: Settings): RemoteHome {
  return remoteHome(remote.name, remote.options, settings, '.dvc/config');
}

function remoteHome(
  name: string,
  own: Options,
  settings: Settings,
  from: 'PERENNIAL_REMOTE' | '.dvc/config',
): RemoteHome {
  const kind = kindOf(own.url, from);
  const config = { ...CREDENTIALS[kind](settings, own), ...own };
  if (config.ask_password) throw asksForPassword(name);
  const withoutKeys = redactUrl(config.url);
  const secrets = secretsIn(config, dagshubCredentials(settings)?.token);
  // Such an address holds its own key behind the question mark.
  if (withoutKeys !== config.url) secrets.push('url');
  return { name, kind, shown: withoutKeys, config, secrets, from };
}

function secretsIn(config: Options, token: string | undefined): string[] {
  return Object.keys(config).filter((name) => SECRET_OPTIONS.includes(name) || config[name] === token);
}

function addressOf(written: string, repository: string): string {
  if (/^file:\/\//i.test(written) && URL.canParse(written)) return fileURLToPath(written);
  if (/^\w+:\/\//.test(written)) return written.replace(/(?<=[^/])\/+$/, '');
  const [, scheme] = /^(s3|azure|https?):/i.exec(written) ?? [];
  if (scheme) {
    throw new UsageError(`PERENNIAL_REMOTE begins with ${scheme}: and not with ${scheme}://`, {
      hint: `write it as ${scheme}://…`,
    });
  }
  if (/^[\w.-]+:\d+(\/|$)/.test(written) || /^(www\.|dagshub\.com\/)/.test(written)) {
    throw new UsageError(`PERENNIAL_REMOTE is "${shown(written)}", without http:// or https:// in front`, {
      hint: `write https://${shown(written)}; a folder of that name is ./${shown(written)}`,
    });
  }
  return written.startsWith('~/') ? join(homedir(), written.slice(2)) : resolve(repository, written);
}

function kindOf(url: string, from: RemoteHome['from']): Kind {
  const [, scheme] = /^(\w+):\/\//.exec(url) ?? [];
  if (scheme === undefined) return 'folder';
  const kind = ({ s3: 's3', azure: 'azure', http: 'http', https: 'http' } as const)[scheme.toLowerCase()];
  const where = from === '.dvc/config' ? "DVC's default remote" : from;
  if (!kind) {
    throw new UsageError(`${where} begins with ${scheme}://, which is not supported`, {
      hint: 'take s3://bucket/folder, azure://container/folder, https://… or a folder',
    });
  }
  if (!URL.canParse(url) || !/^\w+:\/\/[^/?#\s]/.test(url)) {
    throw new UsageError(`${where} names no ${PLACE[kind]} behind ${scheme}://`, {
      hint: `write ${scheme}://<${PLACE[kind]}>/<folder>`,
    });
  }
  return kind;
}

const PLACE: Record<Kind, string> = { s3: 'bucket', azure: 'container', http: 'server', folder: 'folder' };

/** User and password in front of the host become options: an address is shown and written, they are not. */
function withoutUser(address: string): Options {
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return { url: address };
  const url = new URL(address);
  if (url.username === '' && url.password === '') return { url: address };
  if (url.username === '' || url.password === '') {
    throw new UsageError('PERENNIAL_REMOTE has only one of user and password in front of its host', {
      hint: 'set PERENNIAL_REMOTE_USER and PERENNIAL_REMOTE_PASSWORD instead',
    });
  }
  const [user, password] = [decoded(url.username), decoded(url.password)];
  url.username = '';
  url.password = '';
  return { url: url.href.replace(/\/+$/, ''), auth: 'basic', user, password };
}

/** A lone percent sign in a password is one. */
function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** What the environment knows of a kind of store, by DVC's own names of options. All of it is handed to DVC, for the
 *  values of a `.env` file are not in the environment that it sees. */
const CREDENTIALS: Record<Kind, (settings: Settings, own: Options) => Options> = {
  folder: () => ({}),
  http(settings, own) {
    if (own.user ?? own.password ?? own.custom_auth_header) return {};
    const pair = bothOrNone(settings, ['PERENNIAL_REMOTE_USER', 'PERENNIAL_REMOTE_PASSWORD']);
    if (pair) return { auth: 'basic', user: pair[0], password: pair[1] };
    const dagshub = new URL(own.url).origin === dagshubHost(settings) && dagshubCredentials(settings);
    const none: Options = {};
    return dagshub ? { auth: 'basic', user: dagshub.user, password: dagshub.token } : none;
  },
  s3(settings, own) {
    const endpoint = endpointName(settings);
    const keys = !own.access_key_id && bothOrNone(settings, ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY']);
    return present({
      endpointurl: settings[endpoint] && originOf(endpoint, settings[endpoint]),
      region: settings.AWS_REGION ?? settings.AWS_DEFAULT_REGION,
      access_key_id: keys ? keys[0] : undefined,
      secret_access_key: keys ? keys[1] : undefined,
      session_token: keys ? settings.AWS_SESSION_TOKEN : undefined,
      profile: keys || own.access_key_id ? undefined : settings.AWS_PROFILE,
      configpath: settings.AWS_CONFIG_FILE,
      credentialpath: settings.AWS_SHARED_CREDENTIALS_FILE,
      ssl_verify: settings.AWS_CA_BUNDLE,
    });
  },
  azure(settings, own) {
    const connection = own.connection_string ?? settings.AZURE_STORAGE_CONNECTION_STRING;
    const account = own.account_name ?? settings.AZURE_STORAGE_ACCOUNT;
    if (connection === undefined && account === undefined) {
      throw new UsageError('the remote is Azure Blob, and nothing says which storage account', {
        hint: 'set AZURE_STORAGE_CONNECTION_STRING, or AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN',
      });
    }
    return present({
      connection_string: connection,
      account_name: account,
      account_key: settings.AZURE_STORAGE_KEY,
      sas_token: settings.AZURE_STORAGE_SAS_TOKEN,
      tenant_id: settings.AZURE_TENANT_ID,
      client_id: settings.AZURE_CLIENT_ID,
      client_secret: settings.AZURE_CLIENT_SECRET,
    });
  },
};

const endpointName = (settings: Settings) =>
  settings.AWS_ENDPOINT_URL_S3 === undefined ? 'AWS_ENDPOINT_URL' : 'AWS_ENDPOINT_URL_S3';

function present(options: Record<string, string | undefined>): Options {
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function asksForPassword(name: string): UsageError {
  return new UsageError(`DVC's remote "${name}" asks for its password, and nobody is there to type it`, {
    hint: `dvc remote modify --unset ${name} ask_password, and set PERENNIAL_REMOTE_USER and PERENNIAL_REMOTE_PASSWORD`,
  });
}
