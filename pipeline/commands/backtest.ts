import { join, resolve } from 'node:path';
import { markdownTable } from 'markdown-table';
import { collectSource } from '../clients/collect-source.ts';
import { readTargetPanel } from '../clients/dataset-file.ts';
import { isRemote } from '../clients/local-files.ts';
import { withScratch } from '../clients/scratch.ts';
import type { BacktestRow } from '../contracts/backtest.ts';
import { UsageError } from '../contracts/errors.ts';
import { indexAt, STEP_MS, type TargetPanel, timeAt } from '../contracts/panel.ts';
import { ModelParams } from '../contracts/params.ts';
import { writeWhole } from '../files.ts';
import { modelParams, readParams } from '../params.ts';
import { features } from '../stages/features/run.ts';
import { acceptOnce } from '../stages/gate/run.ts';
import { taskFor } from '../tasks/index.ts';
import { REPOSITORY, workspaceAt } from '../workspace.ts';
import { type Environment, stageContext } from './environment.ts';
import { standingIn } from './standing-in.ts';

export interface BacktestOptions {
  source: string;
  from: string;
  to: string;
  horizon: string;
  model?: string;
  target?: string;
  json?: string;
}

/** `perennial backtest`: the loop's own ingest, gate and features in a scratch workspace, then rolling cutoffs. */
export async function backtestCommand(environment: Environment, options: BacktestOptions): Promise<void> {
  const horizons = horizonsOf(options.horizon);
  const [from, to] = [day(options.from, '--from'), day(options.to, '--to')];
  if (from > to) throw new UsageError(`--from ${options.from} is after --to ${options.to}`);
  const base = standingIn();
  const source = isRemote(options.source) ? options.source : resolve(base, options.source);
  const params = await settings(options, source);
  const result = await withScratch(async (root) => {
    const context = stageContext(environment, workspaceAt(root), 'backtest', params);
    const files = await collectSource(source, join(root, 'source'), {
      signal: environment.signal,
      base: standingIn(),
    });
    await acceptOnce(context, files);
    await features(context);
    const { panel } = await readTargetPanel(context.paths.features);
    const step = environment.console.progress.start('backtest', 1);
    const scored = await taskFor(params.task).backtest({
      panel,
      ...scoredSteps(panel, { from, to }),
      horizons,
      seed: params.train.seed,
      onProgress: (share, note) => step.set(share, note),
      signal: environment.signal,
    });
    step.done(`${scored.rows.length} rows`);
    return scored;
  });
  const document = `${JSON.stringify({ rows: result.rows }, null, 2)}\n`;
  if (options.json === '-') {
    environment.console.print(document.trimEnd());
    return;
  }
  if (options.json) await writeWhole(resolve(base, options.json), document);
  environment.console.print(table(result.rows));
}

/** First and last step whose time lies on the days asked for. */
function scoredSteps(
  panel: TargetPanel,
  { from, to }: { from: number; to: number },
): { from: number; to: number } {
  let first = indexAt(panel, from);
  if (timeAt(panel, first) < from) first++;
  let last = indexAt(panel, to + STEP_MS.day);
  if (timeAt(panel, last) >= to + STEP_MS.day) last--;
  if (first >= panel.length || last < 0 || first > last) {
    const day = (index: number) => new Date(timeAt(panel, index)).toISOString().slice(0, 10);
    throw new UsageError(
      `the data run from ${day(0)} to ${day(panel.length - 1)}; nothing in it lies in the days asked for`,
    );
  }
  return { from: Math.max(0, first), to: Math.min(panel.length - 1, last) };
}

async function settings(options: BacktestOptions, source: string): Promise<ModelParams> {
  const base = options.model
    ? modelParams(await readParams(REPOSITORY), options.model, source)
    : ModelParams.parse({ task: 'forecast', source: { urls: [source] } });
  return options.target ? { ...base, target: options.target } : base;
}

function horizonsOf(list: string): number[] {
  const horizons = list.split(',').map(Number);
  if (
    horizons.length > 0 &&
    horizons.every((horizon) => Number.isInteger(horizon) && horizon >= 1 && horizon <= 60)
  ) {
    return [...new Set(horizons)].sort((a, b) => a - b);
  }
  throw new UsageError(`--horizon ${list}: expected whole numbers from 1 to 60, such as 1,7`);
}

function day(text: string, flag: string): number {
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageError(`${flag} ${text} is not a date`, { hint: 'write it as 2022-04-02' });
  return time;
}

function table(rows: BacktestRow[]): string {
  const share = (value: number | null) => (value === null ? '–' : `${(100 * value).toFixed(1)} %`);
  const number = (value: number | null) => (value === null ? '–' : value.toPrecision(4));
  return markdownTable(
    [
      ['model', 'target', 'horizon', 'n', 'MAE', 'RMSE', 'MAPE', 'WAPE', 'MASE', 'WIS', 'coverage 90 %'],
      ...rows.map((row) => [
        row.model,
        row.target,
        String(row.horizon),
        String(row.n),
        number(row.mae),
        number(row.rmse),
        share(row.mape),
        share(row.wape),
        number(row.mase),
        number(row.wis),
        share(row.coverage90),
      ]),
    ],
    { align: ['l', 'l', 'r', 'r', 'r', 'r', 'r', 'r', 'r', 'r', 'r'] },
  );
}
