import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { identifier, quote, withDuckDB } from '../../clients/duckdb.ts';
import type { FeatureSchema, FeatureStatistics } from '../../contracts/features.ts';
import { timeAt } from '../../contracts/panel.ts';
import {
  binEdges,
  type ColumnFacts,
  type Missingness,
  MOST,
  type ProfileData,
  type SeriesPoints,
  stepsPerPoint,
} from './profile-data.ts';

/** Rows from which correlations are told apart well enough; more only cost time. */
const CORRELATED_ROWS = 300_000;
const HISTOGRAM_BARS = 16;

type Row = Record<string, unknown>;

/** Aggregates `dataset.parquet` in SQL: only what the page shows is ever held in memory. */
export async function readDataset(
  directory: string,
  schema: FeatureSchema,
  statistics: FeatureStatistics,
): Promise<ProfileData> {
  return withDuckDB(async (db) => {
    await prepare(db, join(directory, 'dataset.parquet'), schema);
    const [total] = await rowsOf(
      db,
      `select count(*) filter (s >= since) as expected, count(*) filter (s >= since and not observed) as missing from d`,
    );
    const axis = { step: schema.step, start: Date.parse(schema.start), stepMs: schema.step_ms };
    const correlated = await correlations(db, schema);
    return {
      model: schema.model,
      target: schema.target,
      scale: schema.scale,
      step: schema.step,
      first: axis.start,
      last: timeAt(axis, Math.max(0, schema.length - 1)),
      tracts: schema.tracts.length,
      expected: Number(total.expected),
      missing: Number(total.missing),
      delay: schema.delay,
      overall: await overall(db, schema),
      shown: await shownTracts(db, schema),
      missingness: await missingness(db, schema),
      distribution: await distribution(db, schema, statistics),
      cycle: await cycle(db, schema),
      columns: await columnFacts(db, schema, statistics),
      ...correlated,
    };
  });
}

async function rowsOf(db: DuckDBConnection, sql: string): Promise<Row[]> {
  return (await db.runAndReadAll(sql)).getRowObjects();
}

const numberOrNull = (value: unknown): number | null => {
  const number = value === null || value === undefined ? Number.NaN : Number(value);
  return Number.isFinite(number) ? number : null;
};

/** View `d`: the data set with `s`, the step's index, and `since`, the index of the tract's first value. */
async function prepare(db: DuckDBConnection, path: string, schema: FeatureSchema): Promise<void> {
  const start = Date.parse(schema.start);
  const index =
    schema.step === 'month'
      ? `datediff('month', epoch_ms(${start}::bigint), time)`
      : `((epoch_ms(time) - ${start}) / ${schema.step_ms})::integer`;
  await db.run(`create view raw as select *, ${index} as s from read_parquet(${quote(path)})`);
  await db.run(
    `create table tract as select tract_id, min(s) filter (observed) as since,
       sum(value) as volume, count(*) filter (not observed) as unpublished from raw group by tract_id`,
  );
  await db.run(
    'create view d as select raw.*, tract.since from raw join tract using (tract_id) where tract.since is not null',
  );
}

async function overall(db: DuckDBConnection, schema: FeatureSchema): Promise<SeriesPoints> {
  const size = stepsPerPoint(schema.step, schema.length);
  const combined = schema.scale === 'count' ? 'sum' : 'avg';
  const rows = await rowsOf(
    db,
    `select s // ${size} as point, avg(value) as value, avg(filled) as filled from (
       select s, ${combined}(value) as value, avg((not observed)::integer) as filled from d where s >= since group by s
     ) group by 1 order by 1`,
  );
  return points(rows, schema, size);
}

