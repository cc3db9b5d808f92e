import { rename, rm } from 'node:fs/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { MEASURES } from '../../contracts/roles.ts';
import { identifier, literal } from './sql.ts';
import type { TablePlan } from './table-plan.ts';
import { count } from './type-rows.ts';

export interface Merge {
  /** Existing `observations.parquet`; null: this is the first snapshot. */
  previous: string | null;
  /** Where the merged file goes: written beside it first, then renamed. */
  path: string;
  /** When the values became known: the snapshot's collection time. */
  knownAt: string;
  /** Rows taken back from quarantine never overrule what became known later. */
  readmitted?: boolean;
}

/** Adds the rows of `typed` to the observations: only those of which a measure changed (NULL is a value here), under
 *  the time at which they became known. Memory stays flat: the file is written in a stream.
 *  @returns number of rows added; 0 leaves the file as it was */
export async function mergeObservations(
  connection: DuckDBConnection,
  plan: TablePlan,
  { previous, path, knownAt, readmitted = false }: Merge,
): Promise<number> {
  const moment = `TIMESTAMP ${literal(knownAt.replace('T', ' ').replace('Z', ''))}`;
  const own = [...plan.measures, ...plan.bands].map(({ name }) => name);
  if (previous === null) {
    await connection.run(
      `CREATE OR REPLACE TEMP VIEW fresh AS SELECT tract, time, ${columns(own)} FROM typed`,
    );
  } else {
    await connection.run(
      `CREATE OR REPLACE TEMP VIEW known AS SELECT * FROM read_parquet(${literal(previous)})`,
    );
    await connection.run(
      `CREATE OR REPLACE TEMP TABLE fresh AS ${changedSql(own, await namesOf(connection), readmitted ? moment : null)}`,
    );
  }
  const added = await count(connection, 'SELECT count(*) FROM fresh');
  if (previous !== null && added === 0) return 0;

  const bands = new Set(own.filter((name) => name.startsWith('age_band:')));
  if (previous !== null)
    for (const name of await namesOf(connection)) if (name.startsWith('age_band:')) bands.add(name);
  const wanted = [...MEASURES, ...bands];
  const present = previous === null ? own : [...own, ...lostColumns(own, await namesOf(connection))];
  const freshSql = `SELECT id AS tract_id, time, ${moment} AS known_at, ${columns(wanted, present)} FROM fresh JOIN tracts USING (tract)`;
  const whole =
    previous === null
      ? freshSql
      : `SELECT tract_id, time, known_at, ${columns(wanted, await namesOf(connection))} FROM known UNION ALL ${freshSql}`;
  const temporary = `${path}.writing`;
  try {
    await connection.run(`COPY (${whole}) TO ${literal(temporary)} (FORMAT parquet, COMPRESSION zstd)`);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  return added;
}

/** Rows of `typed` that differ from what was known last of the same tract and time, or that nothing was known of.
 *  A measure that the source no longer has is no change: its last value goes on. */
function changedSql(own: readonly string[], known: readonly string[], before: string | null): string {
  const both = own.filter((name) => known.includes(name));
  const fresh = own.filter((name) => !known.includes(name));
  const lost = lostColumns(own, known);
  const same = [
    ...both.map((name) => `f.${identifier(name)} IS NOT DISTINCT FROM k.${identifier(name)}`),
    ...fresh.map((name) => `f.${identifier(name)} IS NULL`),
  ].join(' AND ');
  const values = [...both, ...lost].map(
    (name) => `arg_max_null(k.${identifier(name)}, known_at) AS ${identifier(name)}`,
  );
  const latest = `SELECT ${['tract', 'time', 'max(known_at) AS last_known', ...values].join(', ')}
    FROM known k JOIN tracts t ON t.id = k.tract_id GROUP BY tract, time`;
  const later = before ? `AND (k.last_known IS NULL OR k.last_known < ${before})` : '';
  const cells = [columns(own, own, 'f.'), ...(lost.length > 0 ? [columns(lost, lost, 'k.')] : [])].join(', ');
  return `SELECT f.tract, f.time, ${cells} FROM typed f LEFT JOIN (${latest}) k USING (tract, time)
    WHERE (k.last_known IS NULL OR NOT (${same || 'true'})) ${later}`;
}

function lostColumns(own: readonly string[], known: readonly string[]): string[] {
  return known.filter((name) => !own.includes(name) && !['tract_id', 'time', 'known_at'].includes(name));
}

async function namesOf(connection: DuckDBConnection): Promise<string[]> {
  return (await connection.runAndReadAll('DESCRIBE known')).getRows().map(([name]) => String(name));
}

/** Names for a SELECT; what a table does not have is NULL. */
function columns(names: readonly string[], present: readonly string[] = names, prefix = ''): string {
  if (names.length === 0) return 'NULL AS nothing';
  return names
    .map((name) =>
      present.includes(name) ? `${prefix}${identifier(name)}` : `NULL::DOUBLE AS ${identifier(name)}`,
    )
    .join(', ');
}
