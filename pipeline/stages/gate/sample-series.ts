import type { DateForm } from './dates.ts';
import { numberSql } from './numbers.ts';
import type { ColumnProfile } from './profile-columns.ts';
import type { RawTable } from './read-table.ts';
import type { SeriesSample } from './series-facts.ts';
import { identifier } from './sql.ts';

const MAX_CELLS = 1_500_000;
const MAX_ROWS = 60_000;

/** Whole series of some tracts, in order of time. */
export async function sampleSeries(
  table: RawTable,
  profiles: ColumnProfile[],
  date: DateForm,
  keys: string[],
): Promise<{ sample: SeriesSample; times: Float64Array }> {
  const numeric = profiles.filter(
    ({ type, name }) => (type === 'integer' || type === 'number') && !date.columns.includes(name),
  );
  const rows = Math.max(2000, Math.min(MAX_ROWS, Math.floor(MAX_CELLS / Math.max(1, numeric.length))));
  const key =
    keys.length === 0
      ? "''"
      : `concat_ws('|', ${keys.map((k) => `coalesce(${identifier(k)}, '')`).join(', ')})`;
  const cells = numeric.map((profile) => `, ${numberSql(profile.name, profile)}`).join('');
  const found = await table.connection.runAndReadAll(
    `WITH tracts AS (SELECT ${key} AS k, count(*) AS n FROM raw GROUP BY ALL),
          chosen AS (SELECT k FROM (SELECT k, n, sum(n) OVER (ORDER BY hash(k) ROWS UNBOUNDED PRECEDING) AS running FROM tracts)
                   WHERE running - n < ${rows})
     SELECT dense_rank() OVER (ORDER BY ${key})::INTEGER, epoch_ms(${date.sql})::DOUBLE ${cells}
     FROM raw WHERE ${key} IN (SELECT k FROM chosen) ORDER BY 1, 2 LIMIT ${rows * 2}`,
  );
  const columns = found.getColumns();
  const doubles = (index: number) =>
    Float64Array.from(columns[index] ?? [], (cell) => (cell === null ? Number.NaN : Number(cell)));
  return {
    sample: {
      tract: Int32Array.from(columns[0] ?? [], Number),
      columns: new Map(numeric.map(({ name }, index) => [name, doubles(index + 2)])),
    },
    times: doubles(1),
  };
}
