import { z } from 'zod';
import { CorruptError } from '../contracts/errors.ts';
import { LEVELS, type ScoredForecasts } from '../contracts/forecast.ts';
import { indexAt, type Step, timeAt } from '../contracts/panel.ts';
import { type Column, readColumns, writeColumns } from './parquet-columns.ts';

/** What a forecast table's indices point into. */
export interface Grid {
  step: Step;
  start: number;
  stepMs: number;
  length: number;
  tracts: { id: string; name: string }[];
}

/** Forecasts of many models as one Parquet file, whole or not at all.
 *  Columns: model, tract (id), cutoff and target_time (timestamps), horizon, truth, point, q0.025 … q0.975.
 *  @param panel what the tables' tract and cutoff indices point into */
export async function writeForecasts(path: string, tables: ScoredForecasts[], panel: Grid): Promise<void> {
  const rows = tables.reduce((sum, table) => sum + table.tract.length, 0);
  const model = new Array<string>(rows);
  const tract = new Array<string>(rows);
  const cutoff = new Float64Array(rows);
  const target = new Float64Array(rows);
  const horizon = new Int32Array(rows);
  const truth = new Float64Array(rows);
  const point = new Float64Array(rows);
  const quantiles = LEVELS.map(() => new Float64Array(rows));

  let at = 0;
  for (const table of tables) {
    for (let row = 0; row < table.tract.length; row++, at++) {
      model[at] = table.model;
      tract[at] = panel.tracts[table.tract[row]].id;
      cutoff[at] = timeAt(panel, table.cutoff[row]);
      target[at] = timeAt(panel, table.cutoff[row] + table.horizon[row]);
      horizon[at] = table.horizon[row];
      truth[at] = table.truth[row];
      point[at] = table.point[row];
      for (let k = 0; k < LEVELS.length; k++) quantiles[k][at] = table.quantiles[row * LEVELS.length + k];
    }
  }
  const columns: Column[] = [
    { name: 'model', type: 'STRING', data: model },
    { name: 'tract', type: 'STRING', data: tract },
    { name: 'cutoff', type: 'TIMESTAMP', data: cutoff },
    { name: 'horizon', type: 'INT32', data: horizon },
    { name: 'target_time', type: 'TIMESTAMP', data: target },
    { name: 'truth', type: 'DOUBLE', data: truth },
    { name: 'point', type: 'DOUBLE', data: point },
    ...LEVELS.map((level, k): Column => ({ name: `q${level}`, type: 'DOUBLE', data: quantiles[k] })),
  ];
  const { step, start, stepMs, length } = panel;
  const tracts = panel.tracts.map(({ id, name }) => ({ id, name }));
  await writeColumns(path, columns, { step, start, stepMs, length, tracts });
}

/** @returns the tables in the order written, and the grid their indices point into; null if there is no such file
 *  @throws CorruptError if the file is not one of `writeForecasts` */
export async function readForecasts(path: string): Promise<{ tables: ScoredForecasts[]; grid: Grid } | null> {
  const columns = await readColumns(path);
  if (!columns) return null;
  const grid = StoredGrid.safeParse(columns.about);
  if (!grid.success)
    throw new CorruptError(`${path} is no forecast file: it does not say what its indices point into`, {
      cause: grid.error,
      hint: 'delete it and run train again',
    });

  const tractIndex = new Map(grid.data.tracts.map(({ id }, index) => [id, index]));
  const models = columns.strings('model');
  const tracts = columns.strings('tract');
  const cutoffs = columns.numbers('cutoff');
  const horizons = columns.integers('horizon');
  const truths = columns.numbers('truth');
  const points = columns.numbers('point');
  const quantiles = LEVELS.map((level) => columns.numbers(`q${level}`));

  const tables = runs(models).map(({ model, from, to }): ScoredForecasts => {
    const n = to - from;
    const table: ScoredForecasts = {
      model,
      tract: new Int32Array(n),
      cutoff: new Int32Array(n),
      horizon: Uint8Array.from(horizons.subarray(from, to)),
      truth: truths.slice(from, to),
      point: points.slice(from, to),
      quantiles: new Float64Array(n * LEVELS.length),
    };
    for (let row = 0; row < n; row++) {
      const index = tractIndex.get(tracts[from + row]);
      if (index === undefined)
        throw new CorruptError(`${path}: tract ${tracts[from + row]} is not in its grid`);
      table.tract[row] = index;
      table.cutoff[row] = indexAt(grid.data, cutoffs[from + row]);
      for (let k = 0; k < LEVELS.length; k++)
        table.quantiles[row * LEVELS.length + k] = quantiles[k][from + row];
    }
    return table;
  });
  return { tables, grid: grid.data };
}

const StoredGrid = z.object({
  step: z.enum(['hour', 'day', 'week', 'month']),
  start: z.number(),
  stepMs: z.number().positive(),
  length: z.number().int().nonnegative(),
  tracts: z.array(z.object({ id: z.string(), name: z.string() })),
});

/** Stretches of rows of one model: tables are written one after the other. */
function runs(models: string[]): { model: string; from: number; to: number }[] {
  const found: { model: string; from: number; to: number }[] = [];
  models.forEach((model, row) => {
    const last = found.at(-1);
    if (last?.model === model) last.to = row + 1;
    else found.push({ model, from: row, to: row + 1 });
  });
  return found;
}
