import type { DuckDBConnection } from '@duckdb/node-api';
import { Collected, dayText } from './collected.ts';
import { missingOfTract, missingSteps } from './holes.ts';
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

/** Reads `typed` once in the order of tract and time and looks at each series; only one tract is held at a time. */
export async function measureSeries(
  connection: DuckDBConnection,
  plan: TablePlan,
  places: readonly Place[],
): Promise<SeriesMeasurements> {
  const names = plan.measures.map(({ name }) => name);
  const place = new Map(places.map((one) => [one.tract, one]));
  const published = await distinctTimes(connection);
  const collected = names.map(() => new Collected({ origin: published[0] ?? 0, tracts: places.length }));
  const worst: Calendar['worst'] = [];
  const lengths = new Map<number, number>();
  const target = names.indexOf(plan.target?.name ?? 'new_cases');

  await eachTract(connection, names, (tract, times, series) => {
    const one = place.get(tract);
    if (!one) return;
    const { missing, first } = missingOfTract(times, published);
    if (missing > 0)
      worst.push({ id: one.id, name: one.name, missing, first: dayText(first ?? times[0], plan.step) });
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
      examples: missing.slice(0, 5).map((time) => dayText(time, plan.step)),
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
