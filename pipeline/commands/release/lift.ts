import { addToHistory, readHistory } from '../../clients/history-folder.ts';
import { UsageError } from '../../contracts/errors.ts';
import type { HistoryEntry } from '../../contracts/promotion.ts';
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
  const at = environment.now().toISOString();
  const lifted = liftNewest(await readHistory(history), { model, at, by: whoPromotes(), why });
  await addToHistory(history, lifted);
  environment.console.print(`${model}: ${lifted.to} and its recipe are barred no longer.`);
}

/** @param history in the order of time
 *  @returns the entry that lifts the newest bar
 *  @throws UsageError where there is none */
export function liftNewest(
  history: HistoryEntry[],
  { model, at, by, why }: { model: string } & Pick<HistoryEntry, 'at' | 'by' | 'why'>,
): HistoryEntry {
  const bar = history.findLast(
    ({ barred }, index) => barred && !history.slice(index + 1).some(({ lifted }) => lifted === barred.digest),
  );
  if (!bar?.barred)
    throw new UsageError(`nothing of ${model} is barred`, {
      hint: `reports/${model}/history tells what was rolled back, and what was lifted`,
    });
  return { at, kind: 'lift', by, from: null, to: bar.from, why, lifted: bar.barred.digest };
}
