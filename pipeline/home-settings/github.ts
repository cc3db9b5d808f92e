import { createPrivateKey } from 'node:crypto';
import { git } from '../clients/git.ts';
import { UsageError } from '../contracts/errors.ts';
import { GithubHome } from '../contracts/github.ts';
import { withhold } from '../secrets.ts';
import { REPOSITORY } from '../workspace.ts';
import { originOf, readSettings, type Settings, shown } from './settings.ts';

/** The repository on the Git host, and as whom we act there: as the App where its three values are set, else with
 *  GITHUB_TOKEN or GH_TOKEN, else as nobody. From here on nothing that this process says holds one of their secrets.
 *  @throws UsageError one sentence for what is wrong */
export async function readGithub(
  env: NodeJS.ProcessEnv = process.env,
  { repository = REPOSITORY }: { repository?: string } = {},
): Promise<GithubHome> {
  const settings = await readSettings(env, repository);
  const secrets = [settings.PERENNIAL_APP_PRIVATE_KEY, settings.GITHUB_TOKEN, settings.GH_TOKEN];
  withhold(secrets.filter((secret) => secret !== undefined));
  const place = await placeOf(settings, repository);
  const as = actor(settings);
  if (as.kind === 'app') withhold([as.privateKey]);
  return GithubHome.parse({ ...place, as });
}

type Place = Pick<GithubHome, 'apiUrl' | 'serverUrl' | 'owner' | 'name'>;

async function placeOf(settings: Settings, repository: string): Promise<Place> {
  const named = settings.GITHUB_REPOSITORY;
  const origin = named === undefined ? await originRemote(repository) : null;
  const [owner, name] = ownerAndName(named ?? origin?.path);
  const serverUrl =
    settings.GITHUB_SERVER_URL === undefined
      ? (origin?.serverUrl ?? PUBLIC)
      : originOf('GITHUB_SERVER_URL', settings.GITHUB_SERVER_URL);
  const apiUrl =
    settings.GITHUB_API_URL === undefined
      ? apiOf(serverUrl)
      : originOf('GITHUB_API_URL', settings.GITHUB_API_URL);
  return { apiUrl, serverUrl, owner, name };
}

const PUBLIC = 'https://github.com';

/** A host of an enterprise has its API below itself. */
function apiOf(serverUrl: string): string {
  return serverUrl === PUBLIC ? 'https://api.github.com' : `${serverUrl}/api/v3`;
}

function ownerAndName(written: string | undefined): [string, string] {
  const [, owner, name] = /^([\w.-]{1,100})\/([\w.-]{1,100})$/.exec(written ?? '') ?? [];
  if (owner !== undefined && name !== undefined) return [owner, name];
  if (written === undefined) {
    throw new UsageError('which repository? git knows no remote "origin", and GITHUB_REPOSITORY is not set', {
      hint: 'set GITHUB_REPOSITORY=owner/name, or git remote add origin <address>',
    });
  }
  throw new UsageError(`"${shown(written)}" names no repository`, {
    hint: 'write GITHUB_REPOSITORY as owner/name, such as jane/infections',
  });
}

/** `https://host/owner/name.git`, `git@host:owner/name.git`, `ssh://git@host:22/owner/name`. */
async function originRemote(root: string): Promise<{ serverUrl: string; path: string } | null> {
  const { exitCode, stdout } = await git(root, ['remote', 'get-url', 'origin'], { accept: [1, 2, 128] });
  if (exitCode !== 0) return null;
  const written = stdout.trim();
  const short = /^[\w.-]+@([\w.-]+):(?!\/)(.+)$/.exec(written);
  const long = short ? null : URL.canParse(written) ? new URL(written) : null;
  const host = short?.[1] ?? long?.hostname;
  // A folder is no host.
  if (!host || long?.protocol === 'file:') return null;
  const path = (short?.[2] ?? long?.pathname ?? '').replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  const isWeb = long !== null && /^https?:$/.test(long.protocol);
  return { serverUrl: isWeb ? `${long.protocol}//${long.host}` : `https://${host}`, path };
}

const APP = ['PERENNIAL_APP_ID', 'PERENNIAL_APP_PRIVATE_KEY', 'PERENNIAL_APP_INSTALLATION'] as const;

function actor(settings: Settings): GithubHome['as'] {
  const there = APP.filter((name) => settings[name] !== undefined);
  if (there.length === APP.length) {
    return {
      kind: 'app',
      id: wholeNumber(settings, 'PERENNIAL_APP_ID'),
      privateKey: privateKey(settings.PERENNIAL_APP_PRIVATE_KEY ?? ''),
      installation: wholeNumber(settings, 'PERENNIAL_APP_INSTALLATION'),
    };
  }
  if (there.length > 0) {
    const missing = APP.filter((name) => settings[name] === undefined);
    throw new UsageError(
      `${there.join(' and ')} ${there.length > 1 ? 'are' : 'is'} set and ${missing.join(' and ')} ${missing.length > 1 ? 'are' : 'is'} not`,
      {
        hint: `the App needs all three (${missing.map((name) => WHERE[name]).join('; ')}); \`npm run init -- --app\` makes an App`,
      },
    );
  }
  const name = settings.GITHUB_TOKEN === undefined ? 'GH_TOKEN' : 'GITHUB_TOKEN';
  const token = settings[name];
  if (token === undefined) return { kind: 'nobody' };
  if (!/^[\x21-\x7e]+$/.test(token)) {
    throw new UsageError(`${name} holds a blank or a letter that no token has`, {
      hint: 'paste the token alone',
    });
  }
  return { kind: 'token', token };
}

const WHERE = {
  PERENNIAL_APP_ID: "the App's number, on its settings page",
  PERENNIAL_APP_PRIVATE_KEY:
    "the App's key: a .pem file, made on its settings page; a secret of the environment robots",
  PERENNIAL_APP_INSTALLATION:
    'the number at the end of the address of its installation: …/settings/installations/123',
};

function wholeNumber(settings: Settings, name: 'PERENNIAL_APP_ID' | 'PERENNIAL_APP_INSTALLATION'): number {
  const value = settings[name] ?? '';
  if (/^[1-9]\d{0,14}$/.test(value)) return Number(value);
  throw new UsageError(`${name} is "${value.slice(0, 40)}", expected a whole number`, { hint: WHERE[name] });
}

/** As GitHub gives it; also with its line ends written as `\n`, lost to blanks, or all of it in base64: what forms and
 *  `.env` files make of it. */
function privateKey(written: string): string {
  const text = /-----BEGIN/.test(written) ? written : Buffer.from(written, 'base64').toString('latin1');
  const [, kind, inside] =
    /-----BEGIN ([A-Z ]*PRIVATE KEY)-----(.*?)-----END \1-----/s.exec(text.replaceAll('\\n', '\n')) ?? [];
  const body = inside?.replace(/\s+/g, '') ?? '';
  const pem = `-----BEGIN ${kind}-----\n${body.replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${kind}-----\n`;
  if (isRsa(pem)) return pem;
  throw new UsageError(
    `PERENNIAL_APP_PRIVATE_KEY is ${kind ? 'a damaged key or of another kind' : 'no private key'}; expected an RSA key in PEM`,
    {
      hint: "paste the whole .pem file that the App's settings page gave, from -----BEGIN to -----END",
    },
  );
}

function isRsa(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    // What OpenSSL says of it is of no use here, and holds parts of it.
    return false;
  }
}
