import { quote, withDuckDB } from '../../clients/duckdb.ts';
import { MEASURES, type Measure } from '../../contracts/roles.ts';

/** A row of `observations.parquet`; measures that are left out are NULL. */
export type SampleRow = { tract: string; time: string; known?: string } & Partial<Record<Measure, number>>;

/** Writes observations as the gate does, for tests. */
export async function writeObservations(path: string, rows: SampleRow[]): Promise<void> {
  const cells = rows.map((row) => {
    const moments = [row.time, row.known ?? '2026-03-01 18:00:00'].map((time) => `timestamp '${time}'`);
    const values = MEASURES.map((measure) => row[measure] ?? 'null');
    return `(${[quote(row.tract), ...moments, ...values].join(', ')})`;
  });
  await withDuckDB(async (db) => {
    await db.run(
      `create table o (tract_id varchar, time timestamp, known_at timestamp, ${MEASURES.map((measure) => `${measure} double`).join(', ')})`,
    );
    await db.run(`insert into o values ${cells.join(', ')}`);
    await db.run(`copy o to ${quote(path)} (format parquet)`);
  });
}