/** Puts aggregated rows (point, value, filled) on the time axis; a point without a row stays empty. */
function points(rows: Row[], schema: FeatureSchema, size: number, from = 0): SeriesPoints {
  const axis = { step: schema.step, start: Date.parse(schema.start), stepMs: schema.step_ms };
  const count = Math.max(0, Math.ceil((schema.length - from) / size));
  const series: SeriesPoints = {
    stepsPerPoint: size,
    times: Array.from({ length: count }, (_, point) => timeAt(axis, from + point * size)),
    values: new Array(count).fill(null),
    filled: new Array(count).fill(0),
  };
  for (const row of rows) {
    const point = Number(row.point);
    if (point < 0 || point >= count) continue;
    series.values[point] = numberOrNull(row.value);
    series.filled[point] = Number(row.filled ?? 0);
  }
  return series;
}

/** The largest tracts, and those with the most gaps. */
async function shownTracts(db: DuckDBConnection, schema: FeatureSchema): Promise<ProfileData['shown']> {
  const size = stepsPerPoint(schema.step, schema.length);
  const recentFrom = Math.max(0, schema.length - MOST.recent);
  await db.run(
    `create table shown as select tract_id, row_number() over (order by volume desc nulls last, tract_id) as rank,
       row_number() over (order by unpublished desc, tract_id) as gaps, unpublished from tract where since is not null
     qualify rank <= ${(MOST.tracts * 3) / 4} or gaps <= ${MOST.tracts / 4}`,
  );
  const select = (point: string, where: string) => `select tract_id, ${point} as point, avg(value) as value,
      avg((not observed)::integer) filter (s >= since) as filled
    from d join shown using (tract_id) where ${where} group by all order by all`;
  const history = grouped(await rowsOf(db, select(`s // ${size}`, 's >= since')));
  const recent = grouped(await rowsOf(db, select(`s - ${recentFrom}`, `s >= since and s >= ${recentFrom}`)));
  const names = new Map(schema.tracts.map(({ id, name }) => [id, name]));
  const order = await rowsOf(db, 'select tract_id, unpublished from shown order by rank');
  return order.map((row) => {
    const id = String(row.tract_id);
    return {
      id,
      name: names.get(id) ?? id,
      missing: Number(row.unpublished),
      history: points(history.get(id) ?? [], schema, size),
      recent: points(recent.get(id) ?? [], schema, 1, recentFrom),
    };
  });
}

function grouped(rows: Row[]): Map<string, Row[]> {
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const id = String(row.tract_id);
    const group = groups.get(id);
    if (group) group.push(row);
    else groups.set(id, [row]);
  }
  return groups;
}

async function missingness(db: DuckDBConnection, schema: FeatureSchema): Promise<Missingness> {
  const period = await periodOf(db);
  const share = 'avg((not observed)::integer)';
  const all = await rowsOf(
    db,
    `select ${period} as period, ${share} as share from d where s >= since group by 1 order by 1`,
  );
  const periods = all.map((row) => String(row.period));
  const cells = grouped(
    await rowsOf(
      db,
      `with worst as (
         select tract_id, ${share} as gap from d where s >= since group by 1
         order by gap desc, tract_id limit ${MOST.missingRows})
       select tract_id, gap, ${period} as period, ${share} as share from d join worst using (tract_id)
       where s >= since group by all order by gap desc, tract_id, period`,
    ),
  );
  const names = new Map(schema.tracts.map(({ id, name }) => [id, name]));
  return {
    periods,
    all: all.map((row) => numberOrNull(row.share)),
    rows: [...cells].map(([id, rows]) => {
      const shares = new Map(rows.map((row) => [String(row.period), numberOrNull(row.share)]));
      return { id, name: names.get(id) ?? id, shares: periods.map((one) => shares.get(one) ?? null) };
    }),
  };
}

/** Months, quarters or years: the first that gives few enough columns. */
async function periodOf(db: DuckDBConnection): Promise<string> {
  const forms = [
    `strftime(time, '%Y-%m')`,
    `strftime(time, '%Y') || ' Q' || quarter(time)`,
    `strftime(time, '%Y')`,
  ];
  for (const form of forms) {
    const [{ n }] = await rowsOf(db, `select count(distinct ${form}) as n from raw`);
    if (Number(n) <= MOST.periods) return form;
  }
  return `(year(time) // 10 * 10)::varchar || 's'`;
}

