import type { Role } from '../../contracts/roles.ts';
import { chooseDate } from './choose-date.ts';
import { findKeys, placeable } from './find-keys.ts';
import { nameMeaning } from './name-words.ts';
import { MISSING_WORDS, numberSql } from './numbers.ts';
import type { ColumnProfile } from './profile-columns.ts';
import type { RawTable } from './read-table.ts';
import { identifier, literal } from './sql.ts';
import { ALL_STRATA, type Stratum, strataOf } from './strata.ts';

/**
 * Rows by age or sex become one row a place and moment: where a stratum is the total of the others it is kept and they
 * are set aside, else all are summed. Nothing is done where rows are told apart without their strata.
 * @returns the strata that were folded, with their roles; empty: `raw` is as it was
 */
export async function foldStrata(
  raw: RawTable,
  profiles: ColumnProfile[],
  roles: Record<string, Role>,
): Promise<Stratum[]> {
  const strata = strataOf(profiles).filter(({ column }) => roles[column] === undefined);
  const date = chooseDate(profiles, roles)?.date;
  if (strata.length === 0 || !date) return [];
  const others = profiles.filter(({ name }) => !strata.some(({ column }) => column === name));
  const forced = Object.keys(roles).filter((name) => roles[name] === 'tract_id');
  const without = await findKeys(raw, others, date, forced);
  if (without.unique > 0.97 && without.confidence > 0.4) return [];
  const keys = forced.length > 0 ? forced : await placeKeys(raw, others, date.columns, strata);
  const fold = { date: date.columns, keys, strata, profiles: others };
  for (const { column } of strata) await keepTotal(raw, fold, column);
  await sumRows(raw, fold);
  return strata;
}

interface Fold {
  date: string[];
  keys: string[];
  strata: Stratum[];
  profiles: ColumnProfile[];
}

/** The finest column that names places: with date and strata it tells most rows apart. Records (several rows even then)
 *  are counted up all the same. */
async function placeKeys(
  raw: RawTable,
  profiles: ColumnProfile[],
  date: string[],
  strata: Stratum[],
): Promise<string[]> {
  const candidates = profiles.filter((profile) => !date.includes(profile.name) && placeable(profile));
  if (candidates.length === 0) return [];
  const counts = candidates.map(
    ({ name }) => `count(DISTINCT ${identifier(name)}), count(${identifier(name)})`,
  );
  const [row] = (await raw.connection.runAndReadAll(`SELECT ${counts.join(', ')} FROM raw`)).getRows();
  const found = candidates.map((profile, i) => ({
    name: profile.name,
    distinct: Number(row[2 * i]),
    filled: Number(row[2 * i + 1]),
  }));
  // A number of its own for each record names no place.
  const places = found
    .filter(
      ({ distinct, filled }) => distinct < raw.rows / (2 * strata.length + 2) && filled > 0.9 * raw.rows,
    )
    .sort((a, b) => b.distinct - a.distinct);
  return places.length > 0 ? [places[0].name] : [];
}

/** Where one value of a stratum is the total of its others: only that one stays. */
async function keepTotal(raw: RawTable, fold: Fold, column: string): Promise<void> {
  const measure = largestCount(fold);
  if (measure === null) return;
  const within = [...fold.date, ...fold.keys, ...fold.strata.map((one) => one.column)]
    .filter((name) => name !== column)
    .map(identifier);
  const read = await raw.connection.runAndReadAll(
    `WITH own AS (SELECT ${within.join(', ')}, ${identifier(column)} AS v, sum(${numberSql(measure.name, measure)}) AS n FROM raw GROUP BY ALL),
          beside AS (SELECT v, n, sum(n) OVER (PARTITION BY ${within.join(', ')}) AS whole FROM own)
     SELECT v, count(*) FILTER (abs(2 * n - whole) <= 0.02 * whole), count(*), (SELECT count(DISTINCT v) FROM own) FROM beside WHERE whole > 0 GROUP BY v`,
  );
  const totals = read.getRows().filter(([value, agreeing, told, values]) => {
    const share = Number(agreeing) / Math.max(1, Number(told));
    const named = ALL_STRATA.test(String(value));
    return Number(told) >= 5 && (named ? share >= 0.5 : share >= 0.9 && Number(values) > 2);
  });
  if (totals.length !== 1) return;
  const value = String(totals[0][0]);
  await raw.connection.run(
    `CREATE TABLE kept_${raw.kept} AS SELECT * FROM raw WHERE ${identifier(column)} = ${literal(value)}`,
  );
  const before = raw.rows;
  await replaceRaw(raw, `kept_${raw.kept}`);
  raw.aside.push({
    reason: `parts of ${column}, of which “${value}” is the total`,
    count: before - raw.rows,
    examples: [],
  });
}

