import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { DOUBLE, type DuckDBConnection, FLOAT, INTEGER, UTINYINT } from '@duckdb/node-api';
import { CorruptError } from '../contracts/errors.ts';
import { type FeatureColumn, FeatureSchema } from '../contracts/features.ts';
import { type Panel, type Revisions, type TargetPanel, timeAt } from '../contracts/panel.ts';
import { MEASURES } from '../contracts/roles.ts';
import { readJson } from '../files.ts';
import { createFrom, identifier, quote, streamColumns, withDuckDB } from './duckdb.ts';

/**
 * Writes `dataset.parquet` (one row per tract and step, in this order: tract_id, time, value, observed, the derived
 * columns, the other measures) and, where snapshots tell, `revisions.parquet`. Each whole or not at all; equal data make
 * equal bytes, and so the same hash for DVC.
 */
export async function writeDataset(
  directory: string,
  panel: TargetPanel,
  columns: FeatureColumn[],
  measures: Panel['series'],
): Promise<void> {
  const { tracts, length, values, observed } = panel;
  const times = Array.from({ length }, (_, t) => timeAt(panel, t));
  const numbers = [
    ...columns,
    ...MEASURES.filter((name) => measures[name] && name !== panel.target).map((name) => ({
      name,
      values: measures[name]!,
    })),
  ];
  const known = (name: string) => `nullif(${identifier(name)}, 'nan') as ${identifier(name)}`;
  await withDuckDB(async (db) => {
    await createFrom(db, 'd', values.length, [
      { name: 'tract', type: INTEGER, at: (cell) => Math.floor(cell / length) },
      { name: 'ms', type: DOUBLE, at: (cell) => times[cell % length] },
      { name: 'value', type: DOUBLE, at: (cell) => values[cell] },
      { name: 'observed', type: UTINYINT, at: (cell) => observed[cell] },
      ...numbers.map(({ name, values: of }) => ({ name, type: FLOAT, at: (cell: number) => of[cell] })),
    ]);
    // A join may reorder rows; looking each name up in a list keeps the order in which they were put in.
    const ids = `[${tracts.map(({ id }) => quote(id)).join(', ')}]`;
    await copyTo(
      db,
      `select ${ids}[tract + 1] as tract_id, epoch_ms(ms::bigint) as time, ${known('value')},
         observed = 1 as observed, ${numbers.map(({ name }) => known(name)).join(', ')} from d`,
      join(directory, 'dataset.parquet'),
    );
  });
  if (panel.revisions) await writeRevisions(directory, panel, panel.revisions);
}

async function writeRevisions(directory: string, panel: TargetPanel, revisions: Revisions): Promise<void> {
  const { cell, knownAt, value } = revisions;
  await withDuckDB(async (db) => {
    await createFrom(db, 'r', cell.length, [
      { name: 'tract', type: INTEGER, at: (row) => Math.floor(cell[row] / panel.length) },
      { name: 'step', type: INTEGER, at: (row) => cell[row] % panel.length },
      { name: 'known_at', type: DOUBLE, at: (row) => knownAt[row] },
      { name: 'value', type: DOUBLE, at: (row) => value[row] },
    ]);
    const sql = "select tract, step, known_at, nullif(value, 'nan') as value from r";
    await copyTo(db, sql, join(directory, 'revisions.parquet'));
  });
}

async function copyTo(db: DuckDBConnection, sql: string, path: string): Promise<void> {
  await db.run(`copy (${sql}) to ${quote(`${path}.part`)} (format parquet, compression snappy)`);
  await rename(`${path}.part`, path);
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
  const path = join(directory, 'dataset.parquet');
  await withDuckDB(async (db) => {
    const [{ n }] = (
      await db.runAndReadAll(`select count(*) as n from read_parquet(${quote(path)})`)
    ).getRowObjects();
    if (Number(n) !== cells) {
      throw new CorruptError(`${path} has ${n} rows where its schema says ${cells}`, {
        hint: 'run the features stage again',
        facts: { path },
      });
    }
    let cell = 0;
    // Rows come in the order in which they were written: by tract, then time.
    await streamColumns(
      db,
      `select coalesce(value, 'nan'), observed::utinyint from read_parquet(${quote(path)})`,
      ([values, observed], rows) => {
        for (let row = 0; row < rows; row++, cell++) {
          panel.values[cell] = values.getItem(row) as number;
          panel.observed[cell] = observed.getItem(row) as number;
        }
      },
    );
  });
  if (schema.revisions_since)
    panel.revisions = await readRevisions(directory, panel, Date.parse(schema.revisions_since));
  return { panel, schema };
}

async function readRevisions(directory: string, panel: TargetPanel, since: number): Promise<Revisions> {
  const path = quote(join(directory, 'revisions.parquet'));
  return withDuckDB(async (db) => {
    const [{ n }] = (
      await db.runAndReadAll(`select count(*) as n from read_parquet(${path})`)
    ).getRowObjects();
    const cell = new Int32Array(Number(n));
    const knownAt = new Float64Array(Number(n));
    const value = new Float64Array(Number(n));
    let at = 0;
    await streamColumns(
      db,
      `select tract * ${panel.length} + step as cell, known_at, coalesce(value, 'nan')
         from read_parquet(${path}) order by cell, known_at`,
      ([cells, moments, values], rows) => {
        for (let row = 0; row < rows; row++, at++) {
          cell[at] = cells.getItem(row) as number;
          knownAt[at] = moments.getItem(row) as number;
          value[at] = values.getItem(row) as number;
        }
      },
    );
    return { cell, knownAt, value, since };
  });
}
