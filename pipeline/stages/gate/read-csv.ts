import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DuckDBConnection } from '@duckdb/node-api';
import { GateError } from '../../contracts/errors.ts';
import { columnNames } from './column-names.ts';
import { embeddedLines, numberLines } from './number-lines.ts';
import { blankOutsideQuotes, encodingOf, readHead, scanBytes, transcode } from './read-bytes.ts';
import { count, loadRows, MAX_REJECTS, rejectsOf, short } from './read-csv-rows.ts';
import type { ReadOptions, ReadPart, Repair, TableFile } from './read-table.ts';
import { type CsvShape, sniffCsv } from './sniff-csv.ts';
import { identifier } from './sql.ts';

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
