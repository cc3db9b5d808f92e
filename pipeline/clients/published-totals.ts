import { existsSync } from 'node:fs';
import { quote, withDuckDB } from './duckdb.ts';

/** The newest running total of each tract, as the newest snapshot tells it.
 *  @param path `observations.parquet`
 *  @returns by tract id, `time` in epoch milliseconds; empty where the portal tells no totals, or there is no such file */
export async function readPublishedTotals(
  path: string,
): Promise<Map<string, { value: number; time: number }>> {
  if (!existsSync(path)) return new Map();
  const rows = await withDuckDB(async (db) =>
    (
      await db.runAndReadAll(
        `select tract_id, epoch_ms(time)::double as moment, total_cases as value
         from read_parquet(${quote(path)})
         where total_cases is not null and isfinite(total_cases)
         qualify row_number() over (partition by tract_id order by time desc, known_at desc) = 1`,
      )
    ).getRowObjects(),
  );
  return new Map(
    rows.map(({ tract_id, moment, value }) => [
      String(tract_id),
      { value: Number(value), time: Number(moment) },
    ]),
  );
}
