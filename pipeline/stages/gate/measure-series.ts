import type { DuckDBConnection } from '@duckdb/node-api';
import { STEP_MS } from '../../contracts/panel.ts';
import { type Falls, findFalls } from './falls.ts';
import { missingOfTract, missingSteps } from './holes.ts';
import { findShifts } from './level-shift.ts';
import type { Calendar, LevelShift, TotalFalls } from './measurements.ts';
import type { Place } from './places.ts';
import { identifier } from './sql.ts';
import type { TablePlan } from './table-plan.ts';

export interface SeriesMeasurements {
  calendar: Calendar;
  totals: TotalFalls[];
  levels: LevelShift[];
  /** Cells of `typed` to treat as unknown. */
  masked: { tract: number; time: number; name: string }[];
  /** Column of the source → whether it only grows; absent: too little to tell. */
  running: Map<string, boolean>;
  /** Steps with a value of the target, by tract. */
  lengths: Map<number, number>;
}

/** Measures that may be running totals, whatever their names say. */
const MAYBE_TOTALS = ['total_cases', 'tests', 'deaths', 'hospitalised'];
const MAX_MASKED = 100_000;

/** Reads `typed` once in the order of tract and time and looks at each series; only one tract is held at a time. */
export async function measureSeries(
  connection: DuckDBConnection,
  plan: TablePlan,
  places: readonly Place[],
): Promise<SeriesMeasurements> {
  const names = plan.measures.map(({ name }) => name);
  const place = new Map(places.map((one) => [one.tract, one]));
  const published = await distinctTimes(connection);
  const collected = names.map(() => new Collected(weekOf(published[0])));
  const worst: Calendar['worst'] = [];
  const lengths = new Map<number, number>();
  const target = names.indexOf(plan.target?.name ?? 'new_cases');

  await eachTract(connection, names, (tract, times, series) => {
    const one = place.get(tract);
    if (!one) return;
    const { missing, first } = missingOfTract(times, published);
    if (missing > 0)
      worst.push({ id: one.id, name: one.name, missing, first: day(first ?? times[0], plan.step) });
    lengths.set(tract, target < 0 ? times.length : known(series[target]));
    series.forEach((values, i) => {
      collected[i].add(one, times, values, { totals: names[i] !== 'value', step: plan.step });
    });
  });

  const missing = missingSteps(published, plan.step);
  const running = collected.map((column, i) => names[i] === 'total_cases' || column.isRunning());
  return {
    calendar: {
      step: plan.step,
      missing: missing.length,
      examples: missing.slice(0, 5).map((time) => day(time, plan.step)),
      worst: worst.sort((a, b) => b.missing - a.missing).slice(0, 1000),
    },
    totals: names.flatMap((name, i) =>
      running[i] && MAYBE_TOTALS.includes(name)
        ? [collected[i].totals(plan.measures[i].column, plan.step)]
        : [],
    ),
    levels: names.flatMap((_, i) => collected[i].shifts(plan.measures[i].column, running[i])),
    masked: names.flatMap((name, i) =>
      running[i] ? collected[i].masked.map((cell) => ({ ...cell, name })) : [],
    ),
    running: new Map(
      names.flatMap((_, i) =>
        collected[i].canTell() ? [[plan.measures[i].column, collected[i].isRunning()]] : [],
      ),
    ),
    lengths,
  };
}

/** What is gathered of one column over all tracts. */
class Collected {
  readonly masked: { tract: number; time: number }[] = [];
  private readonly sum = { steps: 0, rises: 0, falls: 0, deep: 0 };
  private readonly examples: { text: string; time: number; deep: boolean }[] = [];
  private readonly tracts: { name: string; tract: number }[] = [];
  private readonly weekly = { level: [] as number[][], growth: [] as number[][] };
  private readonly origin: number;

  /** @param origin week of index 0 */
  constructor(origin: number) {
    this.origin = origin;
  }

  add(
    place: Place,
    times: Float64Array,
    values: Float64Array,
    about: { totals: boolean; step: TablePlan['step'] },
  ) {
    if (about.totals) this.addFalls(place, times, values, findFalls(values));
    if (about.step !== 'month') this.addWeeks(times, values, about.totals);
    this.tracts.push({ name: place.name, tract: place.tract });
  }

  canTell(): boolean {
    return this.sum.rises + this.sum.falls >= 28;
  }

  /** Few of its changes are falls: a total, whatever the column is called. */
  isRunning(): boolean {
    const { rises, falls } = this.sum;
    return rises >= 14 && falls / (rises + falls) < 0.1;
  }

  totals(column: string, step: TablePlan['step']): TotalFalls {
    const examples = [...this.examples].sort((a, b) => Number(b.deep) - Number(a.deep)).slice(0, 5);
    return {
      column,
      steps: this.sum.steps,
      falls: this.sum.falls,
      deep: this.sum.deep,
      masked: this.masked.length,
      examples: examples.map(({ text, time }) => `${text} on ${day(time, step)}`),
    };
  }

  shifts(column: string, running: boolean): LevelShift[] {
    const changes = running ? this.weekly.growth : this.weekly.level;
    return findShifts(Array.from(changes, (week) => week ?? [])).map(({ week, jump, score, tracts }) => ({
      column,
      at: day((this.origin + week) * STEP_MS.week + MONDAY, 'day'),
      ratio: Math.exp(jump),
      score,
      tracts,
    }));
  }

