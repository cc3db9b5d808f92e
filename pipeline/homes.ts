import { mlflowSecrets, remoteSecrets } from './clients/home-secrets.ts';
import type { Homes } from './contracts/homes.ts';
import { dagshubRepository, readDagshub } from './home-settings/dagshub.ts';
import { defaultRemote } from './home-settings/dvc-config.ts';
import { experimentName, modelPrefix, readMlflow } from './home-settings/mlflow.ts';
import { configuredRemote, dagshubRemote, namedRemote } from './home-settings/remote.ts';
import { readSettings, type Settings } from './home-settings/settings.ts';
import { withhold } from './secrets.ts';
import { REPOSITORY } from './workspace.ts';

/** Reads where data and models live outside: from the environment, the `.env` file at the top of the repository and
 *  DVC's own settings; `MLFLOW_…` and `PERENNIAL_REMOTE` win over `DAGSHUB_REPO`, that over `.dvc/config`.
 *  From here on nothing that this process says holds one of their secrets.
 *  @throws UsageError one sentence for what is wrong */
export async function readHomes(
  env: NodeJS.ProcessEnv = process.env,
  { repository = REPOSITORY }: { repository?: string } = {},
): Promise<Homes> {
  const settings = await readSettings(env, repository);
  withhold(secretSettings(settings));
  const repositoryThere = dagshubRepository(settings);
  const dagshub = needsDagshub(settings) ? readDagshub(settings) : null;
  const homes: Homes = {
    mlflow: readMlflow(settings, dagshub),
    remote: namedRemote(settings, repository) ?? (dagshub && dagshubRemote(settings, dagshub)),
    dagshub: repositoryThere && `${repositoryThere.owner}/${repositoryThere.name}`,
  };
  if (!homes.remote) {
    const remote = await defaultRemote(env, repository);
    homes.remote = remote && configuredRemote(remote, settings);
  }
  withhold(secretsOf(homes));
  return homes;
}

/** The experiment of a model's runs. @throws UsageError */
export async function readExperiment(
  model: string,
  env: NodeJS.ProcessEnv = process.env,
  { repository = REPOSITORY }: { repository?: string } = {},
): Promise<string> {
  return experimentName(await readSettings(env, repository), model);
}

/** What stands before a model's name in MLflow's registry; mostly nothing. @throws UsageError */
export async function readModelPrefix(
  env: NodeJS.ProcessEnv = process.env,
  { repository = REPOSITORY }: { repository?: string } = {},
): Promise<string> {
  return modelPrefix(await readSettings(env, repository));
}

/** Every value that must not be read by others, in each form in which it travels. */
export function secretsOf({ mlflow, remote }: Homes): string[] {
  return [...new Set([...(mlflow ? mlflowSecrets(mlflow) : []), ...(remote ? remoteSecrets(remote) : [])])];
}

/** Where both homes are named on their own, Dagshub's token is not asked for. */
function needsDagshub(settings: Settings): boolean {
  return settings.MLFLOW_TRACKING_URI === undefined || settings.PERENNIAL_REMOTE === undefined;
}

/** Also what is set and not used: a refusal on the way could show it. */
function secretSettings(settings: Settings): string[] {
  const secret = /PASSWORD|TOKEN|SECRET|STORAGE_KEY|PRIVATE_KEY|CONNECTION_STRING/;
  return Object.entries(settings).flatMap(([name, value]) => (secret.test(name) && value ? [value] : []));
}
