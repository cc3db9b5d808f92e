import { type DateFormat, findDateForm } from './dates.ts';
import {
  type Decimal,
  INFINITE_WORDS,
  MISSING_WORDS,
  type NumberForm,
  numberForm,
  numberSql,
} from './numbers.ts';
import type { RawTable } from './read-table.ts';
import { identifier, literal } from './sql.ts';

/** What the values of one column say, without its name. Shares are of the cells that are not null. */
export interface ColumnProfile {
  name: string;
  type: 'integer' | 'number' | 'date' | 'text' | 'empty';
  rows: number;
  /** Empty cells, and `NA` and its like where the column is numeric or a date. */
  nulls: number;
  nullShare: number;
  /** Approximate beyond some hundreds. */
  distinct: number;
  /** One value in every row. */
  constant: boolean;
  numberShare: number;
  integerShare: number;
  decimal: Decimal;
  thousands: boolean;
  /** Cells that say NaN or Infinity, in a numeric column. */
  infinite: number;
  /** Numbers beyond 2^53, which a double does not hold exactly. */
  inexact: number;
  /** Form of the dates, where most cells are dates. */
  dateForm: DateFormat | null;
  dateShare: number;
  /** Lower than 1 where day and month could be swapped. */
  dateConfidence: number;
  /** Of the numbers; null where there are none. Quantiles, deviation, zeros and lengths are of a sample. */
  min: number | null;
  max: number | null;
  mean: number | null;
  std: number | null;
  q01: number | null;
  q25: number | null;
  median: number | null;
  q75: number | null;
  q99: number | null;
  negativeShare: number;
  zeroShare: number;
  minLength: number;
  maxLength: number;
  meanLength: number;
  /** Of the sample: numbers such as 007, which are codes. */
  leadingZeroShare: number;
  examples: string[];
}

const SAMPLE_ROWS = 10_000;
/** Columns a query: each aggregate holds state, and one scan over all of them is the fastest. */
const COLUMNS_A_SCAN = 40;
const MAX_DATES = 200_000;

/** Describes every column of `raw` by its content, over all rows; quantiles and forms from a sample.
 *  Sets `format.decimal` of the table, which only all columns together can tell. */
export async function profileColumns(table: RawTable): Promise<ColumnProfile[]> {
  const sample = await sampleColumns(table);
  const forms = sample.map((values) => numberForm(values));
  const clear = (decimal: Decimal) => forms.filter((form) => form.clear && form.decimal === decimal).length;
  const decimal: Decimal = clear(',') > clear('.') ? ',' : '.';
  if (table.format) table.format.decimal = decimal;
  const profiles: ColumnProfile[] = [];
  for (let from = 0; from < table.columns.length; from += COLUMNS_A_SCAN) {
    const columns = table.columns.slice(from, from + COLUMNS_A_SCAN).map((name, index) => {
      const form = forms[from + index];
      // `1.234` alone says nothing: where other columns have decimal commas it is a thousand.
      const chosen = form.clear ? form : numberForm(sample[from + index], decimal);
      return { name, form: chosen, values: sample[from + index] };
    });
    profiles.push(...(await profileAll(table, columns)));
  }
  return profiles;
}

interface Column {
  name: string;
  form: NumberForm;
  values: string[];
}

/** Non-null cells of each column in a sample of rows. */
async function sampleColumns(table: RawTable): Promise<string[][]> {
  const every = Math.max(1, Math.floor(table.rows / SAMPLE_ROWS));
  const cells = table.columns.map(identifier).join(', ');
  const reader = await table.connection.runAndReadAll(
    // By hash: every n-th row would meet the same tract again and again.
    `SELECT ${cells} FROM raw ${every > 1 ? `WHERE hash(_line) % ${every} = 0` : ''} LIMIT ${SAMPLE_ROWS * 2}`,
  );
  return reader.getColumns().map((column) => column.filter((cell) => cell !== null).map(String));
}

async function profileAll(table: RawTable, columns: Column[]): Promise<ColumnProfile[]> {
  const cells: string[] = [];
  const aggregates = columns.flatMap(({ name, form, values }, index) => {
    cells.push(`${identifier(name)} AS c${index}`);
    // Casting what the sample shows to be text would be the most expensive part of all.
    const numeric = values.some((value) => !Number.isNaN(form.parse(value)));
    cells.push(`${numeric ? numberSql(name, form) : 'NULL::DOUBLE'} AS n${index}`);
    const numbers = ['count(#)', 'min(#)', 'max(#)', 'avg(#)', 'count(*) FILTER (# = floor(#))'];
    return [
      `count(c${index})`,
      `approx_count_distinct(c${index})`,
      ...numbers.map((sql) => (numeric ? sql.replaceAll('#', `n${index}`) : 'NULL')),
    ];
  });
  const [row] = (
    await table.connection.runAndReadAll(
      `SELECT ${aggregates.join(', ')} FROM (SELECT ${cells.join(', ')} FROM raw)`,
    )
  ).getRows();
  const width = aggregates.length / columns.length;
  const profiles: ColumnProfile[] = [];
  for (const [index, column] of columns.entries()) {
    const facts = row
      .slice(index * width, (index + 1) * width)
      .map((cell) => (cell === null ? null : Number(cell)));
    profiles.push(await profileOne(table, column, facts));
  }
  return profiles;
}