  private addFalls(place: Place, times: Float64Array, values: Float64Array, found: Falls): void {
    this.sum.steps += found.steps;
    this.sum.rises += found.rises;
    this.sum.falls += found.falls;
    this.sum.deep += found.deep.length;
    for (const i of found.masked) {
      if (this.masked.length < MAX_MASKED) this.masked.push({ tract: place.tract, time: times[i] });
    }
    for (const i of [...found.deep, ...found.masked]) {
      if (this.examples.length >= 200) break;
      const deep = found.deep.includes(i);
      this.examples.push({
        text: `${place.name}: ${values[i]}${deep ? '' : ' (came back, masked)'}`,
        time: times[i],
        deep,
      });
    }
  }

  private addWeeks(times: Float64Array, values: Float64Array, maybeTotal: boolean): void {
    addChanges(this.weekly.level, weeklyMeans(times, values), this.origin);
    if (maybeTotal) addChanges(this.weekly.growth, weeklyGrowth(times, values), this.origin);
  }
}

const MONDAY = 4 * STEP_MS.day; // 1970-01-05, the first Monday of the epoch

function weekOf(time: number): number {
  return Math.floor((time - MONDAY) / STEP_MS.week);
}

type Weeks = Map<number, number>;

/** Mean of the known values of each week. */
function weeklyMeans(times: Float64Array, values: Float64Array): Weeks {
  const weeks: Weeks = new Map();
  let [week, sum, n] = [Number.NaN, 0, 0];
  for (let i = 0; i < times.length; i++) {
    const at = weekOf(times[i]);
    if (at !== week) {
      if (n > 0) weeks.set(week, sum / n);
      [week, sum, n] = [at, 0, 0];
    }
    if (!Number.isNaN(values[i])) [sum, n] = [sum + values[i], n + 1];
  }
  if (n > 0) weeks.set(week, sum / n);
  return weeks;
}

/** How much a running total grew per week: last known value against that of the week before. */
function weeklyGrowth(times: Float64Array, values: Float64Array): Weeks {
  const last: Weeks = new Map();
  for (let i = 0; i < times.length; i++) if (!Number.isNaN(values[i])) last.set(weekOf(times[i]), values[i]);
  const growth: Weeks = new Map();
  for (const [week, value] of last) {
    const before = last.get(week - 1);
    if (before !== undefined) growth.set(week, value - before);
  }
  return growth;
}

/** Changes of the logarithm; weeks of less than ten say nothing about a level. */
function addChanges(changes: number[][], weeks: Weeks, origin: number): void {
  for (const [week, value] of weeks) {
    const before = weeks.get(week - 1);
    if (before === undefined || !(value >= 10) || !(before >= 10)) continue;
    changes[week - origin] ??= [];
    changes[week - origin].push(Math.log(value / before));
  }
}

async function distinctTimes(connection: DuckDBConnection): Promise<Float64Array> {
  const read = await connection.runAndReadAll(
    'SELECT epoch_ms(time)::DOUBLE FROM (SELECT DISTINCT time FROM typed) ORDER BY 1',
  );
  return Float64Array.from(read.getRows(), ([time]) => Number(time));
}

type Visit = (tract: number, times: Float64Array, series: Float64Array[]) => void;

/** Calls `visit` per tract. `typed` was written in the order of tract and time and is read in that order: sorting
 *  it again would cost more than everything else here. The arrays are valid during the visit only. */
async function eachTract(
  connection: DuckDBConnection,
  names: readonly string[],
  visit: Visit,
): Promise<void> {
  const cells = names.map((name) => `coalesce(${identifier(name)}, 'nan'::DOUBLE)`);
  const result = await connection.stream(
    `SELECT ${['tract::DOUBLE', 'epoch_ms(time)::DOUBLE', ...cells].join(', ')} FROM typed`,
  );
  let tract = Number.NEGATIVE_INFINITY;
  let length = 0;
  let columns: Float64Array[] = Array.from({ length: names.length + 1 }, () => new Float64Array(4096));
  const flush = () => {
    if (length === 0) return;
    const [times, ...series] = columns.map((column) => column.subarray(0, length));
    visit(tract, times, series);
    length = 0;
  };
  for (;;) {
    const chunk = await result.fetchChunk();
    if (!chunk || chunk.rowCount === 0) break;
    const vectors = Array.from({ length: chunk.columnCount }, (_, i) => doubles(chunk.getColumnVector(i)));
    for (let from = 0; from < chunk.rowCount; ) {
      const own = vectors[0][from];
      if (own !== tract) {
        flush();
        if (own < tract) throw new Error('typed rows are not in the order of their tracts');
        tract = own;
      }
      let to = from + 1;
      while (to < chunk.rowCount && vectors[0][to] === own) to++;
      if (length + to - from > columns[0].length) columns = columns.map((column) => grown(column));
      for (const [i, column] of columns.entries()) column.set(vectors[i + 1].subarray(from, to), length);
      length += to - from;
      from = to;
    }
  }
  flush();
}

function grown(column: Float64Array): Float64Array {
  const larger = new Float64Array(2 * column.length);
  larger.set(column);
  return larger;
}

function doubles(vector: object): Float64Array {
  return (vector as { items: Float64Array }).items;
}

function known(values: Float64Array): number {
  let n = 0;
  for (const value of values) if (!Number.isNaN(value)) n++;
  return n;
}

function day(time: number, step: TablePlan['step']): string {
  const text = new Date(time).toISOString();
  return step === 'hour' ? text.slice(0, 16).replace('T', ' ') : text.slice(0, 10);
}
