import type { DuckDBConnection } from '@duckdb/node-api';
import type { Measurements } from './measurements.ts';
import type { Place } from './places.ts';
import type { RawTable } from './read-table.ts';
import { identifier, literal } from './sql.ts';
import type { TablePlan } from './table-plan.ts';
import { count, FUTURE, NO_DATE, NO_TRACT, notNumber, texts } from './type-rows.ts';

type RowMeasurements = Pick<
  Measurements,
  'nulls' | 'unreadable' | 'outside' | 'exceeds' | 'futureRows' | 'firstTime' | 'lastTime'
>;

/** 2^53: beyond it whole numbers are not held exactly. */
export const LARGEST_EXACT = 9_007_199_254_740_992;

/** Pairs that cannot be: what the smaller may not exceed. */
const COVERS: { rule: string; smaller: string; greater: string }[] = [
  { rule: 'tests-cover-cases', smaller: 'total_cases', greater: 'tests' },
  { rule: 'tests-cover-cases', smaller: 'new_cases', greater: 'tests' },
  { rule: 'intensive-care-within-hospitalised', smaller: 'intensive_care', greater: 'hospitalised' },
];

/** Everything that can be counted without the order of time: two passes, over `raw` for what could not be typed
 *  and over `typed` for the rest. Cells that cannot be are then made unknown in `typed`. */
export async function measureRows(
  raw: RawTable,
  plan: TablePlan,
  places: readonly Place[],
): Promise<RowMeasurements> {
  const { connection } = raw;
  const typed = await countTyped(connection, plan);
  const outside = await maskImpossible(connection, plan, typed);
  return {
    nulls: await countNulls(raw, plan, typed),
    unreadable: await countUnreadable(raw, plan),
    outside: [...outside, ...coordinatesOutside(places)],
    exceeds: plausible(plan).map((pair, i) => ({
      rule: pair.rule,
      cells: Number(typed[`pairs_${i}`]),
      exceeding: Number(typed[`exceeding_${i}`]),
      examples: [],
    })),
    futureRows: await countFuture(connection, plan),
    firstTime: timestamp(typed.first_time),
    lastTime: timestamp(typed.last_time),
  };
}

type Counts = Record<string, unknown>;

async function countTyped(connection: DuckDBConnection, plan: TablePlan): Promise<Counts> {
  const parts = ['count(*) AS rows', 'min(time)::VARCHAR AS first_time', 'max(time)::VARCHAR AS last_time'];
  for (const { name } of plan.measures) {
    const cell = identifier(name);
    parts.push(`count(${cell}) AS ${identifier(`known_${name}`)}`);
    parts.push(`count(*) FILTER (${cell} < 0) AS ${identifier(`negative_${name}`)}`);
    parts.push(`count(*) FILTER (abs(${cell}) > ${LARGEST_EXACT}) AS ${identifier(`huge_${name}`)}`);
  }
  plausible(plan).forEach(({ smaller, greater }, i) => {
    const [small, great] = [identifier(smaller), identifier(greater)];
    parts.push(`count(*) FILTER (${small} IS NOT NULL AND ${great} IS NOT NULL) AS pairs_${i}`);
    parts.push(`count(*) FILTER (${small} > ${great}) AS exceeding_${i}`);
  });
  return (await connection.runAndReadAll(`SELECT ${parts.join(', ')} FROM typed`)).getRowObjects()[0];
}

function plausible(plan: TablePlan) {
  const has = (name: string) => plan.measures.some((measure) => measure.name === name);
  // Tests of a day cover the day's cases, all tests all cases; the other comparison says nothing.
  const like = (smaller: string) =>
    smaller === 'intensive_care' || (smaller === 'total_cases') === plan.running.has('tests');
  return COVERS.filter(({ smaller, greater }) => has(smaller) && has(greater) && like(smaller));
}

/** A negative count is a correction booked on one day, a number beyond 2^53 an overflow: unknown, both of them. */
async function maskImpossible(
  connection: DuckDBConnection,
  plan: TablePlan,
  typed: Counts,
): Promise<Measurements['outside']> {
  const found: Measurements['outside'] = [];
  for (const measure of plan.measures) {
    const cells = Number(typed[`known_${measure.name}`]);
    const rules = [
      {
        rule: 'not negative',
        where: '< 0',
        outside: measure.role === 'value' ? 0 : Number(typed[`negative_${measure.name}`]),
      },
      { rule: 'within ±2^53', where: null, outside: Number(typed[`huge_${measure.name}`]) },
    ];
    for (const { rule, where, outside } of rules) {
      if (outside === 0) continue;
      const cell = identifier(measure.name);
      const condition = where ? `${cell} ${where}` : `abs(${cell}) > ${LARGEST_EXACT}`;
      const examples = await texts(
        connection,
        `SELECT 'line ' || _line || ': ' || id || ' ' || strftime(time, '%Y-%m-%d') || ' = ' || format('{:.0f}', ${cell})
           FROM typed JOIN tracts USING (tract) WHERE ${condition} ORDER BY _file, _line LIMIT 5`,
      );
      found.push({ column: measure.column, role: measure.role, rule, cells, outside, examples });
      await connection.run(`UPDATE typed SET ${cell} = NULL WHERE ${condition}`);
    }
  }
  return found;
}

