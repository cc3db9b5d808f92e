import type { Homes } from '../../contracts/homes.ts';
import { dagshubRepository } from '../../home-settings/dagshub.ts';
import { readSettings } from '../../home-settings/settings.ts';
import { readHomes } from '../../homes.ts';
import { REPOSITORY } from '../../workspace.ts';

/** The homes as a review has them. A fork's run may know the name of the team's repository on Dagshub, which is no secret,
 *  and not its token: then there is no registry, and data only where everybody may read them.
 *  @throws UsageError */
export async function homesHere(
  env: NodeJS.ProcessEnv = process.env,
  { repository = REPOSITORY }: { repository?: string } = {},
): Promise<Homes> {
  const settings = await readSettings(env, repository);
  const dagshub = dagshubRepository(settings);
  const token = settings.DAGSHUB_USER_TOKEN ?? settings.DAGSHUB_TOKEN;
  if (!dagshub || token !== undefined || settings.MLFLOW_TRACKING_URI !== undefined)
    return await readHomes(env, { repository });
  const open = `${dagshub.host}/${dagshub.owner}/${dagshub.name}.dvc`;
  const nobody = { ...env, DAGSHUB_REPO: '', PERENNIAL_REMOTE: settings.PERENNIAL_REMOTE ?? open };
  return await readHomes(nobody, { repository });
}
