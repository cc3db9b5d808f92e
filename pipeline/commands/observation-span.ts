import { quote, withDuckDB } from '../clients/duckdb.ts';
import { CorruptError } from '../contracts/errors.ts';
import { TractsFile } from '../contracts/observations.ts';
import { axisOf, type Step } from '../contracts/panel.ts';
import { readJson } from '../files.ts';
import type { Paths } from '../workspace.ts';

/** Time axis of what the gate has accepted, without reading it all. */
export async function observationAxis(
  paths: Paths,
): Promise<{ step: Step; start: number; stepMs: number; length: number }> {
  const about = await readJson(paths.tracts, TractsFile);
  if (!about) throw new CorruptError(`${paths.tracts} is missing`, { hint: 'run ingest and gate first' });
  const [span] = await withDuckDB(async (db) =>
    (
      await db.runAndReadAll(
        `select epoch_ms(min(time))::double as first, epoch_ms(max(time))::double as last from read_parquet(${quote(paths.observations)})`,
      )
    ).getRowObjects(),
  );
  return axisOf(about.step, { first: Number(span.first), last: Number(span.last) });
}
