import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  BOOLEAN,
  DOUBLE,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBVector,
  FLOAT,
  INTEGER,
} from '@duckdb/node-api';
import { CorruptError } from '../contracts/errors.ts';
import { type FeatureColumn, FeatureSchema } from '../contracts/features.ts';
import { indexAt, type Panel, type Revisions, type TargetPanel, timeAt } from '../contracts/panel.ts';
import { MEASURES } from '../contracts/roles.ts';
import { readJson } from '../files.ts';
import { quote, streamColumns, withDuckDB } from './duckdb.ts';

/** Rows DuckDB takes at a time. */
const CHUNK = 2048;

interface Column {
  name: string;
  type: DuckDBType;
  at: (tract: number, t: number) => unknown;
}

/**
 * Writes `dataset.parquet` (one row per tract and step: tract_id, time, value, observed, the derived columns, the other
 * measures) and, where snapshots tell, `revisions.parquet`. Whole or not at all.
 */
export async function writeDataset(
  directory: string,
  panel: TargetPanel,
  columns: FeatureColumn[],
  measures: Panel['series'],
): Promise<void> {
  const cell = (tract: number, t: number) => tract * panel.length + t;
  const number = (values: ArrayLike<number>) => (tract: number, t: number) => {
    const value = values[cell(tract, t)];
    return Number.isNaN(value) ? null : value;
  };
  const all: Column[] = [
    { name: 'tract', type: INTEGER, at: (tract) => tract },
    { name: 'step', type: INTEGER, at: (_, t) => t },
    { name: 'value', type: DOUBLE, at: number(panel.values) },
    { name: 'observed', type: BOOLEAN, at: (tract, t) => panel.observed[cell(tract, t)] === 1 },
    ...columns.map(({ name, values }) => ({ name, type: FLOAT as DuckDBType, at: number(values) })),
    ...MEASURES.filter((measure) => measures[measure] && measure !== panel.target).map((measure) => ({
      name: measure as string,
      type: FLOAT as DuckDBType,
      at: number(measures[measure]!),
    })),
  ];
  await withDuckDB(async (db) => {
    await db.run(`create table d (${all.map(({ name, type }) => `"${name}" ${type}`).join(', ')})`);
    const appender = await db.createAppender('d');
    const types = all.map(({ type }) => type);
    const rows = panel.tracts.length * panel.length;
    for (let from = 0; from < rows; from += CHUNK) {
      const size = Math.min(CHUNK, rows - from);
      const chunk = DuckDBDataChunk.create(types, size);
      all.forEach(({ at }, index) => {
        const vector = chunk.getColumnVector(index) as DuckDBVector & {
          setItem(row: number, value: unknown): void;
        };
        let tract = Math.floor(from / panel.length);
        let t = from - tract * panel.length;
        for (let row = 0; row < size; row++) {
          vector.setItem(row, at(tract, t));
          if (++t === panel.length) {
            t = 0;
            tract++;
          }
        }
        vector.flush();
      });
      appender.appendDataChunk(chunk);
    }
    appender.closeSync();
    await db.run('create table names (tract integer, tract_id varchar)');
    const names = await db.createAppender('names');
    panel.tracts.forEach(({ id }, tract) => {
      names.appendInteger(tract);
      names.appendVarchar(id);
      names.endRow();
    });
    names.closeSync();
    await db.run('create table times (step integer, ms bigint)');
    const times = await db.createAppender('times');
    for (let t = 0; t < panel.length; t++) {
      times.appendInteger(t);
      times.appendBigInt(BigInt(timeAt(panel, t)));
      times.endRow();
    }
    times.closeSync();
    const rest = all.slice(2).map(({ name }) => `d."${name}"`);
    const path = join(directory, 'dataset.parquet');
    // In one order, so that the same data make the same bytes and DVC the same hash.
    await db.run(
      `copy (select tract_id, epoch_ms(ms) as time, ${rest.join(', ')} from d join names using (tract) join times using (step) order by tract, step)
       to ${quote(`${path}.part`)} (format parquet, compression snappy)`,
    );
    await rename(`${path}.part`, path);
  });
  if (panel.revisions) await writeRevisions(directory, panel, panel.revisions);
}

