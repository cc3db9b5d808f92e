import { type DuckDBConnection, INTEGER, VARCHAR } from '@duckdb/node-api';
import { createFrom, quote, streamColumns, withDuckDB } from '../../clients/duckdb.ts';
import type { TractsFile } from '../../contracts/observations.ts';
import { axisOf, indexAt, type Panel, timeAt } from '../../contracts/panel.ts';
import { MEASURES, type Measure } from '../../contracts/roles.ts';

/** Cells that fit into memory with room to spare; 3,100 tracts over ten years are eleven million. */
const MOST_CELLS = 60_000_000;

export interface Observations {
  /** The newest known value of every cell. */
  panel: Panel;
  /** Earlier values of the measure that the target comes from, one entry per (cell, snapshot that changed a row), sorted
   *  by cell then knownAt; null: there was one snapshot. */
  revisions: {
    cell: Int32Array;
    knownAt: Float64Array;
    measure: Measure;
    values: Float64Array;
    since: number;
  } | null;
}

/**
 * Reads `observations.parquet` into a dense panel.
 * @param target its revisions are read, those of other measures are not
 * @throws RangeError if the span of time is too long for its step
 */
export async function readObservations(
  path: string,
  about: TractsFile,
  target: string,
): Promise<Observations> {
  return withDuckDB(async (db) => {
    await db.run(`create view o as select * from read_parquet(${quote(path)})`);
    const measures = await presentMeasures(db);
    const panel = await emptyPanel(db, about, measures);
    await createFrom(db, 't', panel.tracts.length, [
      { name: 'tract_id', type: VARCHAR, at: (index) => panel.tracts[index].id },
      { name: 'i', type: INTEGER, at: (index) => index },
    ]);
    const snapshots = await snapshotMoments(db);
    const several = snapshots.length > 1;
    await fill(db, panel, measures, several);
    const revised = revisedMeasure(measures, target);
    return {
      panel,
      revisions: several && revised ? await readRevisions(db, panel, revised, snapshots) : null,
    };
  });
}

/** The measure that tells what was known of the target. */
function revisedMeasure(measures: Measure[], target: string): Measure | undefined {
  const candidates = target === 'new_cases' ? ['new_cases', 'total_cases'] : [target, 'value'];
  return candidates.map((name) => measures.find((measure) => measure === name)).find(Boolean);
}

async function presentMeasures(db: DuckDBConnection): Promise<Measure[]> {
  const counts = MEASURES.map((measure) => `count(${measure}) as ${measure}`).join(', ');
  const [row] = (await db.runAndReadAll(`select ${counts} from o`)).getRowObjects();
  return MEASURES.filter((measure) => Number(row[measure]) > 0);
}

async function emptyPanel(db: DuckDBConnection, about: TractsFile, measures: Measure[]): Promise<Panel> {
  const [span] = (
    await db.runAndReadAll('select epoch_ms(min(time)) as first, epoch_ms(max(time)) as last from o')
  ).getRowObjects();
  const axis = axisOf(about.step, { first: Number(span.first), last: Number(span.last) });
  const { length } = axis;
  const cells = about.tracts.length * length;
  if (!(cells > 0) || cells > MOST_CELLS) {
    throw new RangeError(
      `${about.tracts.length} tracts × ${length} ${about.step}s is ${cells} cells; expected 1 to ${MOST_CELLS}: look at the dates the gate found`,
    );
  }
  const series: Panel['series'] = {};
  for (const measure of measures) series[measure] = new Float64Array(cells).fill(NaN);
  return { ...axis, tracts: about.tracts.map((tract) => ({ ...tract })), series };
}

async function snapshotMoments(db: DuckDBConnection): Promise<{ known: number; newest: number }[]> {
  const rows = (
    await db.runAndReadAll(
      'select epoch_ms(known_at) as known, epoch_ms(max(time)) as newest from o group by 1 order by 1',
    )
  ).getRowObjects();
  return rows.map((row) => ({ known: Number(row.known), newest: Number(row.newest) }));
}

async function fill(
  db: DuckDBConnection,
  panel: Panel,
  measures: Measure[],
  vintages: boolean,
): Promise<void> {
  const newest = vintages
    ? 'qualify row_number() over (partition by o.tract_id, o.time order by known_at desc) = 1'
    : '';
  const sql = `select ${cellOf(panel)} as cell, ${measures.map((m) => `coalesce(o.${m}, 'nan')`).join(', ')}
    from o join t using (tract_id) ${newest}`;
  await streamColumns(db, sql, ([cells, ...values], rows) => {
    const at = Array.from({ length: rows }, (_, row) => cells.getItem(row) as number);
    measures.forEach((measure, m) => {
      const series = panel.series[measure]!;
      const vector = values[m];
      for (let row = 0; row < rows; row++) {
        const value = vector.getItem(row) as number;
        // Two moments of one step (a portal that stamps its hours): the one that says something counts.
        if (!Number.isNaN(value)) series[at[row]] = value;
      }
    });
  });
}

/** `indexAt` of the panel's contract, in SQL, and the tract's row. */
function cellOf({ step, start, stepMs, length }: Panel): string {
  const from = `epoch_ms(${start}::bigint)`;
  const index =
    step === 'month'
      ? `datediff('month', ${from}, o.time)`
      : `(epoch_ms(o.time) - ${start}::bigint) // ${stepMs}`;
  return `(t.i * ${length} + ${index})::integer`;
}

/** See `Revisions` in the panel's contract for how `knownAt` is put on the panel's time axis. */
async function readRevisions(
  db: DuckDBConnection,
  panel: Panel,
  measure: Measure,
  snapshots: { known: number; newest: number }[],
): Promise<Observations['revisions']> {
  const shownAt = new Map<number, number>();
  let newest = Number.NEGATIVE_INFINITY;
  for (const snapshot of snapshots) {
    const index = indexAt(panel, snapshot.newest);
    const onAxis = timeAt(panel, Math.max(index, newest));
    shownAt.set(snapshot.known, index > newest ? onAxis : onAxis + 1);
    newest = Math.max(newest, index);
  }
  const [{ n }] = (
    await db.runAndReadAll('select count(*) as n from o join t using (tract_id)')
  ).getRowObjects();
  const count = Number(n);
  const cell = new Int32Array(count);
  const knownAt = new Float64Array(count);
  const values = new Float64Array(count);
  let at = 0;
  await streamColumns(
    db,
    `select ${cellOf(panel)} as cell, epoch_ms(known_at)::double, coalesce(o.${measure}, 'nan')
     from o join t using (tract_id) order by cell, known_at`,
    ([cells, moments, shown], rows) => {
      for (let row = 0; row < rows; row++, at++) {
        cell[at] = cells.getItem(row) as number;
        knownAt[at] = shownAt.get(moments.getItem(row) as number)!;
        values[at] = shown.getItem(row) as number;
      }
    },
  );
  return { cell, knownAt, measure, values, since: shownAt.get(snapshots[0].known)! };
}
