import type { Role } from '../../contracts/roles.ts';
import { chooseDate } from './choose-date.ts';
import { placeable } from './find-keys.ts';
import { replaceRaw } from './fold-strata.ts';
import { nameMeaning } from './name-words.ts';
import { numberSql } from './numbers.ts';
import type { ColumnProfile } from './profile-columns.ts';
import type { RawTable } from './read-table.ts';
import { identifier } from './sql.ts';

/** Rows whose finer places are empty are sums if they add up to the finest rows on most dates, this closely. */
const CLOSE = 0.03;
const MOST_DATES = 0.8;

/**
 * A file that holds a country, its states and their cities in one keeps the finest: rows that leave the columns of the
 * finer levels empty, and add up to the same, are set aside.
 * @returns whether `raw` changed
 */
export async function foldLevels(
  raw: RawTable,
  profiles: ColumnProfile[],
  roles: Record<string, Role>,
): Promise<boolean> {
  const date = chooseDate(profiles, roles)?.date;
  const levels = profiles.filter(
    (profile) =>
      placeable(profile) &&
      profile.nullShare > 0 &&
      profile.nullShare < 0.6 &&
      !date?.columns.includes(profile.name),
  );
  const measure = profiles
    .filter(({ name, type, nullShare }) => type === 'integer' && nullShare < 0.2 && isCount(name))
    .sort((a, b) => (b.mean ?? 0) - (a.mean ?? 0))[0];
  if (!date || levels.length === 0 || !measure) return false;
  const pattern = levels
    .map(({ name }) => `CASE WHEN ${identifier(name)} IS NULL THEN '0' ELSE '1' END`)
    .join(' || ');
  const finest = '1'.repeat(levels.length);
  const read = await raw.connection.runAndReadAll(
    `WITH sums AS (SELECT ${date.columns.map(identifier).join(" || '|' || ")} AS d, ${pattern} AS p, sum(${numberSql(measure.name, measure)}) AS n FROM raw GROUP BY ALL),
          fine AS (SELECT d, n AS whole FROM sums WHERE p = '${finest}')
     SELECT p, count(*) FILTER (abs(n - whole) <= ${CLOSE} * whole), count(*) FROM sums JOIN fine USING (d) WHERE p <> '${finest}' AND whole > 0 GROUP BY p`,
  );
  const coarse = read
    .getRows()
    .filter(([, close, dates]) => Number(dates) >= 10 && Number(close) >= MOST_DATES * Number(dates))
    .map(([p]) => String(p));
  if (coarse.length === 0) return false;
  const empty = levels.filter((_, i) => coarse.every((p) => p[i] === '0')).map(({ name }) => name);
  const before = raw.rows;
  await raw.connection.run(
    `CREATE TABLE finest_rows AS SELECT * FROM raw WHERE (${pattern}) NOT IN (${coarse.map((p) => `'${p}'`).join(', ')})`,
  );
  await replaceRaw(raw, 'finest_rows');
  raw.aside.push({
    reason: `sums of a coarser level (${empty.join(', ')} empty)`,
    count: before - raw.rows,
    examples: [],
  });
  return true;
}

function isCount(name: string): boolean {
  const { concepts } = nameMeaning(name);
  return (['cases', 'tests', 'deaths', 'hospital', 'intensive', 'value'] as const).some((one) =>
    concepts.has(one),
  );
}
