import { extname } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { identifier, quote, withDuckDB } from '../clients/duckdb.ts';
import { UsageError } from '../contracts/errors.ts';
import type { Predictions } from './predictions.ts';

const NEEDED = ['time', 'truth', 'challenger'];
const MOST_ROWS = 5_000_000;
const DAY_MS = 86_400_000;

/** Reads predictions from CSV or Parquet: columns `time`, `truth`, `challenger`, and where they are there `champion`,
 *  `baseline`, `slice`; upper and lower case are the same. Empty predictions are NaN: the decision refuses them.
 *  @throws UsageError where the file cannot be read, lacks a column, or has a time or truth that is none */
export async function readPredictions(path: string, shown = path): Promise<Predictions> {
  return withDuckDB(async (db) => {
    const file =
      extname(path).toLowerCase() === '.parquet'
        ? `read_parquet(${quote(path)})`
        : `read_csv(${quote(path)}, all_varchar = true, header = true, null_padding = true)`;
    const names = await columnsOf(db, file, shown);
    const missing = NEEDED.filter((name) => !names.has(name));
    if (missing.length > 0) {
      throw new UsageError(`${shown} has no column ${missing.map((name) => `\`${name}\``).join(', ')}`, {
        hint: `it has ${[...names.keys()].slice(0, 20).join(', ')}; expected are time, truth, challenger, and champion or baseline`,
      });
    }
    const number = async (name: string) => numbers(db, file, { column: names.get(name)!, shown });
    const truth = await number('truth');
    const hole = truth.findIndex((value) => !Number.isFinite(value));
    if (hole >= 0)
      throw new UsageError(`${shown}: row ${hole + 1} has no truth`, {
        hint: 'leave out rows that are not known yet',
      });
    return {
      time: await times(db, file, { column: names.get('time')!, shown }),
      truth,
      challenger: await number('challenger'),
      champion: names.has('champion') ? await number('champion') : null,
      baseline: names.has('baseline') ? await number('baseline') : null,
      slice: names.has('slice')
        ? (await texts(db, file, names.get('slice')!)).map((text) => text ?? '')
        : null,
    };
  });
}

async function columnsOf(db: DuckDBConnection, file: string, shown: string): Promise<Map<string, string>> {
  try {
    const described = await db.runAndReadAll(`select * from ${file} limit 0`);
    const names = described.columnNames();
    const counted = await db.runAndReadAll(`select count(*)::integer from ${file}`);
    const rows = Number(counted.getRows()[0][0]);
    if (rows > MOST_ROWS) throw new UsageError(`${shown} has ${rows} rows; ${MOST_ROWS} are the most`);
    return new Map(names.map((name) => [name.trim().toLowerCase(), name]));
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const said = String(error instanceof Error ? error.message : error).split('\n')[0];
    throw new UsageError(`${shown} cannot be read as CSV or Parquet: ${said}`, {
      hint: 'CSV with a header line, or Parquet with the ending .parquet',
      cause: error,
    });
  }
}

interface Column {
  column: string;
  shown: string;
}

async function numbers(db: DuckDBConnection, file: string, { column, shown }: Column): Promise<Float64Array> {
  const found = await texts(db, file, column);
  return Float64Array.from(found, (text, row) => {
    if (text === null || text.trim() === '' || /^nan$/i.test(text.trim())) return NaN;
    const value = Number(text);
    if (!Number.isNaN(value)) return value;
    throw new UsageError(
      `${shown}: row ${row + 1} of \`${column}\` is ${JSON.stringify(text.slice(0, 40))}, no number`,
      {
        hint: 'write numbers with a point and without separators of thousands',
      },
    );
  });
}

async function times(db: DuckDBConnection, file: string, { column, shown }: Column): Promise<Float64Array> {
  const found = await texts(db, file, column);
  return Float64Array.from(found, (text, row) => {
    const written = (text ?? '').trim();
    // A step's number is as good as a date: only the order and the gaps matter.
    const time = /^-?\d{1,7}$/.test(written)
      ? Number(written) * DAY_MS
      : Date.parse(
          /[zZ]|[+-]\d\d:?\d\d$/.test(written)
            ? written
            : `${written.replace(' ', 'T')}${written.length > 10 ? 'Z' : ''}`,
        );
    if (Number.isFinite(time)) return time;
    throw new UsageError(
      `${shown}: row ${row + 1} of \`${column}\` is ${JSON.stringify(written.slice(0, 40))}, no time`,
      {
        hint: 'write dates as 2026-07-01 or 2026-07-01T06:00:00Z, or the number of the step',
      },
    );
  });
}

async function texts(db: DuckDBConnection, file: string, column: string): Promise<(string | null)[]> {
  const read = await db.runAndReadAll(`select ${identifier(column)}::varchar from ${file}`);
  return (read.getColumns()[0] ?? []) as (string | null)[];
}
