import { type DateFormat, findDateForm } from './dates.ts';
import { type Decimal, numberSql } from './numbers.ts';
import type { RawTable } from './read-table.ts';
import { identifier } from './sql.ts';

/** What the values of one column say, without its name. Shares are of the cells that are not null. */
export interface ColumnProfile {
  name: string;
  type: 'integer' | 'number' | 'date' | 'text' | 'empty';
  rows: number;
  /** Empty cells, and `NA` and its like where the column is numeric. */
  nulls: number;
  nullShare: number;
  /** Approximate beyond 1,000. */
  distinct: number;
  /** One value in every row. */
  constant: boolean;
  numberShare: number;
  integerShare: number;
  decimal: Decimal;
  thousands: boolean;
  /** Cells that say NaN or Infinity. */
  infinite: number;
  /** Form of the dates, where most cells are dates. */
  dateForm: DateFormat | null;
  dateShare: number;
  /** Of the numbers; null where there are none. Quantiles are of a sample. */
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
  /** Numbers such as 007: codes. */
  leadingZeroShare: number;
  examples: string[];
}

/** Describes every column of `raw` by its content. */
export async function profileColumns(table: RawTable): Promise<ColumnProfile[]> {
  const profiles: ColumnProfile[] = [];
  for (const name of table.columns) profiles.push(await profileColumn(table, name));
  return profiles;
}

async function profileColumn(table: RawTable, name: string): Promise<ColumnProfile> {
  const cell = identifier(name);
  const number = numberSql(name);
  const row = await one(
    table,
    `SELECT count(*) AS rows, count(${cell}) AS filled, approx_count_distinct(${cell}) AS distinct_count,
       count(${number}) AS numbers, count(*) FILTER (${number} = floor(${number})) AS integers,
       count(*) FILTER (${number} < 0) AS negative, count(*) FILTER (${number} = 0) AS zero,
       min(${number}) AS min, max(${number}) AS max, avg(${number}) AS mean, stddev_samp(${number}) AS std,
       approx_quantile(${number}, [0.01, 0.25, 0.5, 0.75, 0.99]) AS quantiles,
       min(strlen(${cell})) AS min_length, max(strlen(${cell})) AS max_length, avg(strlen(${cell})) AS mean_length,
       count(*) FILTER (regexp_matches(${cell}, '^0\\d')) AS leading_zero,
       min(${cell}) = max(${cell}) AS constant
     FROM raw`,
  );
  const sample = await table.connection.runAndReadAll(
    `SELECT DISTINCT ${cell} FROM raw WHERE ${cell} IS NOT NULL LIMIT 20000`,
  );
  const values = sample.getRows().map((cells) => String(cells[0]));
  const filled = Number(row.filled);
  const dates = findDateForm(values);
  const share = (count: unknown) => (filled === 0 ? 0 : Number(count) / filled);
  const numberShare = share(row.numbers);
  const number_ = (value: unknown) => (value === null || value === undefined ? null : Number(value));
  const quantiles = (row.quantiles as { items: number[] } | null)?.items ?? [];
  const type =
    filled === 0
      ? 'empty'
      : dates && dates.share > 0.9 && dates.form.strict
        ? 'date'
        : numberShare > 0.9
          ? share(row.integers) === numberShare
            ? 'integer'
            : 'number'
          : 'text';
  return {
    name,
    type,
    rows: Number(row.rows),
    nulls: Number(row.rows) - filled,
    nullShare: Number(row.rows) === 0 ? 0 : 1 - filled / Number(row.rows),
    distinct: Number(row.distinct_count),
    constant: row.constant === true,
    numberShare,
    integerShare: share(row.integers),
    decimal: '.',
    thousands: false,
    infinite: 0,
    dateForm: dates?.form ?? null,
    dateShare: dates?.share ?? 0,
    min: number_(row.min),
    max: number_(row.max),
    mean: number_(row.mean),
    std: number_(row.std),
    q01: number_(quantiles[0]),
    q25: number_(quantiles[1]),
    median: number_(quantiles[2]),
    q75: number_(quantiles[3]),
    q99: number_(quantiles[4]),
    negativeShare: share(row.negative),
    zeroShare: share(row.zero),
    minLength: Number(row.min_length ?? 0),
    maxLength: Number(row.max_length ?? 0),
    meanLength: Number(row.mean_length ?? 0),
    leadingZeroShare: share(row.leading_zero),
    examples: values.slice(0, 5),
  };
}

async function one(table: RawTable, sql: string): Promise<Record<string, unknown>> {
  return (await table.connection.runAndReadAll(sql)).getRowObjects()[0];
}
