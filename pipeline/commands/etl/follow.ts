import { markdownTable } from 'markdown-table';
import { CorruptError, PerennialError } from '../../contracts/errors.ts';
import type { Production } from '../../contracts/promotion.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { modelParams, readParams } from '../../params.ts';
import { taskFor } from '../../tasks/index.ts';
import { REPOSITORY, workspaceAt } from '../../workspace.ts';
import { type Environment, stageContext } from '../environment.ts';
import { type Outside, openOutside } from '../outside.ts';
import { openDesk } from './desk.ts';
import { robotFilesAt, robotFilesIn } from './left.ts';
import { tellWorkflow } from './outputs.ts';
import { productionOf, type RobotFiles } from './robot-files.ts';
import { verifyVersion } from './verify-version.ts';

export interface Followed {
  model: string;
  said: string;
  error: unknown;
}

/** `perennial follow`: lets the registry's `champion` point to what `production.json` names, once that is verified. A version
 *  that is not what it should be leaves the alias where it was. */
export async function followCommand(environment: Environment, options: { model?: string }): Promise<void> {
  const params = await readParams(REPOSITORY);
  if (options.model) modelParams(params, options.model);
  const files = await newestMaster(environment);
  const outside = await openOutside(environment);
  const followed: Followed[] = [];
  try {
    await outside.check();
    for (const model of options.model ? [options.model] : Object.keys(params.models)) {
      const production = productionOf(files, model);
      if (!production) continue;
      const entry = params.models[model];
      const context = stageContext(environment, workspaceAt(REPOSITORY), model, entry);
      followed.push(await followProduction(outside, context, production));
    }
  } finally {
    await outside.close();
  }
  await tellWorkflow(environment, {}, summaryOf(followed));
  const failed = followed.filter(({ error }) => error !== null);
  if (failed.length === 0) return;
  const [{ error }] = failed;
  const details = error instanceof PerennialError ? { hint: error.hint, exitCode: error.exitCode } : {};
  throw new PerennialError(failed.map(({ said }) => said).join('; '), { ...details, cause: error });
}

/** Moves the alias of one model, once what is named is verified. What went wrong is an answer, for others are followed
 *  all the same. */
export async function followProduction(
  outside: Outside,
  context: ReturnType<typeof stageContext>,
  production: Production,
): Promise<Followed> {
  const { model, params } = context;
  const registry = await outside.served(context);
  try {
    const before = await registry.pointer('champion');
    if (before === production.version)
      return { model, said: `${production.version} is the champion already`, error: null };
    await verifyVersion(production, registry, taskFor(params.task));
    await registry.setAlias('champion', production.version, before);
    return {
      model,
      said: `${production.version} is the champion now (before: ${before ?? 'none'})`,
      error: null,
    };
  } catch (error) {
    // The others are followed all the same.
    const said = error instanceof Error ? error.message : String(error);
    if (!(error instanceof CorruptError)) context.log.error({ err: error }, 'not followed');
    return { model, said, error };
  } finally {
    await registry.close();
  }
}

/** In a workflow master may have gone on since this run began, or the run may be an old one that is run again. */
async function newestMaster(environment: Environment): Promise<RobotFiles> {
  if (process.env.GITHUB_ACTIONS !== 'true') return robotFilesIn(REPOSITORY);
  const desk = await openDesk(environment);
  const master = (await desk.heads('master')).get('master');
  if (!master) throw new PerennialError(`${desk.github.repository} has no branch master`);
  return robotFilesAt(REPOSITORY, master);
}

function summaryOf(followed: Followed[]): string {
  if (followed.length === 0) return 'No model has a production.json: there is nothing to follow.';
  const rows = followed.map(({ model, said, error }) => [
    `\`${model}\``,
    error ? '✗' : '✓',
    escapeMarkdown(said),
  ]);
  return markdownTable([['Model', '', 'What is served'], ...rows]);
}
