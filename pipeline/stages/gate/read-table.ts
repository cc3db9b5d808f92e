import { open } from 'node:fs/promises';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { GateError } from '../../contracts/errors.ts';
import type { GateReport } from '../../contracts/gate.ts';
import { sniffCsv } from './sniff-csv.ts';
import { identifier, literal } from './sql.ts';

export interface TableFile {
  path: string;
  format: 'csv' | 'parquet' | 'json';
  /** What to call it in messages. */
  name?: string;
}

export interface ReadOptions {
  /** Folder for what must be written on the way; the caller removes it. */
  scratch: string;
  threads?: number;
  /** DuckDB's own form, such as `900MB`. */
  memoryLimit?: string;
  signal?: AbortSignal;
}

export interface Reject {
  line: number | null;
  reason: string;
  text: string;
}

/** One table of text, whatever the files looked like. */
export interface RawTable {
  connection: DuckDBConnection;
  close(): Promise<void>;
  /** In DuckDB: every source column as VARCHAR, then `_line` BIGINT (1 = header) and `_file` INTEGER. */
  table: 'raw';
  columns: string[];
  rows: number;
  format: GateReport['format'];
  repairs: GateReport['repairs'];
  /** At most `MAX_REJECTS`; `rejected` counts all. */
  rejects: Reject[];
  rejected: number;
}

export const MAX_REJECTS = 10_000;

/** Reads the files of one snapshot into the table `raw` of an engine in this process.
 *  @throws GateError if they hold no table */
export async function readTable(files: TableFile[], options: ReadOptions): Promise<RawTable> {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(options.threads ?? 2),
    memory_limit: options.memoryLimit ?? '900MB',
    temp_directory: options.scratch,
  });
  const connection = await instance.connect();
  const close = async () => {
    connection.closeSync();
    instance.closeSync();
  };
  try {
    // Compressed columns: a third of the memory, and later scans are faster than on plain ones.
    await connection.run("ATTACH ':memory:' AS gate (COMPRESS)");
    await connection.run('USE gate');
    const read = await readFile(connection, files[0]);
    const rows = Number((await connection.runAndReadAll('SELECT count(*) FROM raw')).getRows()[0][0]);
    return { connection, close, table: 'raw', rows, ...read };
  } catch (error) {
    await close();
    throw error;
  }
}

type Read = Pick<RawTable, 'columns' | 'format' | 'repairs' | 'rejects' | 'rejected'>;

async function readFile(connection: DuckDBConnection, file: TableFile): Promise<Read> {
  const sample = await head(file.path, 1 << 18);
  const shape = sniffCsv(sample);
  if (shape === null)
    throw new GateError(`${file.name ?? file.path} is empty`, { hint: 'look at the address in a browser' });
  const columns = shape.header ?? Array.from({ length: shape.fields }, (_, i) => `col_${i + 1}`);
  const types = columns.map((name) => `${literal(name)}: 'VARCHAR'`).join(', ');
  await connection.run(
    `CREATE TABLE raw_rows AS SELECT * FROM read_csv(${literal(file.path)}, auto_detect = false, columns = {${types}},
       delim = ${literal(shape.delimiter)}, quote = '"', escape = '"', header = false, skip = ${shape.skip}, nullstr = '',
       store_rejects = true, rejects_limit = ${MAX_REJECTS})`,
  );
  await connection.run(
    `CREATE VIEW raw AS SELECT ${columns.map(identifier).join(', ')}, rowid + ${shape.skip + 1} AS _line, 0::INTEGER AS _file FROM raw_rows`,
  );
  return {
    columns,
    format: { kind: 'csv', encoding: 'utf-8', delimiter: shape.delimiter },
    repairs: [],
    rejects: [],
    rejected: 0,
  };
}

async function head(path: string, bytes: number): Promise<string> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytes), 0, bytes, 0);
    const text = buffer.toString('utf8', 0, bytesRead);
    return bytesRead < bytes ? text : text.slice(0, text.lastIndexOf('\n') + 1);
  } finally {
    await handle.close();
  }
}
