import { addToHistory, readHistory } from '../../clients/history-folder.ts';
import { UsageError } from '../../contracts/errors.ts';
import { modelParams, readParams } from '../../params.ts';
import { paths, REPOSITORY } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { whoPromotes } from '../outside.ts';
import { workspaceOf } from '../written.ts';

/** `perennial lift`: what the newest rollback has barred may be promoted again. It is one file in the model's history;
 *  where git is the truth it counts once it is merged. */
export async function liftCommand(
  environment: Environment,
  model: string,
  { why }: { why: string },
): Promise<void> {
  const params = await readParams(REPOSITORY);
  modelParams(params, model);
  const { history } = paths(workspaceOf(params.promotion.mode), model);
  const entries = await readHistory(history);
  const bar = entries.findLast(
    ({ barred }, at) => barred && !entries.slice(at + 1).some(({ lifted }) => lifted === barred.digest),
  );
  if (!bar?.barred) throw new UsageError(`nothing of ${model} is barred`);
  await addToHistory(history, {
    at: environment.now().toISOString(),
    kind: 'lift',
    by: whoPromotes(),
    from: null,
    to: bar.from,
    why,
    lifted: bar.barred.digest,
  });
  environment.console.print(`${model}: ${bar.from} and its recipe are barred no longer.`);
}
