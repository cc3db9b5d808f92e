import type { DateForm } from './dates.ts';
import { nameMeaning } from './name-words.ts';
import type { ColumnProfile } from './profile-columns.ts';
import type { RawTable } from './read-table.ts';
import { identifier } from './sql.ts';

export interface FoundKeys {
  /** Columns that are unique together with the date; empty for a single series. */
  keys: string[];
  /** Share of rows that are the only one of their key and date, in the sample. */
  unique: number;
  confidence: number;
  evidence: string;
  /** Columns that are one to one with the key, itself among them. */
  twins: string[];
  /** Columns that the key determines and that are coarser, finest first. */
  coarser: string[];
  /** Of these: those nearly as fine as the key (names of which a few are shared, such as "not yet known"). */
  nearly: string[];
  /** Distinct keys in the sample. */
  tracts: number;
}

/** Rows of a few dates, for facts about what tells rows of one date apart. */
const SAMPLE_ROWS = 60_000;
const MAX_CANDIDATES = 24;

/** Finds which columns, with the date, name a row. */
export async function findKeys(
  table: RawTable,
  profiles: ColumnProfile[],
  date: DateForm,
  forced: string[],
): Promise<FoundKeys> {
  const none: FoundKeys = {
    keys: [],
    unique: 1,
    confidence: 1,
    evidence: 'one row per date',
    twins: [],
    coarser: [],
    nearly: [],
    tracts: 1,
  };
  const candidates = profiles
    .filter(
      (profile) =>
        !date.columns.includes(profile.name) && (forced.includes(profile.name) || mayBeKey(profile)),
    )
    .map((profile) => ({ profile, prior: prior(profile) }))
    .sort((a, b) => b.prior - a.prior)
    .slice(0, MAX_CANDIDATES);
  const names = candidates.map(({ profile }) => profile.name);
  // A measure may be unique on a single date; it names no place for that.
  const placeable = candidates.filter((one) => one.prior > 0.2).map(({ profile }) => profile.name);
  await sampleDates(table, date, names);
  const shares = await uniqueShares(table, names);
  const sole = shares.get('') ?? 0;
  const dates = shares.get('dates') ?? 1;
  if (forced.length === 0 && sole > 0.97 && dates > 1) return { ...none, unique: sole };
  if (forced.length > 0)
    return describe(table, forced, placeable, { unique: 1, confidence: 1, evidence: 'params.yaml' });

  const singles = candidates.map(({ profile, prior }) => {
    const unique = shares.get(profile.name) ?? 0;
    // A key comes back on every date; a measure or a row number does not.
    const perDate = shares.get(`${profile.name}/date`) ?? 0;
    const stable =
      dates <= 1 ? 1 : Math.min(1, perDate / Math.max(1, shares.get(`${profile.name}/all`) ?? 1) + 0.25);
    return { profile, prior, unique, stable };
  });
  const best = singles.reduce(
    (most, one) => (one.stable > 0.5 && one.prior > 0.2 ? Math.max(most, one.unique) : most),
    0,
  );
  const chosen = singles
    .filter((one) => one.unique > 0.97 && one.unique >= best - 1e-9 && one.stable > 0.5)
    .sort((a, b) => b.prior * b.stable - a.prior * a.stable)[0];
  if (chosen && best > 0.97) {
    const confidence =
      Math.min(0.97, chosen.prior + 0.05) * (0.6 + 0.4 * chosen.stable) * Math.min(1, chosen.unique + 0.02);
    return describe(table, [chosen.profile.name], placeable, {
      unique: chosen.unique,
      confidence,
      evidence: `with the date unique in ${(100 * chosen.unique).toFixed(1)} % of rows`,
    });
  }
  const pair = await bestPair(
    table,
    singles
      .filter((one) => one.stable > 0.5 && one.prior > 0.4)
      // A code that some places lack would make one place of them.
      .toSorted((a, b) => Number(a.profile.nullShare > 0) - Number(b.profile.nullShare > 0))
      .map((one) => one.profile.name),
  );
  if (pair && pair.unique > 0.97) {
    return describe(table, pair.keys, placeable, {
      unique: pair.unique,
      confidence: 0.85,
      evidence: `together with the date unique in ${(100 * pair.unique).toFixed(1)} % of rows`,
    });
  }
  const likely = singles
    .filter((one) => one.unique > 0.5 && one.stable > 0.5)
    .sort((a, b) => b.unique * b.prior - a.unique * a.prior)[0];
  return {
    ...none,
    keys: likely ? [likely.profile.name] : [],
    unique: likely?.unique ?? sole,
    confidence: likely ? 0.4 : 0.2,
    evidence: 'no column makes the rows of one date unique',
    twins: likely ? [likely.profile.name] : [],
  };
}