async function distribution(
  db: DuckDBConnection,
  schema: FeatureSchema,
  statistics: FeatureStatistics,
): Promise<ProfileData['distribution']> {
  const [range] = await rowsOf(db, 'select min(value) as low, max(value) as high from d where observed');
  const low = numberOrNull(range.low);
  const high = numberOrNull(range.high);
  if (low === null || high === null) return [];
  const known = statistics.columns.value;
  const edges =
    schema.scale === 'count'
      ? binEdges('count', low, high)
      : binEdges('real', known?.q01 ?? low, known?.q99 ?? high);
  const counts = edges.map((edge, k) => {
    const from = k === 0 ? '' : `value >= ${edge} and `;
    const to = k === edges.length - 1 ? 'true' : `value < ${edges[k + 1]}`;
    return `count(*) filter (${from}${to}) as b${k}`;
  });
  const [row] = await rowsOf(db, `select ${counts.join(', ')} from d where observed and value is not null`);
  return edges.map((edge, k) => ({
    label: binLabel(schema.scale, edges, k, edge),
    count: Number(row[`b${k}`]),
  }));
}

function binLabel(scale: 'count' | 'real', edges: number[], k: number, edge: number): string {
  const text = (value: number) => value.toLocaleString('en-US', { maximumSignificantDigits: 6 });
  const next = edges[k + 1];
  if (scale === 'count' && k === 0) return low0(edges);
  if (next === undefined) return `${text(edge)} and more`;
  if (scale === 'count') return next - edge === 1 ? text(edge) : `${text(edge)} – ${text(next - 1)}`;
  return k === 0 ? `under ${text(next)}` : `${text(edge)} – ${text(next)}`;
}

/** The first bar of counts also holds the negative ones, where a portal has such. */
const low0 = (edges: number[]) => (edges.length > 1 ? '0 or less' : 'all');

/** How far each hour, weekday or month stands from the mean of the time around it, over all tracts. */
async function cycle(db: DuckDBConnection, schema: FeatureSchema): Promise<ProfileData['cycle']> {
  const kinds = {
    hour: { name: 'hour of the day', key: 'hour(time)', around: 24, labels: HOURS, offset: 0 },
    day: { name: 'weekday', key: 'isodow(time)', around: 7, labels: WEEKDAYS, offset: 1 },
    week: { name: 'month', key: 'month(time)', around: 52, labels: MONTHS, offset: 1 },
    month: { name: 'month', key: 'month(time)', around: 12, labels: MONTHS, offset: 1 },
  };
  const { name, key, around, labels, offset } = kinds[schema.step];
  const half = Math.floor(around / 2);
  const rows = await rowsOf(
    db,
    `select ${key} as part, sum(value) filter (observed) / nullif(sum(near) filter (observed), 0) as ratio,
       count(*) filter (observed) as n
     from (select time, value, observed, avg(value) over (
       partition by tract_id order by s rows between ${half} preceding and ${around - 1 - half} following) as near
       from d where s >= since) group by 1 order by 1`,
  );
  const found = new Map(rows.map((row) => [Number(row.part), row]));
  return {
    name,
    rows: labels.map((label, index) => {
      const row = found.get(index + offset);
      return { label, ratio: numberOrNull(row?.ratio), n: Number(row?.n ?? 0) };
    }),
  };
}

