import { githubAt } from '../../clients/github/github-at.ts';
import type { GithubHome } from '../../contracts/github.ts';
import { withhold } from '../../secrets.ts';
import type { Finding } from '../doctor/finding.ts';
import type { Environment } from '../environment.ts';
import { readApp, readPerson, type Where } from '../github/actors.ts';
import { examineGithub } from '../github/examine-github.ts';

type Named = { owner: string; name: string };

/** What `github-doctor` says, where there is a token to ask with; else nothing. */
export async function lookAtGithub(
  { signal, now }: Pick<Environment, 'signal' | 'now'>,
  where: Where,
  named: Named,
): Promise<{ isPrivate: boolean | null; findings: Finding[] }> {
  const place = await personAt(where, named);
  if (place.as.kind === 'nobody') return { isPrivate: null, findings: [] };
  const github = githubAt(place, { signal, withhold });
  const isPrivate = await github.repositorySettings().then(
    (settings) => settings.private,
    () => null,
  );
  const variables = await github.variables().catch((): Record<string, string> => ({}));
  const appHome = await readApp(where, { person: place, appId: variables.PERENNIAL_APP_ID });
  const app = appHome && githubAt(appHome, { signal, withhold });
  return { isPrivate, findings: await examineGithub({ github, app, where, now }) };
}

/** Where the App is to be made, and for whom, as far as it can be seen. */
export async function placeOnGithub(
  { signal }: Pick<Environment, 'signal'>,
  where: Where,
  named: Named,
): Promise<{ place: GithubHome; ownerKind: 'User' | 'Organization' | null }> {
  const place = await personAt(where, named);
  const ownerKind = await githubAt(place, { signal, withhold })
    .repositorySettings()
    .then(
      (settings) => settings.ownerType,
      () => null,
    );
  return { place, ownerKind };
}

async function personAt({ repository, env }: Where, { owner, name }: Named): Promise<GithubHome> {
  return await readPerson({ repository, env: { ...env, GITHUB_REPOSITORY: `${owner}/${name}` } });
}
