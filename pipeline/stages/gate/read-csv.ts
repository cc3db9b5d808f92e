import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { GateError } from '../../contracts/errors.ts';
import { columnNames } from './column-names.ts';
import {
  type ByteScan,
  blankOutsideQuotes,
  encodingOf,
  linesAt,
  readHead,
  scanBytes,
  transcode,
} from './csv-bytes.ts';
import { embeddedLines, numberLines } from './number-lines.ts';
import type { ReadOptions, ReadPart, Reject, Repair, TableFile } from './read-table.ts';
import { type CsvShape, sniffCsv } from './sniff-csv.ts';
import { identifier, literal } from './sql.ts';

export const MAX_REJECTS = 10_000;
const SAMPLE_BYTES = 1 << 19;
const SAMPLE_LINES = 2000;

/** Loads one CSV file into the table `name`, all columns as text, and `_line`.
 *  @throws GateError if the file holds no table */
export async function readCsv(
  connection: DuckDBConnection,
  file: TableFile,
  name: string,
  options: ReadOptions,
): Promise<ReadPart> {
  const label = file.name ?? file.path;
  const repairs: Repair[] = [];
  const { path, scan, encoding } = await asUtf8(file.path, label, repairs, options);
  const sample = await sampleOf(path);
  refuseOtherFormats(sample, label);
  const shape = sniffCsv(sample);
  if (shape === null)
    throw new GateError(`${label} holds no table: every line is blank`, { hint: EMPTY_HINT });
  if (shape.header !== null && scan.lines - scan.blankLines.length <= shape.skip) {
    throw new GateError(`${label} holds a header and no rows`, {
      hint: EMPTY_HINT,
      facts: { header: columnNames(shape.header, shape.header.length).names },
    });
  }
  const names = namesOf(shape, repairs);
  // DuckDB counts records where we count lines: anything but a header of one line is cut off first.
  const cut = shape.skip > 1 ? await withoutHead(path, shape.skip, options) : path;
  const load = await loadRows(connection, name, { path: cut, shape, names, scan });
  if (load.repair) repairs.push(load.repair);
  const rejects = await rejectsOf(connection, cut, cut === path ? 0 : shape.skip);
  const rows = await count(connection, name);
  const embedded = scan.quotes && !load.unquoted ? await embeddedLines(connection, name, names) : 0;
  const blank = (
    embedded > 0 && scan.blankLines.length > 0 ? await blankOutsideQuotes(path) : scan.blankLines
  ).filter((line) => line > shape.skip);
  const columns = await withoutTrailing(connection, name, names, shape.header, repairs);
  await numberLines(connection, name, {
    columns,
    all: names,
    first: shape.skip + 1,
    gaps: [
      ...rejects.map(({ line, text }) => ({ line: line ?? 0, text })),
      ...blank.map((line) => ({ line, text: '' })),
    ],
    embedded: embedded > 0,
  });
  // Nothing is lost: every physical line is the head, a row, a reject or blank.
  const unread = scan.lines - shape.skip - blank.length - rows - embedded;
  const rejected = rejects.length < MAX_REJECTS ? rejects.length : Math.max(rejects.length, unread);
  if (rows === 0) {
    const seen = rejects[0] ? `; the first one says: ${rejects[0].reason}` : '';
    throw new GateError(`${label}: none of its ${rejected} rows fits its header${seen}`, {
      hint: 'look at the first lines of the file',
    });
  }
  return {
    table: name,
    columns,
    format: { kind: 'csv', encoding, delimiter: shape.delimiter },
    repairs,
    rejects,
    rejected,
  };
}

const EMPTY_HINT = 'look at the source in a browser; the portal may have published an unfinished file';

async function asUtf8(path: string, label: string, repairs: Repair[], options: ReadOptions) {
  const scan = await scanBytes(path, options.signal);
  if (scan.bytes === 0) throw new GateError(`${label} is empty: 0 bytes`, { hint: EMPTY_HINT });
  const head = await readHead(path, 4096);
  if (head.subarray(0, 4).toString('latin1') === 'PK\u0003\u0004') {
    throw new GateError(`${label} is a zip archive or an Excel workbook, expected text`, {
      hint: 'give the address of the CSV file inside',
    });
  }
  if (isBinary(head)) {
    throw new GateError(
      `${label} is not text: it starts with ${JSON.stringify(head.subarray(0, 12).toString('latin1'))}`,
      {
        hint: 'expected CSV, Parquet or JSON (plain, gz or zip); give the address of such a file',
      },
    );
  }
  const encoding = encodingOf(scan, head);
  if (scan.bom) repairs.push({ repair: 'byte-order-mark', count: 1, examples: [] });
  if (encoding === 'utf-8' && scan.nuls === 0 && scan.lineEnd !== 'mixed') return { path, scan, encoding };
  if (encoding !== 'utf-8') repairs.push({ repair: 'encoding', count: 1, examples: [`${encoding} → utf-8`] });
  if (scan.nuls > 0 && !encoding.startsWith('utf-16'))
    repairs.push({ repair: 'nul-bytes', count: scan.nuls, examples: [] });
  if (scan.lineEnd === 'mixed' && !encoding.startsWith('utf-16'))
    repairs.push({ repair: 'line-ends', count: 1, examples: ['CR or mixed → LF'] });
  const clean = await transcode(path, encoding, options.scratch, options.signal);
  return { path: clean, scan: await scanBytes(clean, options.signal), encoding };
}