function mayBeKey(profile: ColumnProfile): boolean {
  if (
    profile.type === 'empty' ||
    profile.type === 'date' ||
    profile.type === 'number' ||
    profile.distinct < 2
  )
    return false;
  if (nameMeaning(profile.name).concepts.has('note') && profile.nullShare > 0.3) return false;
  return profile.nullShare < 0.99 && profile.meanLength < 80;
}

/** Whether a column may name places by its looks alone. */
export function placeable(profile: ColumnProfile): boolean {
  const { concepts } = nameMeaning(profile.name);
  return mayBeKey(profile) && prior(profile) >= 0.7 && !concepts.has('age') && !concepts.has('update');
}

/** How much a column looks like a name or code of a place, before anything is counted. */
function prior(profile: ColumnProfile): number {
  const { concepts } = nameMeaning(profile.name);
  const named =
    concepts.has('id') || concepts.has('name') || concepts.has('place') || concepts.has('country');
  const measured = [
    'cases',
    'tests',
    'deaths',
    'hospital',
    'intensive',
    'rate',
    'population',
    'note',
    'sex',
    'recovered',
  ] as const;
  const other = measured.some((concept) => concepts.has(concept));
  if (profile.type === 'text') {
    if (profile.nullShare > 0.05 && !named) return 0.3;
    return other ? 0.3 : named ? 0.92 : concepts.has('age') ? 0.45 : 0.75;
  }
  const codes = profile.leadingZeroShare > 0.02 && profile.minLength === profile.maxLength;
  if (other) return 0.05;
  if (named) return codes ? 0.93 : concepts.has('id') || concepts.has('place') ? 0.85 : 0.5;
  // Small whole numbers without a name may be codes as well as counts.
  return codes ? 0.8 : profile.minLength === profile.maxLength && profile.minLength > 2 ? 0.5 : 0.3;
}

/** Table `by_date`: all rows of some dates, spread over the whole time. */
async function sampleDates(table: RawTable, date: DateForm, names: string[]): Promise<void> {
  const cells = ['NULL', ...names.map(identifier)]
    .slice(1)
    .map((cell) => `, coalesce(${cell}, '') AS ${cell}`)
    .join('');
  const days = date.columns.map(identifier).join(", '|', ");
  // Rows that repeat another one exactly say nothing against a key.
  const whole = `hash(${table.columns.map(identifier).join(', ')}) AS _row`;
  await table.connection.run(
    `CREATE OR REPLACE TEMP TABLE by_date AS
     WITH days AS (SELECT concat(${days}) AS d, count(*) AS n FROM raw GROUP BY ALL),
          chosen AS (SELECT d FROM (SELECT d, n, sum(n) OVER (ORDER BY hash(d) ROWS UNBOUNDED PRECEDING) AS running FROM days WHERE d <> '')
                   WHERE running - n < ${SAMPLE_ROWS} ORDER BY running LIMIT 20000)
     SELECT DISTINCT concat(${days}) AS _d${cells}, ${whole} FROM raw WHERE concat(${days}) IN (SELECT d FROM chosen) LIMIT ${SAMPLE_ROWS * 4}`,
  );
}

