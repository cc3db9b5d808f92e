import { DATE_FORMS } from './dates.ts';
import { isNumber } from './numbers.ts';

export const DELIMITERS = [',', ';', '\t', '|'] as const;
export type Delimiter = (typeof DELIMITERS)[number];

/** What the first lines of a CSV file say of the whole. */
export interface CsvShape {
  delimiter: Delimiter;
  /** Names as the header gives them, or null where the first row is already data. */
  header: string[] | null;
  /** Fields of an ordinary row. */
  fields: number;
  /** Physical lines before the first row of data: preamble and header. */
  skip: number;
  /** Preamble lines that stand before the header. */
  preamble: string[];
}

export interface CsvRecord {
  cells: string[];
  /** Physical line of its first character, from 1. */
  line: number;
  /** Physical line of its last character. */
  lastLine: number;
}

/**
 * Finds delimiter, preamble and header from a sample.
 * @param sample the first few hundred lines, whole
 * @returns null if there is not a single line that is not blank
 */
export function sniffCsv(sample: string): CsvShape | null {
  let best: { delimiter: Delimiter; records: CsvRecord[]; fields: number; score: number } | null = null;
  for (const delimiter of DELIMITERS) {
    const records = csvRecords(sample, delimiter);
    const fields = usualFields(records);
    const agreeing = records.filter((record) => record.cells.length === fields).length;
    // A row count that agrees is worth more than many fields: `;` files with decimal commas also split at commas.
    const score = fields < 2 ? 0 : agreeing / records.length + Math.min(fields, 50) / 10_000;
    if (best === null || score > best.score) best = { delimiter, records, fields, score };
  }
  if (best === null || best.records.length === 0) return null;
  const { delimiter, records } = best;
  const fields = Math.max(1, best.fields);
  const first = headerIndex(records, fields);
  const rows = records.slice(first + 1);
  const isHeader =
    rows.length === 0 ? !looksLikeData(records[first].cells) : headed(records[first].cells, rows);
  const dataLine = isHeader ? records[first].lastLine : records[first].line - 1;
  return {
    delimiter,
    header: isHeader ? records[first].cells : null,
    fields: rows.length > 0 ? fields : records[first].cells.length,
    skip: dataLine,
    preamble: records.slice(0, first).map((record) => record.cells.join(delimiter)),
  };
}

/** Splits CSV text into records; quotes may hold delimiters and line ends. Blank lines are left out. */
export function csvRecords(text: string, delimiter: string, limit = 1000): CsvRecord[] {
  const records: CsvRecord[] = [];
  let cells: string[] = [];
  let cell = '';
  let quoted = false;
  let line = 1;
  let start = 1;
  const end = () => {
    cells.push(cell);
    if (cells.length > 1 || cells[0].trim() !== '') records.push({ cells, line: start, lastLine: line });
    cells = [];
    cell = '';
  };
  for (let i = 0; i < text.length && records.length < limit; i++) {
    const c = text[i];
    if (quoted) {
      if (c === '"' && text[i + 1] === '"') {
        cell += '"';
        i++;
      } else if (c === '"') quoted = false;
      else {
        if (c === '\n') line++;
        cell += c;
      }
    } else if (c === '"' && cell === '') quoted = true;
    else if (c === delimiter) {
      cells.push(cell);
      cell = '';
    } else if (c === '\n' || c === '\r') {
      if (c === '\r' && text[i + 1] === '\n') i++;
      end();
      line++;
      start = line;
    } else cell += c;
  }
  if (records.length < limit && (cell !== '' || cells.length > 0)) end();
  return records;
}

function usualFields(records: CsvRecord[]): number {
  const counts = new Map<number, number>();
  for (const { cells } of records) counts.set(cells.length, (counts.get(cells.length) ?? 0) + 1);
  let usual = 0;
  let most = 0;
  for (const [fields, count] of counts) {
    if (count > most || (count === most && fields > usual)) {
      usual = fields;
      most = count;
    }
  }
  return usual;
}

/** The header is the first record as wide as the rows; one cell more or less is a trailing delimiter. */
function headerIndex(records: CsvRecord[], fields: number): number {
  const index = records.findIndex(
    ({ cells }) =>
      (Math.abs(cells.length - fields) <= (fields > 2 ? 1 : 0) ||
        (cells.length === fields + 1 && cells[fields].trim() === '')) &&
      !cells[0].trimStart().startsWith('#') &&
      cells.filter((cell) => cell.trim() !== '').length > cells.length / 2,
  );
  return Math.max(0, index);
}

/** A header is told from data by its cells being of another kind than those below them. */
function headed(first: string[], rows: CsvRecord[]): boolean {
  if (!looksLikeData(first)) return true;
  let other = 0;
  let same = 0;
  for (const [column, cell] of first.entries()) {
    const below = rows.map((row) => (row.cells[column] ?? '').trim()).filter((value) => value !== '');
    if (below.length === 0) continue;
    const kinds = below.filter((value) => kind(value) === kind(cell)).length / below.length;
    if (kinds < 0.5) other++;
    else if (kind(cell) !== 'text') same++;
  }
  // Wide layouts have dates as names over numbers.
  return other > same;
}

function looksLikeData(cells: string[]): boolean {
  return cells.some((cell) => cell.trim() !== '' && kind(cell) !== 'text');
}

function kind(cell: string): 'number' | 'date' | 'text' {
  const value = cell.trim();
  if (isNumber(value)) return 'number';
  return DATE_FORMS.some((form) => form.strict && form.pattern.test(value)) ? 'date' : 'text';
}
