import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { GateError, PerennialError } from '../../contracts/errors.ts';
import type { GateReport } from '../../contracts/gate.ts';
import { columnsOf } from './columns-of.ts';
import { joinParts } from './join-parts.ts';
import type { Counted } from './measurements.ts';
import { meltDates } from './melt-dates.ts';
import { gunzip, readHead } from './read-bytes.ts';
import { readCsv } from './read-csv.ts';
import { MAX_REJECTS } from './read-csv-rows.ts';
import { readJson } from './read-json.ts';
import { identifier, literal } from './sql.ts';
import { trimCells } from './trim-cells.ts';

export interface TableFile {
  path: string;
  format: 'csv' | 'parquet' | 'json';
  /** What to call it in messages. */
  name?: string;
}

export interface ReadOptions {
  /** Folder for what must be written on the way; it must exist, and the caller removes it. */
  scratch: string;
  threads?: number;
  /** DuckDB's own form, such as `900MB`. */
  memoryLimit?: string;
  signal?: AbortSignal;
}

export interface Reject {
  /** Physical line of the file, the header being 1. */
  line: number | null;
  reason: string;
  text: string;
}

export type Repair = GateReport['repairs'][number];

/** One table of text, whatever the files looked like. */
export interface RawTable {
  connection: DuckDBConnection;
  close(): Promise<void>;
  /** In DuckDB, a table or a view: every source column as VARCHAR, then `_line` BIGINT (1 = header) and `_file` INTEGER.
   *  Cells are trimmed and empty ones NULL; `NA` stays, for whether it is missing is for each column to say. */
  table: 'raw';
  columns: string[];
  rows: number;
  format: GateReport['format'];
  repairs: Repair[];
  /** Rows that were summed into others, and rows set aside, before anything was typed; `rows` counts what is left. */
  folded: number;
  aside: Counted[];
  /** How often `raw` was replaced. */
  kept: number;
  /** At most 10,000; `rejected` counts all. */
  rejects: Reject[];
  rejected: number;
}

/** What one file gave: a table or view of its own in DuckDB, columns and `_line`. */
export type ReadPart = Pick<RawTable, 'columns' | 'format' | 'repairs' | 'rejects' | 'rejected'> & {
  table: string;
};

const MAX_UNPACKED = 8_000_000_000;

/**
 * Reads the files of one snapshot into the table `raw` of an engine in this process.
 * Files with the same columns are appended; others are joined on the columns they share (see join-parts.ts);
 * a layout with a column per date becomes a long one.
 * @throws GateError if they hold no table
 */
export async function readTable(files: TableFile[], options: ReadOptions): Promise<RawTable> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? 2),
    memory_limit: options.memoryLimit ?? '900MB',
    temp_directory: options.scratch,
  });
  const connection = await instance.connect();
  const interrupt = () => connection.interrupt();
  options.signal?.addEventListener('abort', interrupt);
  const close = async () => {
    options.signal?.removeEventListener('abort', interrupt);
    connection.closeSync();
    instance.closeSync();
  };
  try {
    // Compressed columns: a third of the memory, and later scans are faster than on plain ones.
    await connection.run("ATTACH ':memory:' AS gate (COMPRESS)");
    await connection.run('USE gate');
    const parts: ReadPart[] = [];
    for (const [index, file] of files.entries()) {
      options.signal?.throwIfAborted();
      const part = await readPart(connection, file, `part_${index}`, options);
      await trimCells(connection, `part_${index}`, part);
      await meltDates(
        connection,
        `part_${index}`,
        part,
        files.length > 1 ? index : null,
        file.name ?? file.path,
      );
      parts.push(part);
    }
    const joined = await joinParts(connection, parts);
    await connection.run(
      `CREATE VIEW raw AS SELECT ${joined.columns.map(identifier).join(', ')}, _line, _file FROM ${joined.table}`,
    );
    const rows = Number((await connection.runAndReadAll('SELECT count(*) FROM raw')).getRows()[0][0]);
    if (rows === 0) throw new GateError('the source holds no rows', { hint: 'look at it in a browser' });
    return {
      connection,
      close,
      table: 'raw',
      rows,
      folded: 0,
      aside: [],
      kept: 0,
      columns: joined.columns,
      format: parts[0].format,
      repairs: [...parts.flatMap((part) => part.repairs), ...joined.repairs],
      rejects: parts.flatMap((part) => part.rejects).slice(0, MAX_REJECTS),
      rejected: parts.reduce((sum, part) => sum + part.rejected, 0),
    };
  } catch (error) {
    await close();
    throw options.signal?.aborted ? error : asRefusal(error, files);
  }
}

/** Bytes that nobody foresaw make the engine or the unpacker stumble: bad input all the same. */
function asRefusal(error: unknown, files: TableFile[]): unknown {
  if (error instanceof PerennialError || !(error instanceof Error)) return error;
  const names = files.map(({ name, path }) => name ?? path).join(', ');
  return new GateError(`${names} cannot be read: ${error.message.split('\n')[0]}`, {
    cause: error,
    hint: 'look at the first lines of the file; it may be damaged, or of another kind than its name says',
  });
}

async function readPart(
  connection: DuckDBConnection,
  given: TableFile,
  name: string,
  options: ReadOptions,
): Promise<ReadPart> {
  const label = given.name ?? given.path;
  const magic = await readHead(given.path, 4);
  const file = { ...given, name: label };
  if (magic[0] === 0x1f && magic[1] === 0x8b) {
    file.path = await gunzip(given.path, options.scratch, MAX_UNPACKED, options.signal);
  }
  if (magic.toString('latin1') === 'PAR1') return readParquet(connection, file.path, label, name);
  if (given.format === 'json') return readJson(connection, file.path, label, name, options);
  if (given.format === 'parquet') {
    throw new GateError(
      `${label} is not Parquet: it starts with ${JSON.stringify(magic.toString('latin1'))}`,
      {
        hint: 'write `format: csv` or `format: json` in the source',
      },
    );
  }
  return readCsv(connection, file, name, options);
}

async function readParquet(
  connection: DuckDBConnection,
  path: string,
  label: string,
  name: string,
): Promise<ReadPart> {
  try {
    await connection.run(
      `CREATE TABLE ${name} AS SELECT COLUMNS(*)::VARCHAR, file_row_number + 1 AS _line
       FROM (SELECT * FROM read_parquet(${literal(path)}, file_row_number = true))`,
    );
  } catch (cause) {
    throw new GateError(`${label} cannot be read as Parquet`, {
      cause,
      hint: 'it may be cut off; fetch it again',
    });
  }
  return {
    table: name,
    columns: await columnsOf(connection, name),
    format: { kind: 'parquet' },
    repairs: [],
    rejects: [],
    rejected: 0,
  };
}
