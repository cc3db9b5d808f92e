import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { git } from '../../clients/git.ts';
import { UsageError } from '../../contracts/errors.ts';
import { readSettings } from '../../home-settings/settings.ts';
import { readParams } from '../../params.ts';
import { parseOwner } from './answers.ts';
import type { Offers } from './ask.ts';
import { parseCron, readSchedule } from './edit-schedule.ts';
import { ETL_WORKFLOW } from './write-answers.ts';

/** What a repository says of itself already: the answers to offer. */
export async function readOffers({
  repository,
  env,
}: {
  repository: string;
  env: NodeJS.ProcessEnv;
}): Promise<Offers> {
  const params = await readParams(repository);
  const settings = await readSettings(env, repository);
  const known = Object.keys(params.models);
  const workflow = await readFile(join(repository, ETL_WORKFLOW), 'utf8').catch(() => null);
  if (workflow === null) {
    throw new UsageError(`${ETL_WORKFLOW} is not there`, {
      hint: `restore it: git checkout ${ETL_WORKFLOW}`,
    });
  }
  const storage = settings.PERENNIAL_REMOTE ?? null;
  return {
    owner: env.GITHUB_REPOSITORY ?? (await origin(repository)),
    homes:
      settings.MLFLOW_TRACKING_URI ?? (settings.DAGSHUB_REPO ? `dagshub:${settings.DAGSHUB_REPO}` : null),
    storage: storage !== null && /^(s3|azure|https?):/.test(storage) ? storage : null,
    models: known.filter((name) => params.models[name].active),
    known,
    schedule: parseCron(readSchedule(workflow).cron) ?? { every: 'daily', hour: 6, minute: 17 },
  };
}

/** Only addresses of a host: a clone of a folder says nothing of GitHub. */
async function origin(repository: string): Promise<string | null> {
  const { stdout } = await git(repository, ['config', '--get', 'remote.origin.url'], { accept: [1] });
  const url = stdout.trim();
  if (!/^(https?:\/\/|git@|ssh:)/.test(url)) return null;
  const { owner, name } = parseOwner(url);
  return `${owner}/${name}`;
}
