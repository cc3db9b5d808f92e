import { identifier } from './sql.ts';

export type Decimal = '.' | ',';

/** Words that stand for a missing number. In a text column they may be names: `NA` is the province of Napoli. */
export const MISSING_WORDS = [
  'na',
  'n/a',
  'nan',
  'null',
  'none',
  'nd',
  'n.d.',
  '-',
  '--',
  '.',
  '..',
  '*',
  '?',
  '#n/a',
  '<na>',
  'missing',
  'unknown',
];
/** Words for values that are no finite numbers. */
export const INFINITE_WORDS = ['inf', '-inf', '+inf', 'infinity', '-infinity', '+infinity'];

const POINT = /^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$|^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/;
const COMMA = /^[+-]?(\d+(,\d*)?|,\d+)([eE][+-]?\d+)?$|^[+-]?\d{1,3}([. \u00a0\u202f']\d{3})+(,\d+)?$/;

export function isNumber(text: string): boolean {
  return POINT.test(text) || COMMA.test(text);
}

/** RE2 patterns of the same, for SQL. */
export const NUMBER_PATTERN: Record<Decimal, string> = {
  '.': "^[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?$|^[+-]?\\d{1,3}([, '\u00a0\u202f]\\d{3})+(\\.\\d+)?$",
  ',': "^[+-]?(\\d+(,\\d*)?|,\\d+)([eE][+-]?\\d+)?$|^[+-]?\\d{1,3}([. '\u00a0\u202f]\\d{3})+(,\\d+)?$",
};

/**
 * SQL from the text of a column to a finite DOUBLE; what is no number is NULL.
 * @param column name of the column in `raw`
 * @param form how its numbers are written, as its profile says
 */
export function numberSql(
  column: string,
  form: { decimal: Decimal; thousands?: boolean } = { decimal: '.' },
): string {
  const name = identifier(column);
  if (form.decimal === '.' && !form.thousands) return finite(`TRY_CAST(${name} AS DOUBLE)`);
  const separators = form.decimal === '.' ? ", '\u00a0\u202f" : ". '\u00a0\u202f";
  const bare = `translate(${name}, '${separators.replaceAll("'", "''")}', '')`;
  const plain = form.decimal === ',' ? `replace(${bare}, ',', '.')` : bare;
  return finite(`TRY_CAST(${plain} AS DOUBLE)`);
}

function finite(expression: string): string {
  return `CASE WHEN isfinite(${expression}) THEN ${expression} END`;
}
