import type { DuckDBConnection } from '@duckdb/node-api';
import { quote, streamColumns, withDuckDB } from '../../clients/duckdb.ts';
import type { TractsFile } from '../../contracts/observations.ts';
import { axisOf, indexAt, type Panel, timeAt } from '../../contracts/panel.ts';
import { MEASURES, type Measure } from '../../contracts/roles.ts';

/** Cells that fit into memory with room to spare; 3,100 tracts over ten years are eleven million. */
const MOST_CELLS = 60_000_000;

export interface Observations {
  /** The newest known value of every cell. */
  panel: Panel;
  /** Earlier values of the measures, one entry per (cell, snapshot that changed it), sorted by cell then knownAt. */
  revisions: {
    cell: Int32Array;
    knownAt: Float64Array;
    values: Partial<Record<Measure, Float64Array>>;
    since: number;
  } | null;
}

/**
 * Reads `observations.parquet` into a dense panel.
 * @throws RangeError if the span of time is too long for its step
 */
export async function readObservations(path: string, about: TractsFile): Promise<Observations> {
  return withDuckDB(async (db) => {
    await db.run(`create view o as select * from read_parquet(${quote(path)})`);
    const measures = await presentMeasures(db);
    const panel = await emptyPanel(db, about, measures);
    const idOf = new Map(panel.tracts.map((tract, index) => [tract.id, index]));
    await db.run('create table t (tract_id varchar, i integer)');
    const appender = await db.createAppender('t');
    for (const [id, index] of idOf) {
      appender.appendVarchar(id);
      appender.appendInteger(index);
      appender.endRow();
    }
    appender.closeSync();
    const snapshots = await snapshotMoments(db);
    await fill(db, panel, measures, snapshots.length > 1);
    return {
      panel,
      revisions: snapshots.length > 1 ? await readRevisions(db, panel, measures, snapshots) : null,
    };
  });
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
  const sql = `select t.i, epoch_ms(o.time)::double, ${measures.map((m) => `o.${m}`).join(', ')}
    from o join t using (tract_id) ${newest}`;
  const columns = measures.map((measure) => panel.series[measure]!);
  await streamColumns(db, sql, (vectors, rows) => {
    const [tracts, times, ...values] = vectors;
    for (let row = 0; row < rows; row++) {
      const cell =
        (tracts.getItem(row) as number) * panel.length + indexAt(panel, times.getItem(row) as number);
      for (let m = 0; m < values.length; m++) {
        const value = values[m].getItem(row) as number | null;
        if (value !== null) columns[m][cell] = value;
      }
    }
  });
}

/** See `Revisions` in the panel's contract for how `knownAt` is put on the panel's time axis. */
async function readRevisions(
  db: DuckDBConnection,
  panel: Panel,
  measures: Measure[],
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
  const values = measures.map(() => new Float64Array(count).fill(NaN));
  let at = 0;
  await streamColumns(
    db,
    `select t.i, epoch_ms(o.time)::double, epoch_ms(known_at)::double, ${measures.map((m) => `o.${m}`).join(', ')}
     from o join t using (tract_id) order by t.i, o.time, known_at`,
    (vectors, rows) => {
      const [tracts, times, moments, ...columns] = vectors;
      for (let row = 0; row < rows; row++, at++) {
        cell[at] =
          (tracts.getItem(row) as number) * panel.length + indexAt(panel, times.getItem(row) as number);
        knownAt[at] = shownAt.get(moments.getItem(row) as number)!;
        for (let m = 0; m < columns.length; m++) {
          const value = columns[m].getItem(row) as number | null;
          if (value !== null) values[m][at] = value;
        }
      }
    },
  );
  const byMeasure: Partial<Record<Measure, Float64Array>> = {};
  measures.forEach((measure, m) => {
    byMeasure[measure] = values[m];
  });
  return { cell, knownAt, values: byMeasure, since: shownAt.get(snapshots[0].known)! };
}
