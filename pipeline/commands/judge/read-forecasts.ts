import { parseColumns } from '../../clients/parquet-columns.ts';
import { LEVELS, type ScoredForecasts } from '../../contracts/forecast.ts';
import { indexAt, type TargetPanel, timeAt } from '../../contracts/panel.ts';
import { REVIEW_LIMITS } from '../../contracts/review.ts';
import { BROKEN, Refusal } from './refusal.ts';

/** Models in one file: the challenger, baselines and candidates. */
const MOST_MODELS = 30;
/** A forecast so many times larger than anything ever seen is none: sums of its square overflow, and an error that is
 *  no number would read as "cannot be told". */
const FARTHEST = 1e6;

/** Submitted forecasts as a table of the judge's own making: its rows, its truth, and of the file only point and
 *  quantiles. Who leaves out what was hard, says one thing twice, or forecasts other days is refused.
 *  @param own any table of the judge over the decide window: the rows that must be there
 *  @throws Refusal */
export async function readForecasts(
  bytes: Buffer,
  { panel, own }: { panel: TargetPanel; own: ScoredForecasts },
): Promise<{ challenger: ScoredForecasts; candidates: ScoredForecasts[] }> {
  const expected = own.tract.length;
  const columns = await columnsOf(bytes, expected * MOST_MODELS);
  const rows = rowIndex(own);
  const tractIndex = new Map(panel.tracts.map(({ id }, index) => [id, index]));
  const tables = new Map<string, { table: ScoredForecasts; seen: Uint8Array; found: number }>();

  for (let row = 0; row < columns.rows; row++) {
    const model = columns.model[row];
    if (!isName(model)) throw broken('a model in it has a name that is none');
    if (!tables.has(model) && tables.size >= MOST_MODELS) throw broken('it holds too many models');
    const into = tables.get(model) ?? emptyLike(own, model);
    tables.set(model, into);
    const tract = tractIndex.get(columns.tract[row]);
    if (tract === undefined) throw other('a tract that the data do not have');
    const time = columns.cutoff[row];
    const cutoff = indexAt(panel, time);
    if (!(timeAt(panel, cutoff) === time)) throw other('a moment that the data do not have');
    const at = rows.get(keyOf(tract, cutoff, columns.horizon[row]));
    if (at === undefined) throw other('days or horizons outside of the test');
    if (into.seen[at]) throw broken('it forecasts one day of one tract twice');
    into.seen[at] = 1;
    into.found++;
    into.table.point[at] = columns.point[row];
    for (let k = 0; k < LEVELS.length; k++)
      into.table.quantiles[at * LEVELS.length + k] = columns.quantiles[k][row];
  }

  const challenger = tables.get('challenger');
  if (!challenger || challenger.found < expected)
    throw new Refusal(
      'Forecasts are missing',
      `Forecasts are missing: ${challenger?.found ?? 0} of ${expected} were submitted, and a comparison without the hard ones would be none.`,
    );
  refuseAbsurd(challenger.table, panel);
  // Shown beside the others; what is not whole is not shown.
  const candidates = [...tables.values()].filter(
    ({ table, found }) => table.model !== 'challenger' && found === expected,
  );
  return { challenger: challenger.table, candidates: candidates.map(({ table }) => table) };
}

async function columnsOf(bytes: Buffer, maxRows: number) {
  try {
    const limits = { maxRows, maxBytes: REVIEW_LIMITS.unpackedBytes };
    const columns = await parseColumns('forecasts.parquet', bytes, limits);
    return {
      rows: columns.rows,
      model: columns.strings('model'),
      tract: columns.strings('tract'),
      cutoff: columns.numbers('cutoff'),
      horizon: columns.integers('horizon'),
      point: columns.numbers('point'),
      quantiles: LEVELS.map((level) => columns.numbers(`q${level}`)),
    };
  } catch (cause) {
    throw broken('it cannot be read', cause);
  }
}

function emptyLike(own: ScoredForecasts, model: string) {
  const { tract, cutoff, horizon, truth } = own;
  const point = new Float64Array(tract.length).fill(Number.NaN);
  const quantiles = new Float64Array(tract.length * LEVELS.length).fill(Number.NaN);
  const table: ScoredForecasts = { model, tract, cutoff, horizon, truth, point, quantiles };
  return { table, seen: new Uint8Array(tract.length), found: 0 };
}

/** NaN is left to the decision, which has a word for it. Of intervals all are there, or none. */
function refuseAbsurd({ point, quantiles }: ScoredForecasts, panel: TargetPanel): void {
  const largest = panel.values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  const absurd = (value: number) => Math.abs(value) > FARTHEST * largest;
  if (point.some(absurd) || quantiles.some(absurd))
    throw new Refusal(
      'No forecast',
      'A forecast is a million times larger than anything that was ever observed.',
    );
  const none = quantiles.reduce((count, value) => count + Number(Number.isNaN(value)), 0);
  if (none > 0 && none < quantiles.length)
    throw new Refusal('No forecast', `${none} bounds of intervals are no numbers.`);
}

function rowIndex({ tract, cutoff, horizon }: ScoredForecasts): Map<number, number> {
  const index = new Map<number, number>();
  for (let row = 0; row < tract.length; row++) index.set(keyOf(tract[row], cutoff[row], horizon[row]), row);
  return index;
}

/** One number for each; one that is beyond its place must not be taken for another. */
function keyOf(tract: number, cutoff: number, horizon: number): number {
  if (!(horizon >= 1 && horizon < 256 && cutoff >= 0 && cutoff < 2 ** 24)) return -1;
  return (tract * 2 ** 24 + cutoff) * 256 + horizon;
}

function isName(name: unknown): name is string {
  return typeof name === 'string' && /^[\w.-]{1,60}$/.test(name);
}

function other(what: string): Refusal {
  return new Refusal('Another test', `The submitted forecasts are of another test: they name ${what}.`);
}

function broken(what: string, cause?: unknown): Refusal {
  return new Refusal(BROKEN, `The submitted forecasts cannot be used: ${what}.`, { cause });
}