function coordinatesOutside(places: readonly Place[]): Measurements['outside'] {
  const axes = [
    { role: 'latitude', limit: 90, of: (place: Place) => place.latitude },
    { role: 'longitude', limit: 180, of: (place: Place) => place.longitude },
  ];
  return axes.flatMap(({ role, limit, of }) => {
    const bad = places.filter((place) => Math.abs(of(place) ?? 0) > limit);
    if (bad.length === 0) return [];
    const examples = bad.slice(0, 5).map((place) => `${place.name}: ${of(place)}`);
    return [
      { column: role, role, rule: `within ±${limit}`, cells: places.length, outside: bad.length, examples },
    ];
  });
}

/** Nulls of date and tract over all rows (such rows are in quarantine); of the target over usable rows, from the first
 *  day it was published. */
async function countNulls(raw: RawTable, plan: TablePlan, typed: Counts): Promise<Measurements['nulls']> {
  const { connection } = raw;
  const nulls: Measurements['nulls'] = [];
  const parts = [
    { columns: plan.dateColumns, role: 'date', reason: NO_DATE },
    { columns: plan.keys, role: 'tract_id', reason: NO_TRACT },
  ];
  for (const { columns, role, reason } of parts) {
    if (columns.length === 0) continue;
    const read = await connection.runAndReadAll(
      `SELECT _line FROM quarantine WHERE list_contains(string_split(reason, '; '), '${reason}') ORDER BY _line`,
    );
    const lines = read.getRows().map(([line]) => `line ${line}`);
    nulls.push({
      column: columns.join(', '),
      role,
      cells: raw.rows,
      nulls: lines.length,
      examples: lines.slice(0, 5),
    });
  }
  if (!plan.target || Number(typed.rows) === 0) return nulls;
  const target = identifier(plan.target.name);
  // Masked cells (negative counts) were known: they are repairs, not nulls.
  const [cells, missing] = (
    await connection.runAndReadAll(
      `SELECT count(*), count(*) FILTER (${target} IS NULL) FROM typed
         WHERE time >= (SELECT min(time) FROM typed WHERE ${target} IS NOT NULL)`,
    )
  ).getRows()[0];
  const repaired = plan.target.role === 'value' ? 0 : Number(typed[`negative_${plan.target.name}`]);
  const open = Number(missing) - repaired - Number(typed[`huge_${plan.target.name}`]);
  const nothing = Number(typed[`known_${plan.target.name}`]) === 0;
  const examples = open > 0 ? await nullExamples(connection, target) : [];
  nulls.push({
    column: plan.target.column,
    role: plan.target.role,
    cells: nothing ? Number(typed.rows) : Number(cells),
    nulls: nothing ? Number(typed.rows) : Math.max(0, open),
    examples,
  });
  return nulls;
}

async function nullExamples(connection: DuckDBConnection, target: string): Promise<string[]> {
  return texts(
    connection,
    `SELECT 'line ' || _line || ': ' || id || ' ' || strftime(time, '%Y-%m-%d') FROM typed JOIN tracts USING (tract)
       WHERE ${target} IS NULL ORDER BY _file, _line LIMIT 5`,
  );
}

/** Only asks columns that have a reason in quarantine: a clean file pays nothing for it. */
async function countUnreadable(raw: RawTable, plan: TablePlan): Promise<Measurements['unreadable']> {
  const found: Measurements['unreadable'] = [];
  for (const { column, role } of [...plan.measures, ...plan.bands]) {
    const where = `list_contains(string_split(reason, '; '), ${literal(notNumber(column))})`;
    const bad = await count(raw.connection, `SELECT count(*) FROM quarantine WHERE ${where}`);
    if (bad === 0) continue;
    const rows = await raw.connection.runAndReadAll(
      `SELECT _line, ${identifier(column)} FROM quarantine JOIN raw USING (_file, _line) WHERE ${where} ORDER BY _line LIMIT 5`,
    );
    const examples = rows.getRows().map(([line, text]) => `line ${line}: “${String(text).slice(0, 40)}”`);
    found.push({ column, role, cells: raw.rows, bad, examples });
  }
  return found;
}

async function countFuture(
  connection: DuckDBConnection,
  plan: TablePlan,
): Promise<Measurements['futureRows']> {
  const where = `list_contains(string_split(reason, '; '), '${FUTURE}')`;
  const bad = await count(connection, `SELECT count(*) FROM quarantine WHERE ${where}`);
  if (bad === 0) return { rows: 0, latest: null };
  const [rows, latest] = (
    await connection.runAndReadAll(
      `SELECT count(*), max((${plan.time}))::VARCHAR FROM quarantine JOIN raw USING (_file, _line) WHERE ${where}`,
    )
  ).getRows()[0];
  return { rows: Number(rows), latest: latest === null ? null : String(latest) };
}

function timestamp(value: unknown): string | null {
  return value === null || value === undefined
    ? null
    : new Date(`${String(value).replace(' ', 'T')}Z`).toISOString();
}