async function profileOne(table: RawTable, column: Column, facts: (number | null)[]): Promise<ColumnProfile> {
  const [filled, distinct, numbers, min, max, mean, whole] = [
    facts[0] ?? 0,
    facts[1] ?? 0,
    facts[2] ?? 0,
    facts[3],
    facts[4],
    facts[5],
    facts[6] ?? 0,
  ];
  const { name, form, values } = column;
  const words =
    filled > numbers && numbers > 0.3 * filled ? await wordCounts(table, name) : { missing: 0, infinite: 0 };
  const shown = Math.max(1, filled - words.missing - words.infinite);
  const numberShare = numbers / shown;
  const numeric = filled > 0 && numberShare > 0.9;
  const date = filled === 0 ? null : await dateOf(table, name, values);
  const type =
    filled === 0
      ? 'empty'
      : date?.form.strict
        ? 'date'
        : numeric
          ? whole === numbers
            ? 'integer'
            : 'number'
          : 'text';
  const nulls = table.rows - filled + (type === 'text' ? 0 : words.missing);
  const sorted = Float64Array.from(values.map((value) => form.parse(value)).filter(Number.isFinite)).sort();
  const quantile = (p: number) =>
    sorted.length === 0 ? null : sorted[Math.min(sorted.length - 1, Math.floor(p * sorted.length))];
  const lengths = values.map((value) => value.length);
  const rare = await rareCounts(table, column, min, max);
  const share = (count: number, of: number) => (of === 0 ? 0 : count / of);
  return {
    name,
    type,
    rows: table.rows,
    nulls,
    nullShare: share(nulls, table.rows),
    distinct,
    constant: filled === table.rows && distinct === 1,
    numberShare: filled === 0 ? 0 : numberShare,
    integerShare: share(whole, shown),
    decimal: form.decimal,
    thousands: form.thousands,
    infinite: numeric ? words.infinite : 0,
    inexact: rare.inexact,
    dateForm: date?.form ?? null,
    dateShare: date?.share ?? 0,
    dateConfidence: date?.confidence ?? 0,
    min,
    max,
    mean,
    std: deviation(sorted),
    q01: quantile(0.01),
    q25: quantile(0.25),
    median: quantile(0.5),
    q75: quantile(0.75),
    q99: quantile(0.99),
    negativeShare: share(rare.negative, numbers),
    zeroShare: share(sorted.filter((value) => value === 0).length, sorted.length),
    minLength: lengths.length === 0 ? 0 : lengths.reduce((a, b) => Math.min(a, b)),
    maxLength: lengths.reduce((a, b) => Math.max(a, b), 0),
    meanLength: share(
      lengths.reduce((a, b) => a + b, 0),
      lengths.length,
    ),
    leadingZeroShare: share(values.filter((value) => /^0\d/.test(value)).length, values.length),
    examples: [...new Set(values)]
      .slice(0, 5)
      .map((value) => (value.length > 60 ? `${value.slice(0, 57)}…` : value)),
  };
}

async function wordCounts(table: RawTable, name: string): Promise<{ missing: number; infinite: number }> {
  const word = `lower(${identifier(name)})`;
  const among = (words: string[]) => `count(*) FILTER (${word} IN (${words.map(literal).join(', ')}))`;
  const [row] = (
    await table.connection.runAndReadAll(
      `SELECT ${among(MISSING_WORDS.filter((w) => w !== 'nan'))}, ${among([...INFINITE_WORDS, 'nan'])} FROM raw`,
    )
  ).getRows();
  return { missing: Number(row[0]), infinite: Number(row[1]) };
}

/** All distinct values together decide the form: only some of them tell day from month. */
async function dateOf(
  table: RawTable,
  name: string,
  values: string[],
): Promise<ReturnType<typeof findDateForm>> {
  const few = [...new Set(values.slice(0, 2000))].filter((value) => !isMissing(value));
  if (few.length === 0 || findDateForm(few, 0.8) === null) return null;
  const cell = identifier(name);
  const all = await table.connection.runAndReadAll(
    `SELECT DISTINCT ${cell} FROM raw WHERE ${cell} IS NOT NULL LIMIT ${MAX_DATES}`,
  );
  return findDateForm(
    all
      .getRows()
      .map(([value]) => String(value))
      .filter((value) => !isMissing(value)),
    0.8,
  );
}

function isMissing(value: string): boolean {
  return MISSING_WORDS.includes(value.toLowerCase());
}

/** Counted only where the extremes say that there are any. */
async function rareCounts(table: RawTable, column: Column, min: number | null, max: number | null) {
  const large = Math.max(Math.abs(min ?? 0), Math.abs(max ?? 0)) > Number.MAX_SAFE_INTEGER;
  if ((min ?? 0) >= 0 && !large) return { negative: 0, inexact: 0 };
  const number = numberSql(column.name, column.form);
  const [[negative, inexact]] = (
    await table.connection.runAndReadAll(
      `SELECT count(*) FILTER (n < 0), count(*) FILTER (abs(n) > ${Number.MAX_SAFE_INTEGER}) FROM (SELECT ${number} AS n FROM raw)`,
    )
  ).getRows();
  return { negative: Number(negative), inexact: Number(inexact) };
}

function deviation(values: Float64Array): number | null {
  if (values.length < 2) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
