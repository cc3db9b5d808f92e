import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { GateError } from '../../contracts/errors.ts';
import { writeWhole } from '../../files.ts';
import { columnsOf } from './columns-of.ts';
import type { ReadOptions, ReadPart } from './read-table.ts';
import { literal } from './sql.ts';

/** Beyond it a document is only read as an array of records or line by line, by DuckDB itself. */
const MAX_DOCUMENT = 200_000_000;
const MAX_DEPTH = 5;

/** Loads records from JSON: an array of objects, one object a line, an object of equally long arrays, or any of these
 *  somewhere inside a document (the largest wins).
 *  @throws GateError if there are none */
export async function readJson(
  connection: DuckDBConnection,
  path: string,
  label: string,
  name: string,
  options: ReadOptions,
): Promise<ReadPart> {
  const { size } = await stat(path);
  if (size === 0)
    throw new GateError(`${label} holds no records`, { hint: 'look at the source in a browser' });
  const records = size <= MAX_DOCUMENT ? recordsIn(parse(await readFile(path, 'utf8'))) : null;
  if (records !== null && records.length === 0) {
    throw new GateError(`${label} holds no records`, { hint: 'write the path to them into `json.records`' });
  }
  const source = records === null ? path : join(options.scratch, `records-${process.hrtime.bigint()}.ndjson`);
  if (records !== null)
    await writeWhole(source, `${records.map((record) => JSON.stringify(record)).join('\n')}\n`);
  try {
    await connection.run(
      `CREATE TABLE ${name}_rows AS SELECT COLUMNS(*)::VARCHAR
       FROM read_json(${literal(source)}, sample_size = -1, maximum_depth = 1, map_inference_threshold = -1, maximum_object_size = 100000000)`,
    );
  } catch (cause) {
    throw new GateError(`${label} cannot be read as JSON`, {
      cause,
      hint: 'it may be cut off; fetch it again',
    });
  }
  const columns = await columnsOf(connection, `${name}_rows`);
  // With depth 1 every value is JSON text: strings lose their quotes, null becomes NULL.
  const cells = columns.map(
    (column) => `("${column.replaceAll('"', '""')}"::JSON ->> '$') AS "${column.replaceAll('"', '""')}"`,
  );
  await connection.run(
    `CREATE VIEW ${name} AS SELECT ${cells.join(', ')}, rowid + 1 AS _line FROM ${name}_rows`,
  );
  return { table: name, columns, format: { kind: 'json' }, repairs: [], rejects: [], rejected: 0 };
}

/** @returns undefined for text that is not one document (records line by line, perhaps) */
function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}

type JsonRecord = Record<string, unknown>;

/** The largest set of records in a document. */
export function recordsIn(document: unknown): JsonRecord[] | null {
  if (document === undefined) return null;
  let best: JsonRecord[] = [];
  const look = (value: unknown, depth: number) => {
    const records = asRecords(value);
    if (records !== null) {
      if (records.length > best.length) best = records;
      return;
    }
    if (depth < MAX_DEPTH && isObject(value)) for (const part of Object.values(value)) look(part, depth + 1);
  };
  look(document, 0);
  return best;
}

function asRecords(value: unknown): JsonRecord[] | null {
  if (Array.isArray(value)) return value.length > 0 && value.every(isObject) ? value : null;
  if (!isObject(value)) return null;
  const arrays = Object.entries(value).filter((entry): entry is [string, unknown[]] =>
    Array.isArray(entry[1]),
  );
  const length = arrays[0]?.[1].length ?? 0;
  const even =
    arrays.length >= 2 && arrays.every(([, cells]) => cells.length === length && !cells.some(isObject));
  if (!even) return null;
  return Array.from({ length }, (_, row) =>
    Object.fromEntries(arrays.map(([key, cells]) => [key, cells[row]])),
  );
}

function isObject(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