async function writeRevisions(directory: string, panel: TargetPanel, revisions: Revisions): Promise<void> {
  await withDuckDB(async (db) => {
    await db.run('create table r (tract integer, step integer, known_at double, value double)');
    const appender = await db.createAppender('r');
    for (let i = 0; i < revisions.cell.length; i++) {
      appender.appendInteger(Math.floor(revisions.cell[i] / panel.length));
      appender.appendInteger(revisions.cell[i] % panel.length);
      appender.appendDouble(revisions.knownAt[i]);
      if (Number.isNaN(revisions.value[i])) appender.appendNull();
      else appender.appendDouble(revisions.value[i]);
      appender.endRow();
    }
    appender.closeSync();
    const path = join(directory, 'revisions.parquet');
    await db.run(`copy r to ${quote(`${path}.part`)} (format parquet, compression snappy)`);
    await rename(`${path}.part`, path);
  });
}

/** Reads the target and what was known of it back from the features stage's folder.
 *  @throws CorruptError if the folder lacks its schema */
export async function readTargetPanel(
  directory: string,
): Promise<{ panel: TargetPanel; schema: FeatureSchema }> {
  const schema = await readJson(join(directory, 'schema.json'), FeatureSchema);
  if (!schema) {
    throw new CorruptError(`${directory} has no schema.json`, { hint: 'run the features stage again' });
  }
  const axis = { step: schema.step, start: Date.parse(schema.start), stepMs: schema.step_ms };
  const cells = schema.tracts.length * schema.length;
  const panel: TargetPanel = {
    ...axis,
    length: schema.length,
    tracts: schema.tracts,
    target: schema.target,
    scale: schema.scale,
    values: new Float64Array(cells).fill(NaN),
    observed: new Uint8Array(cells),
    delay: schema.delay,
  };
  const indexOf = new Map(schema.tracts.map((tract, index) => [tract.id, index]));
  await withDuckDB(async (db) => {
    await streamColumns(
      db,
      `select tract_id, epoch_ms(time)::double, value, observed from read_parquet(${quote(join(directory, 'dataset.parquet'))})`,
      ([ids, times, values, observed], rows) => {
        for (let row = 0; row < rows; row++) {
          const cell =
            indexOf.get(ids.getItem(row) as string)! * panel.length +
            indexAt(panel, times.getItem(row) as number);
          const value = values.getItem(row) as number | null;
          if (value !== null) panel.values[cell] = value;
          panel.observed[cell] = observed.getItem(row) ? 1 : 0;
        }
      },
    );
  });
  if (schema.revisions_since)
    panel.revisions = await readRevisions(directory, panel, Date.parse(schema.revisions_since));
  return { panel, schema };
}

async function readRevisions(directory: string, panel: TargetPanel, since: number): Promise<Revisions> {
  const cell: number[] = [];
  const knownAt: number[] = [];
  const value: number[] = [];
  await withDuckDB(async (db) => {
    const path = quote(join(directory, 'revisions.parquet'));
    await streamColumns(
      db,
      `select tract, step, known_at, value from read_parquet(${path}) order by tract, step, known_at`,
      ([tracts, steps, moments, values], rows) => {
        for (let row = 0; row < rows; row++) {
          cell.push((tracts.getItem(row) as number) * panel.length + (steps.getItem(row) as number));
          knownAt.push(moments.getItem(row) as number);
          value.push((values.getItem(row) as number | null) ?? NaN);
        }
      },
    );
  });
  return {
    cell: Int32Array.from(cell),
    knownAt: Float64Array.from(knownAt),
    value: Float64Array.from(value),
    since,
  };
}