function largestCount(fold: Fold): ColumnProfile | null {
  const numbers = fold.profiles.filter(
    ({ name, type, constant }) =>
      type === 'integer' && !constant && !fold.date.includes(name) && !fold.keys.includes(name),
  );
  const counted = numbers.filter(({ name }) =>
    (['cases', 'tests', 'deaths', 'hospital', 'intensive', 'value'] as const).some((one) =>
      nameMeaning(name).concepts.has(one),
    ),
  );
  const among =
    counted.length > 0 ? counted : numbers.filter(({ name }) => !nameMeaning(name).concepts.has('id'));
  return among.sort((a, b) => (b.mean ?? 0) - (a.mean ?? 0))[0] ?? null;
}

async function sumRows(raw: RawTable, fold: Fold): Promise<void> {
  const group = [...fold.date, ...fold.keys];
  const fixed = await determined(raw, fold);
  const cells = raw.columns.map((name) => {
    const cell = identifier(name);
    if (group.includes(name)) return cell;
    if (fold.strata.some(({ column }) => column === name)) return `NULL::VARCHAR AS ${cell}`;
    const profile = fold.profiles.find((one) => one.name === name);
    const numeric = profile?.type === 'integer' || profile?.type === 'number';
    if (!numeric || fixed.has(name) || nameMeaning(name).concepts.has('rate')) {
      return `CASE WHEN min(${cell}) = max(${cell}) THEN min(${cell}) END AS ${cell}`;
    }
    const number = numberSql(name, profile);
    const words = MISSING_WORDS.map(literal).join(', ');
    const total = `sum(${number})`;
    const point = profile.decimal === ',' ? `replace(${plainSql(total)}, '.', ',')` : plainSql(total);
    // A cell that is no number is not summed away: the typed row will say so.
    return `coalesce(min(${cell}) FILTER (${cell} IS NOT NULL AND (${number}) IS NULL AND lower(${cell}) NOT IN (${words})), ${point}) AS ${cell}`;
  });
  await raw.connection.run(
    `CREATE TABLE folded AS SELECT ${cells.join(', ')}, min(_line) AS _line, arg_min(_file, _line) AS _file
       FROM raw GROUP BY ${group.map(identifier).join(', ')}`,
  );
  const before = raw.rows;
  await replaceRaw(raw, 'folded');
  if (raw.rows === before) return;
  raw.folded += before - raw.rows;
  const names = fold.strata.map(({ column }) => column).join(' and ');
  raw.repairs.push({
    repair: `rows by ${names}, summed into one per ${[...fold.keys, ...fold.date].join(' and ')}`,
    count: before,
    examples: [`${before} → ${raw.rows} rows`],
  });
}

function plainSql(total: string): string {
  return `CASE WHEN ${total} = floor(${total}) AND abs(${total}) < 9e15 THEN (${total})::BIGINT::VARCHAR ELSE (${total})::VARCHAR END`;
}

/** Columns that the place alone determines: its population, the code of its region. */
async function determined(raw: RawTable, fold: Fold): Promise<Set<string>> {
  if (fold.keys.length === 0) return new Set();
  const key = fold.keys.map(identifier).join(', ');
  const names = fold.profiles.map(({ name }) => name).filter((name) => !fold.keys.includes(name));
  const counts = names.map((name) => `count(DISTINCT (${key}, ${identifier(name)}))`);
  const [row] = (
    await raw.connection.runAndReadAll(`SELECT count(DISTINCT (${key})), ${counts.join(', ')} FROM raw`)
  ).getRows();
  const [tracts, ...pairs] = row.map(Number);
  return new Set(names.filter((_, i) => pairs[i] <= 1.1 * tracts));
}

/** Puts another table in the place of `raw`. */
export async function replaceRaw(raw: RawTable, table: string): Promise<void> {
  raw.kept++;
  await raw.connection.run(`CREATE OR REPLACE VIEW raw AS SELECT * FROM ${table}`);
  raw.rows = Number((await raw.connection.runAndReadAll('SELECT count(*) FROM raw')).getRows()[0][0]);
}
