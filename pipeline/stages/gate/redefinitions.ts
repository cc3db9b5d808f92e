import type { LevelShift } from './measurements.ts';
import { numberSql } from './numbers.ts';
import type { ColumnProfile } from './profile-columns.ts';
import type { RawTable } from './read-table.ts';
import { identifier } from './sql.ts';
import type { TablePlan } from './table-plan.ts';

/** What was added to a count must make up this share of its growth in the four weeks after, or nobody notices. */
const MATERIAL = 0.1;
const MAX_COLUMNS = 24;

/**
 * Measures that were defined anew in the middle of their series: from one day on, and for all tracts, they are the sum of
 * two columns that begin on that day (tests that from then on count rapid tests too).
 * The identity proves it, so an epidemic's growth cannot be taken for it.
 */
export async function findRedefinitions(
  raw: RawTable,
  plan: TablePlan,
  profiles: readonly ColumnProfile[],
): Promise<LevelShift[]> {
  const used = new Set([...plan.keys, ...plan.dateColumns, ...plan.measures.map(({ column }) => column)]);
  const late = profiles
    .filter(
      ({ name, type, nullShare, constant }) =>
        type === 'integer' && !constant && nullShare > 0.02 && nullShare < 0.98 && !used.has(name),
    )
    .slice(0, MAX_COLUMNS);
  if (late.length < 2 || plan.measures.length === 0) return [];
  const groups = await beginTogether(raw, plan, late);
  const found: LevelShift[] = [];
  for (const { at, columns } of groups) {
    for (const measure of plan.measures) {
      const pair = await partsOf(raw, plan, { at, columns, measure: measure.number, profiles: late });
      if (pair === null) continue;
      found.push({
        column: measure.column,
        at: at.slice(0, 10),
        ratio: 1 / (1 - pair.added),
        score: 0,
        tracts: pair.tracts,
        evidence: `from ${at.slice(0, 10)} it is ${pair.parts.join(' + ')}, which begin on that day; ${pair.parts[1]} makes up ${Math.round(100 * pair.added)} % of its growth in the four weeks after`,
      });
    }
  }
  return found;
}

interface Beginning {
  at: string;
  columns: string[];
}

/** Columns by the moment at which they begin, where that is not the moment everything begins. */
async function beginTogether(
  raw: RawTable,
  plan: TablePlan,
  late: readonly ColumnProfile[],
): Promise<Beginning[]> {
  const firsts = late.map(
    ({ name }) => `min(${plan.time}) FILTER (${identifier(name)} IS NOT NULL)::VARCHAR`,
  );
  const [[start, ...begins]] = (
    await raw.connection.runAndReadAll(`SELECT min(${plan.time})::VARCHAR, ${firsts.join(', ')} FROM raw`)
  ).getRows();
  const groups = new Map<string, string[]>();
  for (const [i, at] of begins.entries()) {
    if (at === null || Date.parse(String(at)) - Date.parse(String(start)) < 28 * 86_400_000) continue;
    groups.set(String(at), [...(groups.get(String(at)) ?? []), late[i].name]);
  }
  return [...groups].flatMap(([at, columns]) =>
    columns.length >= 2 ? [{ at, columns: columns.slice(0, 8) }] : [],
  );
}

/** Two of the columns that add up to the measure; the one that goes on where the measure was comes first. */
async function partsOf(
  raw: RawTable,
  plan: TablePlan,
  about: { at: string; columns: string[]; measure: string; profiles: readonly ColumnProfile[] },
): Promise<{ parts: [string, string]; added: number; tracts: number } | null> {
  const number = (name: string) =>
    numberSql(
      name,
      about.profiles.find((profile) => profile.name === name),
    );
  const { columns } = about;
  const pairs = columns.flatMap((one, i) => columns.slice(i + 1).map((other) => [one, other] as const));
  const equal = pairs.map(([a, b]) => `count(*) FILTER (m = ${number(a)} + ${number(b)})`);
  const since = `${plan.time} >= TIMESTAMP '${about.at}'`;
  const [[rows, tracts, ...agreeing]] = (
    await raw.connection.runAndReadAll(
      `SELECT count(m), count(DISTINCT id), ${equal.join(', ')} FROM (SELECT *, ${about.measure} AS m, ${plan.tract} AS id FROM raw WHERE ${since})`,
    )
  ).getRows();
  const best = agreeing.findIndex((n) => Number(n) >= 0.95 * Number(rows) && Number(rows) >= 100);
  if (best < 0) return null;
  const [a, b] = pairs[best];
  const grown = (sql: string) => `sum(${sql}) FILTER (t = last) - sum(${sql}) FILTER (t = first)`;
  const [[whole, left, right, leftStart, rightStart]] = (
    await raw.connection.runAndReadAll(
      `SELECT ${grown('m')}, ${grown('a')}, ${grown('b')}, sum(a) FILTER (t = first), sum(b) FILTER (t = first) FROM (
         SELECT *, min(t) OVER () AS first, max(t) OVER () AS last FROM (
           SELECT ${plan.time} AS t, ${about.measure} AS m, ${number(a)} AS a, ${number(b)} AS b FROM raw
           WHERE ${since} AND ${plan.time} < TIMESTAMP '${about.at}' + INTERVAL 28 DAY))`,
    )
  ).getRows();
  const parts: [string, string] = Number(leftStart) >= Number(rightStart) ? [a, b] : [b, a];
  const added = Number(parts[1] === b ? right : left) / Number(whole);
  return added >= MATERIAL && added < 0.98 ? { parts, added, tracts: Number(tracts) } : null;
}