/** Control characters that no text has, or nothing but NUL (in UTF-16 every second byte is). */
function isBinary(head: Buffer): boolean {
  const marked = head[0] === 0xff || head[0] === 0xfe;
  const strange = head.filter(
    (byte) => byte > 0 && byte < 32 && ![9, 10, 12, 13, 26, 27].includes(byte),
  ).length;
  const empty = head.filter((byte) => byte === 0).length;
  return empty > 0.8 * head.length || (!marked && strange > 0.02 * head.length);
}

async function sampleOf(path: string): Promise<string> {
  const head = await readHead(path, SAMPLE_BYTES);
  let text = head.toString('utf8').replace(/^\ufeff/, '');
  if (head.length === SAMPLE_BYTES) text = text.slice(0, text.lastIndexOf('\n') + 1) || text;
  let end = 0;
  for (let line = 0; line < SAMPLE_LINES; line++) {
    const at = text.indexOf('\n', end);
    if (at < 0) return text;
    end = at + 1;
  }
  return text.slice(0, end);
}

function refuseOtherFormats(sample: string, label: string): void {
  const start = sample.trimStart().slice(0, 200).toLowerCase();
  if (/^<(!doctype|html|head|body|\?xml|!--)/.test(start)) {
    throw new GateError(
      `${label} is a web page, expected a table: it starts with ${JSON.stringify(start.slice(0, 60))}`,
      {
        hint: 'the portal answered with a page (log-in, error or redirect); give the address of the file itself',
      },
    );
  }
  if (/^[[{]\s*["{[]/.test(start)) {
    throw new GateError(`${label} is JSON, expected a table`, { hint: 'write `format: json` in the source' });
  }
}

/** Names of the columns: as many as an ordinary row has fields. */
function namesOf(shape: CsvShape, repairs: Repair[]): string[] {
  const width = shape.fields;
  const header = shape.header;
  if (header !== null && header.length === width + 1 && header[width].trim() === '') {
    header.pop();
    repairs.push({ repair: 'trailing-empty-column', count: 1, examples: [] });
  }
  if (header !== null && header.length > width) {
    // The header is wider than its rows: short rows would all be rejects, so nothing can be matched up.
    throw new GateError(`the header has ${header.length} names, the rows have ${width} fields`, {
      hint: `the names are ${header.slice(0, 8).join(', ')} …`,
    });
  }
  const { names, unnamed, repeated } = columnNames(header, width);
  if (repeated.length > 0)
    repairs.push({ repair: 'repeated-header', count: repeated.length, examples: repeated.slice(0, 5) });
  if (unnamed.length > 0)
    repairs.push({ repair: 'unnamed-column', count: unnamed.length, examples: unnamed.slice(0, 5) });
  if (header === null) repairs.push({ repair: 'no-header', count: width, examples: names.slice(0, 5) });
  if (shape.preamble.length > 0)
    repairs.push({
      repair: 'preamble',
      count: shape.preamble.length,
      examples: shape.preamble.slice(0, 5).map(short),
    });
  return names;
}

/** Drops columns at the end that have neither name nor values: lines that end in a delimiter. */
async function withoutTrailing(
  connection: DuckDBConnection,
  name: string,
  names: string[],
  header: string[] | null,
  repairs: Repair[],
): Promise<string[]> {
  const kept = [...names];
  while (header !== null && kept.length > 1 && (header[kept.length - 1] ?? '').trim() === '') {
    const last = identifier(kept[kept.length - 1]);
    const [[values]] = (await connection.runAndReadAll(`SELECT count(trim(${last})) FROM ${name}`)).getRows();
    if (Number(values) > 0) break;
    kept.pop();
  }
  if (kept.length < names.length) {
    repairs.push({ repair: 'trailing-empty-column', count: names.length - kept.length, examples: [] });
    const unnamed = repairs.find((repair) => repair.repair === 'unnamed-column');
    if (unnamed) {
      unnamed.examples = unnamed.examples.filter((column) => kept.includes(column));
      unnamed.count -= names.length - kept.length;
      if (unnamed.count === 0) repairs.splice(repairs.indexOf(unnamed), 1);
    }
  }
  return kept;
}

interface Load {
  path: string;
  shape: CsvShape;
  names: string[];
  scan: ByteScan;
}

/** Reads with quotes; where a quote that never closes swallows lines, once more without any meaning of quotes. */
async function loadRows(
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

async function rejectsOf(connection: DuckDBConnection, path: string, headLines: number): Promise<Reject[]> {
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

async function withoutHead(path: string, lines: number, options: ReadOptions): Promise<string> {
  const target = join(options.scratch, `body-${process.hrtime.bigint()}.csv`);
  let left = lines;
  const drop = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      let from = 0;
      while (left > 0) {
        const at = chunk.indexOf(10, from);
        if (at < 0) return done();
        left--;
        from = at + 1;
      }
      done(null, chunk.subarray(from));
    },
  });
  await pipeline([createReadStream(path), drop, createWriteStream(target)], { signal: options.signal });
  return target;
}

async function count(connection: DuckDBConnection, name: string): Promise<number> {
  return Number((await connection.runAndReadAll(`SELECT count(*) FROM ${name}`)).getRows()[0][0]);
}

function short(text: string): string {
  return text.length > 120 ? `${text.slice(0, 117)}…` : text;
}
