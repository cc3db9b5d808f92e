import { readFile } from 'node:fs/promises';
import { parquetMetadataAsync, parquetRead } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { CorruptError } from '../contracts/errors.ts';
import { writeWhole } from '../files.ts';

export type Column =
  | { name: string; type: 'STRING'; data: string[] }
  | { name: string; type: 'INT32'; data: Int32Array }
  | { name: string; type: 'DOUBLE'; data: Float64Array }
  /** Epoch milliseconds. */
  | { name: string; type: 'TIMESTAMP'; data: Float64Array };

export interface Columns {
  rows: number;
  strings(name: string): string[];
  integers(name: string): Int32Array;
  /** Also timestamps, as epoch milliseconds. */
  numbers(name: string): Float64Array;
  /** The JSON stored beside the columns; undefined where there is none. */
  about: unknown;
}

/** Writes columns of equal length as Parquet, whole or not at all. `about` goes into the file's metadata as JSON. */
export async function writeColumns(path: string, columns: Column[], about?: unknown): Promise<void> {
  const buffer = parquetWriteBuffer({
    columnData: columns.map((column) => ({
      name: column.name,
      type: column.type,
      data: column.type === 'TIMESTAMP' ? milliseconds(column.data) : column.data,
      nullable: false,
      statistics: false,
    })),
    rowGroupSize: 100_000,
    kvMetadata: about === undefined ? undefined : [{ key: KEY, value: JSON.stringify(about) }],
  });
  await writeWhole(path, new Uint8Array(buffer));
}

/** @returns null if there is no such file
 *  @throws CorruptError if it is no Parquet, or a column asked for is missing */
export async function readColumns(path: string): Promise<Columns | null> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  return parseColumns(path, bytes);
}

/** @param shown what messages call the file
 *  @param limits a file that says of itself that it has more rows, or more bytes when unpacked, is not unpacked
 *  @throws CorruptError if it is no Parquet, has too many rows, or lacks a column that is asked for */
export async function parseColumns(
  shown: string,
  bytes: Buffer,
  limits: { maxRows?: number; maxBytes?: number } = {},
): Promise<Columns> {
  try {
    return await parse(shown, bytes, limits);
  } catch (cause) {
    throw new CorruptError(`${shown} cannot be read as Parquet`, {
      cause,
      hint: MAKE_AGAIN,
      facts: { path: shown },
    });
  }
}

const KEY = 'perennial';
const MAKE_AGAIN = 'delete it and run the stage that makes it again';

type Chunk = { from: number; data: ArrayLike<unknown> };

async function parse(
  path: string,
  bytes: Buffer,
  { maxRows = Number.POSITIVE_INFINITY, maxBytes = Number.POSITIVE_INFINITY },
): Promise<Columns> {
  const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  const metadata = await parquetMetadataAsync(file);
  const rowsInside = sum(metadata.row_groups.map(({ num_rows }) => num_rows));
  if (rowsInside > maxRows || metadata.num_rows > maxRows)
    throw new RangeError(`it has ${rowsInside} rows, at most ${maxRows} are read`);
  const chunksInside = metadata.row_groups.flatMap(({ columns }) => columns);
  const unpacked = sum(
    chunksInside.map(({ meta_data: told }) =>
      told ? Math.max(Number(told.total_uncompressed_size), Number(told.num_values)) : 0,
    ),
  );
  if (unpacked > maxBytes)
    throw new RangeError(`it unpacks to ${unpacked} bytes, at most ${maxBytes} are read`);
  const chunks = new Map<string, Chunk[]>();
  await parquetRead({
    file,
    metadata,
    // Numbers in place of Date objects: half a million of them cost a second.
    parsers: { timestampFromMilliseconds: Number },
    onChunk: ({ columnName, columnData, rowStart }) => {
      const seen = chunks.get(columnName) ?? [];
      seen.push({ from: rowStart, data: columnData });
      chunks.set(columnName, seen);
    },
  });
  const rows = Number(metadata.num_rows);
  const stored = metadata.key_value_metadata?.find(({ key }) => key === KEY)?.value;

  function into<T extends { [index: number]: unknown }>(name: string, target: T): T {
    const column = chunks.get(name);
    if (!column && rows > 0)
      throw new CorruptError(`${path} has no column ${name}`, { hint: MAKE_AGAIN, facts: { path } });
    for (const { from, data } of column ?? [])
      for (let i = 0; i < data.length; i++) target[from + i] = data[i];
    return target;
  }

  return {
    rows,
    strings: (name) => into(name, new Array<string>(rows)),
    integers: (name) => into(name, new Int32Array(rows)),
    numbers: (name) => into(name, new Float64Array(rows)),
    about: stored === undefined ? undefined : JSON.parse(stored),
  };
}

function sum(values: (bigint | number)[]): number {
  return values.reduce<number>((total, value) => total + Number(value), 0);
}

function milliseconds(times: Float64Array): BigInt64Array {
  return BigInt64Array.from(times, (time) => BigInt(time));
}
