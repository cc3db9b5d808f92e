import type { GateColumn } from '../../contracts/gate.ts';
import type { Place } from './places.ts';
import type { ColumnProfile } from './profile-columns.ts';
import type { RawTable } from './read-table.ts';
import { type Column, encodeSample } from './samples.ts';
import { identifier } from './sql.ts';
import type { TablePlan } from './table-plan.ts';

const SAMPLED_TRACTS = 8;
const SAMPLED_CELLS = 64;
const LAST_TRACTS = 48;

/** Describes every column for `AcceptedSchema`: type, role, and values of the same few rows in every snapshot.
 *  Rows are chosen by the hash of tract and time, so the next snapshot's sample has nearly all of them again.
 *  @param running column → whether it only grows; absent: too little to tell */
export async function describeColumns(
  raw: RawTable,
  plan: TablePlan,
  about: {
    columns: readonly GateColumn[];
    profiles: readonly ColumnProfile[];
    places: readonly Place[];
    running: ReadonlyMap<string, boolean>;
  },
): Promise<Column[]> {
  const tracts = [...about.places].sort((a, b) => hash(a.id) - hash(b.id));
  const keys = {
    cells: await cellRows(raw, tracts.slice(0, SAMPLED_TRACTS)),
    last: await lastRows(raw, tracts.slice(0, LAST_TRACTS)),
  };
  const rows = await sampledRows(raw, [...keys.cells, ...keys.last]);
  const [cells, last] = [rows.slice(0, keys.cells.length), rows.slice(keys.cells.length)];
  const roles = new Map(about.columns.map(({ name, role }) => [name, role]));
  return about.profiles.map((profile) => {
    const role = roles.get(profile.name) ?? 'other';
    const running = about.running.get(profile.name);
    const sampled = profile.type !== 'empty' && role !== 'date' && !plan.dateColumns.includes(profile.name);
    const values = (rows: SampledRow[]) =>
      encodeSample(rows.map(({ key, cells: row }) => [key, shorten(row[profile.name], profile)] as const));
    return {
      name: profile.name,
      role,
      type: profile.type,
      stats: {
        nulls: Number(profile.nullShare.toPrecision(4)),
        negative: Number(profile.negativeShare.toPrecision(4)),
        median: profile.median,
        running: running === undefined ? null : Number(running),
        ...(sampled ? { cells: values(cells), last: values(last) } : {}),
      },
    };
  });
}

interface RowKey {
  file: number;
  line: number;
  key: string;
}

interface SampledRow {
  key: string;
  cells: Record<string, string | null>;
}

async function cellRows(raw: RawTable, places: readonly Place[]): Promise<RowKey[]> {
  if (places.length === 0) return [];
  const tracts = places.map(({ tract }) => tract).join(', ');
  const distinct = await raw.connection.runAndReadAll(
    `SELECT DISTINCT time::VARCHAR FROM typed WHERE tract IN (${tracts})`,
  );
  const times = distinct
    .getRows()
    .map(([time]) => String(time))
    .sort((a, b) => hash(a) - hash(b))
    .slice(0, Math.ceil(SAMPLED_CELLS / places.length));
  if (times.length === 0) return [];
  return rowKeys(
    raw,
    places,
    `SELECT _file, _line, tract, time::VARCHAR FROM typed WHERE tract IN (${tracts})
       AND time IN (${times.map((time) => `TIMESTAMP '${time}'`).join(', ')}) ORDER BY tract, time`,
  );
}

/** The newest row of each tract, under the name of the tract alone: comparable without a day in common. */
async function lastRows(raw: RawTable, places: readonly Place[]): Promise<RowKey[]> {
  if (places.length === 0) return [];
  return rowKeys(
    raw,
    places,
    `SELECT arg_max(_file, time), arg_max(_line, time), tract, '' FROM typed
       WHERE tract IN (${places.map(({ tract }) => tract).join(', ')}) GROUP BY tract ORDER BY tract`,
  );
}

async function rowKeys(raw: RawTable, places: readonly Place[], sql: string): Promise<RowKey[]> {
  const ids = new Map(places.map(({ tract, id }) => [tract, id]));
  const read = await raw.connection.runAndReadAll(sql);
  return read.getRows().map(([file, line, tract, time]) => ({
    file: Number(file),
    line: Number(line),
    // Tract and time apart: a rate per head is another factor in each tract, the same at all times.
    key: `${hash(ids.get(Number(tract)) ?? '').toString(36)}.${hash(String(time)).toString(36)}`,
  }));
}

async function sampledRows(raw: RawTable, keys: readonly RowKey[]): Promise<SampledRow[]> {
  if (keys.length === 0) return [];
  const names = raw.columns.map(identifier).join(', ');
  const read = await raw.connection.runAndReadAll(
    `SELECT _file, _line, ${names} FROM raw WHERE _line IN (${[...new Set(keys.map(({ line }) => line))].join(', ')})`,
  );
  const rows = new Map(
    read
      .getRows()
      .map(([file, line, ...cells]) => [
        `${file}:${line}`,
        Object.fromEntries(raw.columns.map((name, i) => [name, cells[i] === null ? null : String(cells[i])])),
      ]),
  );
  return keys.map(({ file, line, key }) => ({ key, cells: rows.get(`${file}:${line}`) ?? {} }));
}

function shorten(text: string | null | undefined, profile: ColumnProfile): string {
  const value = text?.trim() ?? '';
  if (value === '') return '';
  if (profile.type !== 'integer' && profile.type !== 'number') return hash(value.toLowerCase()).toString(36);
  const plain =
    profile.decimal === ',' ? value.replace(/[. ']/g, '').replace(',', '.') : value.replace(/[, ']/g, '');
  const number = Number(plain);
  return Number.isFinite(number) ? String(Number(number.toPrecision(9))) : '';
}

/** FNV-1a, 32 bit: the same in every version of the engine, unlike its own hash. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) {
    value ^= text.charCodeAt(i);
    value = Math.imul(value, 0x01000193);
  }
  return value >>> 0;
}
