import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GithubHome } from '../../contracts/github.ts';
import { readGithub } from '../../home-settings/github.ts';
import { KEY_FILE } from './workflow-settings.ts';

export interface Where {
  repository: string;
  env: NodeJS.ProcessEnv;
}

/** The repository as a person with a token sees it, also where the App's values are set: rules, secrets and settings are
 *  none of the robots' business. @throws UsageError */
export async function readPerson({ repository, env }: Where): Promise<GithubHome> {
  // Empty values switch off what a `.env` file says.
  const noApp = { PERENNIAL_APP_ID: '', PERENNIAL_APP_INSTALLATION: '', PERENNIAL_APP_PRIVATE_KEY: '' };
  return await readGithub({ ...env, ...noApp }, { repository });
}

/** The same repository as the App sees it, where this machine has its key: from the settings, else from the file that
 *  `init` left. Null: it has not. @throws UsageError */
export async function readApp(
  { repository, env }: Where,
  { person, appId }: { person: GithubHome; appId: string | undefined },
): Promise<GithubHome | null> {
  const key = await readFile(join(repository, KEY_FILE), 'utf8').catch(() => null);
  const fromFile = {
    PERENNIAL_APP_ID: appId,
    // Only to look where it is installed: that number is what is asked for.
    PERENNIAL_APP_INSTALLATION: '1',
    PERENNIAL_APP_PRIVATE_KEY: key ?? undefined,
  };
  const settings = key !== null && appId ? { ...env, ...fromFile } : env;
  const home = await readGithub(settings, { repository }).catch(() => null);
  return home?.as.kind === 'app' ? GithubHome.parse({ ...person, as: home.as }) : null;
}
