import { z } from 'zod';
import type { GithubHome } from '../../contracts/github.ts';
import type { Ask } from './ask.ts';
import type { Github } from './github.ts';
import { hasFailed } from './github-error.ts';

type Identity = Pick<
  Github,
  'login' | 'ours' | 'gitToken' | 'installation' | 'convertManifest' | 'tokenExpiry'
>;

/** Who acts, and as what. */
export function identity(ask: Ask, { as }: GithubHome): Identity {
  let known: Promise<string | null> | null = null;

  function login(): Promise<string | null> {
    known ??= askLogin().catch((error: unknown) => {
      known = null;
      throw error;
    });
    return known;
  }

  async function askLogin(): Promise<string | null> {
    if (as.kind === 'nobody') return null;
    if (as.kind === 'app') {
      const { slug } = await ask(
        { route: 'GET /app', about: 'the App', actor: 'app' },
        z.object({ slug: z.string() }),
      );
      return `${slug}[bot]`;
    }
    try {
      const user = await ask({ route: 'GET /user', about: 'who we are' }, z.object({ login: z.string() }));
      return user.login;
    } catch (error) {
      // A workflow's own token is no user, and may not ask.
      if (hasFailed(error, 'no-right')) return WORKFLOW_LOGIN;
      throw error;
    }
  }

  return {
    login,
    async ours({ author, app }) {
      if (as.kind === 'nobody') return false;
      if (as.kind === 'app' && app !== null) return app === as.id;
      if (as.kind === 'app' && !author.endsWith('[bot]')) return false;
      return author === (await login());
    },
    gitToken: () => ask.token(),

    async installation() {
      if (as.kind !== 'app') return null;
      const found = await ask.orNull(
        {
          route: 'GET /repos/{owner}/{repo}/installation',
          about: 'where the App is installed',
          actor: 'app',
        },
        InstallationAnswer,
      );
      return (
        found && { id: found.id, appId: found.app_id, slug: found.app_slug, permissions: found.permissions }
      );
    },

    async convertManifest(code) {
      const { id, slug, pem, html_url } = await ask(
        {
          route: 'POST /app-manifests/{code}/conversions',
          params: { code },
          about: 'the App of the manifest',
          actor: 'nobody',
        },
        z.object({ id: z.number(), slug: z.string(), pem: z.string(), html_url: z.string() }),
      );
      return { id, slug, pem, page: html_url };
    },

    async tokenExpiry() {
      if (as.kind !== 'token') return null;
      const { headers } = await ask.answer({ route: 'GET /rate_limit', about: 'when the token ends' });
      const told = headers['github-authentication-token-expiration'];
      // 2026-08-01 09:12:44 UTC, or with an offset: 2026-08-01 09:12:44 +0200
      const moment = new Date(
        String(told ?? '')
          .replace(/ (?=(UTC|[+-]\d{4})$)/, '')
          .replace('UTC', 'Z'),
      );
      return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
    },
  };
}

const WORKFLOW_LOGIN = 'github-actions[bot]';

const InstallationAnswer = z.object({
  id: z.number(),
  app_id: z.number(),
  app_slug: z.string(),
  permissions: z.record(z.string(), z.string()),
});
