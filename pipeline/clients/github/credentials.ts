import { createAppAuth } from '@octokit/auth-app';
import type { GithubHome } from '../../contracts/github.ts';

/** As whom one request is made: as the home says, as the App itself (its own settings), or as nobody. */
export type Actor = 'home' | 'app' | 'nobody';

export interface Credentials {
  /** Of the header `authorization`; null: none is sent. */
  header(actor: Actor): Promise<string | null>;
  /** For git over https. */
  token(): Promise<string | null>;
  /** Rights of the App's token, once there is one. */
  rights(): Record<string, string> | undefined;
  isFresh(): boolean;
  secrets(): string[];
}

/** A token is taken anew this long before its end: what it is used for may take a while. */
const EARLY_MS = 5 * 60_000;
/** GitHub's parts learn of a new token one after the other. */
const FRESH_MS = 5_000;

type AppAuth = ReturnType<typeof createAppAuth>;
type Installation = {
  token: string;
  expiresAt: string;
  createdAt: string;
  permissions: Record<string, string>;
};

/** @param request Octokit's, for the App's token
 *  @param withhold is told each token the moment it is there */
export function credentialsOf(
  { as }: GithubHome,
  {
    request,
    withhold,
  }: { request: Parameters<AppAuth['hook']>[0]; withhold?: (values: readonly string[]) => void },
): Credentials {
  const known = new Set<string>(as.kind === 'token' ? [as.token] : []);
  const auth = as.kind === 'app' ? createAppAuth({ appId: as.id, privateKey: as.privateKey, request }) : null;
  let latest: Installation | null = null;

  async function installation(): Promise<string | null> {
    if (as.kind !== 'app' || !auth) return null;
    const asked = { type: 'installation', installationId: as.installation } as const;
    latest = (await auth(asked)) as Installation;
    if (Date.parse(latest.expiresAt) - Date.now() < EARLY_MS)
      latest = (await auth({ ...asked, refresh: true })) as Installation;
    if (!known.has(latest.token)) {
      known.add(latest.token);
      withhold?.([latest.token]);
    }
    return latest.token;
  }
  const token = async () => (as.kind === 'token' ? as.token : installation());

  return {
    token,
    async header(actor) {
      if (actor === 'nobody') return null;
      if (actor === 'app') return auth ? `bearer ${(await auth({ type: 'app' })).token}` : null;
      const value = await token();
      return value === null ? null : `token ${value}`;
    },
    rights: () => latest?.permissions,
    isFresh: () => latest !== null && Date.now() - Date.parse(latest.createdAt) < FRESH_MS,
    secrets: () => [...known, ...(as.kind === 'app' ? [as.privateKey] : [])],
  };
}
