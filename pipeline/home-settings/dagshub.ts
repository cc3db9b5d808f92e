import { UsageError } from '../contracts/errors.ts';
import { originOf, type Settings, shown } from './settings.ts';

/** One repository of Dagshub, from which all homes follow. */
export interface Dagshub {
  /** `https://dagshub.com`, or a team's own. */
  host: string;
  owner: string;
  name: string;
  /** Dagshub takes the token for the password, and asks for no particular user beside it. */
  user: string;
  token: string;
}

/** `DAGSHUB_REPO` (owner/name, or any address of it that a browser or git shows) and its token; null: not set.
 *  @throws UsageError */
export function readDagshub(settings: Settings): Dagshub | null {
  const repository = dagshubRepository(settings);
  if (!repository) return null;
  const credentials = dagshubCredentials(settings);
  if (!credentials) {
    throw new UsageError('DAGSHUB_REPO is set and DAGSHUB_USER_TOKEN is not', {
      hint: `make a token at ${repository.host}/user/settings/tokens and set it, or leave both out: then everything stays in folders`,
    });
  }
  return { ...repository, ...credentials };
}

/** For pages to link to. @throws UsageError */
export function dagshubRepository(settings: Settings): Pick<Dagshub, 'host' | 'owner' | 'name'> | null {
  const written = settings.DAGSHUB_REPO;
  if (written === undefined) return null;
  const host = dagshubHost(settings);
  const [owner, name] = ownerAndName(written, host);
  return { host, owner, name };
}

export function dagshubHost(settings: Settings): string {
  const name = settings.DAGSHUB_HOST ? 'DAGSHUB_HOST' : 'DAGSHUB_CLIENT_HOST';
  const value = settings[name];
  return value === undefined ? 'https://dagshub.com' : new URL(originOf(name, value)).origin;
}

/** For addresses of Dagshub that were given on their own; null where there is no token. @throws UsageError */
export function dagshubCredentials(settings: Settings): { user: string; token: string } | null {
  const name = settings.DAGSHUB_USER_TOKEN ? 'DAGSHUB_USER_TOKEN' : 'DAGSHUB_TOKEN';
  const token = settings[name];
  if (token === undefined) return null;
  if (/\s/.test(token)) {
    throw new UsageError(`${name} has a blank inside; a token has none`, { hint: 'paste the token alone' });
  }
  // As Dagshub's own client does where it knows no user.
  return { user: settings.DAGSHUB_USERNAME ?? token, token };
}

function ownerAndName(repository: string, host: string): [string, string] {
  const asAddress = /^(https?:\/\/)(.*)$/i.exec(repository);
  const overSsh = /^[\w.-]+@([\w.-]+):(.+)$/.exec(repository);
  const there = asAddress && URL.canParse(repository) ? new URL(repository) : null;
  const elsewhere = there?.host ?? overSsh?.[1];
  // The token would go there: only a host that was named as Dagshub's gets it.
  if (elsewhere !== undefined && elsewhere !== new URL(host).host) {
    throw new UsageError(`DAGSHUB_REPO is an address of ${elsewhere}, not of ${new URL(host).host}`, {
      hint: 'write it as owner/name, as Dagshub shows it; set DAGSHUB_HOST where Dagshub is your own',
    });
  }
  const path = there?.pathname ?? overSsh?.[2] ?? (asAddress ? '' : repository);
  const [owner = '', name = '', ...more] = path.split('/').filter((part) => part !== '');
  const bare = name.replace(/\.(git|mlflow|dvc|s3)$/, '');
  const isName = /^[\w.-]+$/;
  if (!isName.test(owner) || !isName.test(bare) || (more.length > 0 && !there)) {
    throw new UsageError(
      `DAGSHUB_REPO is "${shown(there ? there.pathname : path)}", which names no repository`,
      {
        hint: 'write it as owner/name, such as jane/infections',
      },
    );
  }
  return [owner, bare];
}
