import type { DuckDBConnection } from '@duckdb/node-api';
import { type ByteScan, linesAt } from './read-bytes.ts';
import type { Reject, Repair } from './read-table.ts';
import type { CsvShape } from './sniff-csv.ts';
import { identifier, literal } from './sql.ts';

export const MAX_REJECTS = 10_000;

export interface Load {
  path: string;
  shape: CsvShape;
  names: string[];
  scan: ByteScan;
}

/** Reads with quotes; where a quote that never closes swallows lines, once more without any meaning of quotes. */
export async function loadRows(
  connection: DuckDBConnection,
  name: string,
  load: Load,
): Promise<{ unquoted: boolean; repair?: Repair }> {
  await readRows(connection, name, load, '"');
  if (!load.scan.quotes) return { unquoted: false };
  const swallowed = await swallowedLines(connection, name, load.names);
  if (swallowed.lines === 0) return { unquoted: false };
  const quoted = await count(connection, name);
  await readRows(connection, `${name}_unquoted`, load, '');
  if ((await count(connection, `${name}_unquoted`)) <= quoted) {
    await connection.run(`DROP TABLE ${name}_unquoted`);
    await readRows(connection, name, load, '"');
    return { unquoted: false };
  }
  await connection.run(`DROP TABLE ${name}; ALTER TABLE ${name}_unquoted RENAME TO ${name}`);
  const bare = load.names.map((column) => {
    const cell = identifier(column);
    return `${cell} = nullif(replace(regexp_replace(${cell}, '^"(.*)"$', '\\1'), '""', '"'), '')`;
  });
  await connection.run(`UPDATE ${name} SET ${bare.join(', ')}`);
  return {
    unquoted: true,
    repair: { repair: 'unclosed-quote', count: 1, examples: [short(swallowed.example)] },
  };
}

async function readRows(
  connection: DuckDBConnection,
  name: string,
  load: Load,
  quote: string,
): Promise<void> {
  const { shape, scan, path, names } = load;
  const types = names.map((column) => `${literal(column)}: 'VARCHAR'`).join(', ');
  const skip = shape.skip === 1 && shape.header !== null ? 1 : 0;
  // DuckDB's own limit is 2 MB a line, and larger buffers cost memory.
  const long = scan.longest > 1_900_000;
  const limits = long ? `max_line_size = ${scan.longest * 2}, buffer_size = ${scan.longest * 4},` : '';
  await connection.run('DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans');
  await connection.run(
    `CREATE OR REPLACE TABLE ${name} AS SELECT * FROM read_csv(${literal(path)}, auto_detect = false, columns = {${types}},
       delim = ${literal(shape.delimiter)}, quote = '${quote}', escape = '${quote}', header = false, skip = ${skip},
       nullstr = '', new_line = '${scan.lineEnd === '\r\n' ? '\\r\\n' : '\\n'}', ${limits}
       store_rejects = true, rejects_limit = ${MAX_REJECTS * 2})`,
  );
}

/** Lines that hide in rejects or in cells with more lines than a note would have. */
async function swallowedLines(
  connection: DuckDBConnection,
  name: string,
  columns: string[],
): Promise<{ lines: number; example: string }> {
  const rejects = await connection.runAndReadAll(
    `SELECT csv_line FROM reject_errors WHERE error_type IN ('UNQUOTED VALUE', 'LINE SIZE OVER MAXIMUM')
       OR contains(trim(csv_line, E'\\r\\n'), E'\\n') LIMIT 1`,
  );
  if (rejects.currentRowCount > 0) return { lines: 1, example: String(rejects.getRows()[0][0]) };
  const longest = columns.map((column) => `max_by(${identifier(column)}, strlen(${identifier(column)}))`);
  const cells = (await connection.runAndReadAll(`SELECT ${longest.join(', ')} FROM ${name}`)).getRows()[0];
  const long = cells.find((cell) => String(cell ?? '').split('\n').length > 20);
  return long === undefined ? { lines: 0, example: '' } : { lines: 20, example: String(long) };
}

export async function rejectsOf(
  connection: DuckDBConnection,
  path: string,
  headLines: number,
): Promise<Reject[]> {
  const found = await connection.runAndReadAll(
    `SELECT line_byte_position - 1 AS position, csv_line AS text, string_agg(DISTINCT error_message, '; ') AS reason
     FROM reject_errors GROUP BY ALL ORDER BY position LIMIT ${MAX_REJECTS}`,
  );
  const rows = found.getRowObjects().map((row) => {
    const text = String(row.text ?? '');
    // DuckDB counts blank lines before a bad row as part of it.
    const blank = text.length - text.replace(/^[\r\n]+/, '').length;
    return { position: Number(row.position) + blank, text: text.trim(), reason: String(row.reason) };
  });
  const lines =
    rows.length === 0
      ? []
      : await linesAt(
          path,
          rows.map((row) => row.position),
        );
  return rows.map((row, index) => ({ line: lines[index] + headLines, reason: row.reason, text: row.text }));
}

export async function count(connection: DuckDBConnection, name: string): Promise<number> {
  return Number((await connection.runAndReadAll(`SELECT count(*) FROM ${name}`)).getRows()[0][0]);
}

export function short(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