/** '' → share of rows unique by date alone; name → with it; name/all and name/date → distinct values, overall and per date. */
async function uniqueShares(table: RawTable, names: string[]): Promise<Map<string, number>> {
  const cells = names.map(identifier);
  const [row] = (
    await table.connection.runAndReadAll(
      `SELECT count(*), count(DISTINCT _d) ${cells.map((cell) => `, count(DISTINCT (_d, ${cell})), count(DISTINCT ${cell})`).join('')} FROM by_date`,
    )
  ).getRows();
  const counts = row.map(Number);
  const [rows, dates] = counts;
  const shares = new Map<string, number>([
    ['', dates / Math.max(1, rows)],
    ['dates', dates],
  ]);
  for (const [index, name] of names.entries()) {
    const [pairs, values] = counts.slice(2 + index * 2, 4 + index * 2);
    shares.set(name, pairs / Math.max(1, rows));
    shares.set(`${name}/all`, values);
    shares.set(`${name}/date`, pairs / Math.max(1, dates));
  }
  return shares;
}

async function bestPair(
  table: RawTable,
  names: string[],
): Promise<{ keys: string[]; unique: number } | null> {
  const few = names.slice(0, 10);
  const pairs = few.flatMap((first, i) => few.slice(i + 1).map((second) => [first, second]));
  if (pairs.length === 0) return null;
  const [row] = (
    await table.connection.runAndReadAll(
      `SELECT count(*), ${pairs.map(([a, b]) => `count(DISTINCT (_d, ${identifier(a)}, ${identifier(b)}))`).join(', ')} FROM by_date`,
    )
  ).getRows();
  const [rows, ...distinct] = row.map(Number);
  let best = { keys: pairs[0], unique: 0 };
  for (const [index, keys] of pairs.entries()) {
    const unique = distinct[index] / Math.max(1, rows);
    // Earlier pairs look more like places: only a clear gain beats them.
    if (unique > best.unique + 0.002) best = { keys, unique };
  }
  return best;
}

async function describe(
  table: RawTable,
  keys: string[],
  names: string[],
  about: Pick<FoundKeys, 'unique' | 'confidence' | 'evidence'>,
): Promise<FoundKeys> {
  const key = keys.length === 1 ? identifier(keys[0]) : `(${keys.map(identifier).join(', ')})`;
  const others = names.filter((name) => !keys.includes(name));
  const [row] = (
    await table.connection.runAndReadAll(
      `SELECT count(*), count(DISTINCT ${key}) ${others.map((name) => `, count(DISTINCT (${key}, ${identifier(name)})), count(DISTINCT (_d, ${identifier(name)})), count(DISTINCT ${identifier(name)})`).join('')} FROM by_date`,
    )
  ).getRows();
  const [rows, tracts, ...rest] = row.map(Number);
  const twins = keys.length === 1 ? [...keys] : [];
  const coarser: { name: string; distinct: number }[] = [];
  for (const [index, name] of others.entries()) {
    const [together, daily, distinct] = rest.slice(index * 3, index * 3 + 3);
    // A few spellings that changed over time do not break the tie.
    if (together > tracts * 1.1 + 0.5) continue;
    // A code that two places shared at some time is no twin: it would merge them.
    if (keys.length === 1 && daily / Math.max(1, rows) >= about.unique - 1e-9) twins.push(name);
    else if (distinct > 1) coarser.push({ name, distinct });
  }
  coarser.sort((a, b) => b.distinct - a.distinct);
  return {
    keys,
    tracts,
    twins,
    coarser: coarser.map(({ name }) => name),
    nearly: coarser.filter(({ distinct }) => distinct > 0.6 * tracts).map(({ name }) => name),
    ...about,
  };
}
