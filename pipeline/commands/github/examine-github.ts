import type { Github } from '../../clients/github/github.ts';
import { hasFailed } from '../../clients/github/github-error.ts';
import { examine, type Finding } from '../doctor/finding.ts';
import type { Where } from './actors.ts';
import { checkApp } from './check-app.ts';
import { checkRepository } from './check-repository.ts';
import { checkRules } from './check-rules.ts';
import { checkSchedule, checkWorkflows } from './check-workflows.ts';
import { judgeSettings } from './judge-settings.ts';
import { ROBOTS } from './workflow-settings.ts';

export interface GithubCheck {
  /** As a person. */
  github: Github;
  /** The App, where this machine has its key. */
  app: Github | null;
  where: Where;
  now: () => Date;
}

/** All that the workflows need on GitHub, looked at and not touched. Values of secrets can be read by nobody; those of
 *  variables are not shown. */
export async function examineGithub(check: GithubCheck): Promise<Finding[]> {
  const { github } = check;
  const reached = await examine({ home: 'GitHub', where: github.repository }, () => checkReached(check));
  if (reached.state === 'wrong') return [reached];
  return [
    reached,
    ...(await checkRepository(check)),
    await visible({ home: 'settings', where: 'names' }, 'Secrets: read and Variables: read', async () =>
      judgeSettings({
        secrets: new Set(await github.secretNames()),
        variables: new Set(Object.keys(await github.variables())),
        robots: new Set(await environmentSecrets(github)),
      }),
    ),
    await visible({ home: 'environment', where: ROBOTS.environment }, 'Environments: read', async () => [
      await checkEnvironment(github),
    ]),
    await visible({ home: 'App', where: 'perennial' }, 'Variables: read', () => checkApp(check)),
    await visible({ home: 'workflows', where: '.github/workflows' }, 'Actions: read', async () => [
      ...(await checkWorkflows(check)),
      await checkSchedule(check),
    ]),
    await visible({ home: 'rules', where: '.github/rulesets' }, 'Administration: read', () =>
      checkRules(check),
    ),
  ].flat();
}

const SOON_DAYS = 14;

async function checkReached({ github, now }: GithubCheck) {
  const login = await github.login();
  await github.repositorySettings();
  const ends = await github.tokenExpiry();
  if (ends === null) return `reached as ${login ?? 'nobody'}`;
  const days = (Date.parse(ends) - now().getTime()) / 86_400_000;
  const said = `reached as ${login ?? 'nobody'}; this token ends on ${ends.slice(0, 10)}`;
  if (days > SOON_DAYS) return said;
  return {
    state: 'note' as const,
    said: `${said}, in ${Math.max(0, Math.floor(days))} days`,
    hint: 'make a new one in time: Settings → Developer settings → Personal access tokens',
  };
}

async function environmentSecrets(github: Github): Promise<string[]> {
  const there = await github.environments();
  if (!there.some(({ name }) => name === ROBOTS.environment)) return [];
  return await github.environmentSecretNames(ROBOTS.environment);
}

/** A branch that may use the environment may use the key. */
async function checkEnvironment(github: Github): Promise<Finding> {
  const place = { home: 'environment', where: ROBOTS.environment };
  const hint =
    'npm run init -- --app prints the lines that make it; private repositories have environments from GitHub Pro on';
  const wrong = (said: string): Finding => ({ ...place, state: 'wrong', said, hint });
  const found = (await github.environments()).find(({ name }) => name === ROBOTS.environment);
  if (!found) return wrong('is not there: robots have no key');
  if (found.branches !== 'custom') {
    return wrong(`code of every ${found.branches === 'all' ? '' : 'protected '}branch may use the App's key`);
  }
  const branches = await github.environmentBranches(ROBOTS.environment);
  const expected: readonly string[] = ROBOTS.branches;
  const more = branches.filter((branch) => !expected.includes(branch));
  const missing = expected.filter((branch) => !branches.includes(branch));
  if (more.length > 0) return wrong(`code of ${more.join(', ')} may use the App's key`);
  if (missing.length > 0) return wrong(`${missing.join(' and ')} may not use it`);
  return { ...place, state: 'well', said: `limited to ${expected.join(' and ')}` };
}

/** What a token may not see is not wrong: it is not known. */
async function visible(
  place: { home: string; where: string },
  right: string,
  work: () => Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await work();
  } catch (error) {
    const isHidden = hasFailed(error, 'no-right', 'not-found');
    const outcome = {
      state: 'note' as const,
      said: 'not known: this token may not see it',
      hint: `a fine-grained token needs "${right}" for this repository, a classic one the scope "repo"`,
    };
    return [await examine(place, () => (isHidden ? Promise.resolve(outcome) : Promise.reject(error)))];
  }
}