const WEEKDAYS = ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'];
const HOURS = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, '0')}:00`);
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

async function columnFacts(
  db: DuckDBConnection,
  schema: FeatureSchema,
  statistics: FeatureStatistics,
): Promise<ColumnFacts[]> {
  const numeric = schema.columns.filter(({ type }) => type === 'number').slice(0, MOST.columns);
  const facts: ColumnFacts[] = [];
  for (const { name, unit, description } of numeric) {
    const column = identifier(name);
    const known = statistics.columns[name];
    // Measures beside the target have no statistics of their own: they are read from the data.
    const [row] = await rowsOf(
      db,
      `select quantile_cont(${column}, [0.01, 0.5, 0.99]) as q, avg((${column} is null)::integer) as empty
       from (select ${column} from raw ${known ? 'limit 0' : ''})`,
    );
    const read = (row.q as { items: unknown[] } | null)?.items ?? [];
    const [q01, median, q99] = known ? [known.q01, known.median, known.q99] : read.map(numberOrNull);
    facts.push({
      name,
      unit,
      description,
      q01: q01 ?? null,
      median: median ?? null,
      q99: q99 ?? null,
      nullShare: known ? known.null_share : Number(row.empty ?? 0),
      histogram: await histogram(db, column, q01 ?? null, q99 ?? null),
    });
  }
  return facts;
}

async function histogram(db: DuckDBConnection, column: string, low: number | null, high: number | null) {
  const bars: number[] = new Array(HISTOGRAM_BARS).fill(0);
  if (low === null || high === null || !(high > low)) return bars;
  const width = (high - low) / HISTOGRAM_BARS;
  const rows = await rowsOf(
    db,
    `select least(${HISTOGRAM_BARS - 1}, floor((${column} - (${low})) / ${width})::integer) as bar, count(*) as n
     from raw where ${column} between ${low} and ${high} group by 1`,
  );
  for (const row of rows) bars[Number(row.bar)] = Number(row.n);
  return bars;
}

/** The columns that go most closely with the value, among each other. */
async function correlations(
  db: DuckDBConnection,
  schema: FeatureSchema,
): Promise<Pick<ProfileData, 'correlations' | 'sampledRows'>> {
  const numeric = schema.columns.filter(({ type }) => type === 'number').map(({ name }) => name);
  const others = numeric.filter((name) => name !== 'value').slice(0, MOST.columns);
  if (!numeric.includes('value') || others.length === 0) {
    return { correlations: { names: [], matrix: [] }, sampledRows: null };
  }
  // A sample by hash, so that the same data show the same figures.
  const step = Math.max(1, Math.ceil(schema.rows / CORRELATED_ROWS));
  await db.run(
    `create table sample as select ${['value', ...others].map(identifier).join(', ')} from d
     where observed and hash(tract_id, s) % ${step} = 0`,
  );
  const pair = (a: string, b: string, at: number) => `corr(${identifier(a)}, ${identifier(b)}) as c${at}`;
  const [withValue] = await rowsOf(
    db,
    `select count(*) as n, ${others.map((name, at) => pair('value', name, at)).join(', ')} from sample`,
  );
  const strength = (at: number) => Math.abs(numberOrNull(withValue[`c${at}`]) ?? -1);
  const names = [
    'value',
    ...others
      .map((name, at) => ({ name, strength: strength(at) }))
      .sort((a, b) => b.strength - a.strength || (a.name < b.name ? -1 : 1))
      .slice(0, MOST.correlated - 1)
      .map(({ name }) => name),
  ];
  const pairs = names.flatMap((a, i) => names.slice(0, i).map((b) => [a, b]));
  const [row] = await rowsOf(
    db,
    `select ${pairs.map(([a, b], at) => pair(a, b, at)).join(', ')} from sample`,
  );
  const matrix = names.map((_, i) =>
    names.map((_, j) => (i === j ? 1 : numberOrNull(row[`c${pairIndex(i, j)}`]))),
  );
  return { correlations: { names, matrix }, sampledRows: step > 1 ? Number(withValue.n) : null };
}

/** Place of (i, j) among the pairs below the diagonal, row after row. */
function pairIndex(i: number, j: number): number {
  const [row, column] = i > j ? [i, j] : [j, i];
  return (row * (row - 1)) / 2 + column;
}
