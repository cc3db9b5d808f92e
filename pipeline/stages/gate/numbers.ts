import { identifier } from './sql.ts';

export type Decimal = '.' | ',';

/** How a column writes its numbers. */
export interface NumberForm {
  decimal: Decimal;
  /** Digits are grouped, by whatever is not the decimal sign. */
  thousands: boolean;
  /** The values leave no doubt; `1.234` does. */
  clear: boolean;
  /** NaN where the text is no number. */
  parse(text: string): number;
}

/** Words that stand for a missing number. In a text column they may be names: `NA` is the province of Napoli. */
export const MISSING_WORDS =
  'na n/a nan null none nd n.d. - -- . .. * ? #n/a <na> missing unknown nil n.a. k.a. s/d'.split(' ');
/** Words for values that are no finite numbers. */
export const INFINITE_WORDS = 'inf -inf +inf infinity -infinity +infinity'.split(' ');

const GROUP = " '’\u00a0\u202f";
const POINT = new RegExp(
  `^[+-]?(\\d+(\\.\\d*)?|\\.\\d+)([eE][+-]?\\d+)?$|^[+-]?\\d{1,3}([,${GROUP}]\\d{3})+(\\.\\d+)?$`,
);
const COMMA = new RegExp(
  `^[+-]?(\\d+(,\\d*)?|,\\d+)([eE][+-]?\\d+)?$|^[+-]?\\d{1,3}([.${GROUP}]\\d{3})+(,\\d+)?$`,
);

export function isNumber(text: string): boolean {
  return POINT.test(text) || COMMA.test(text);
}

/**
 * Finds how the numbers of a column are written.
 * @param values cells that are not null
 * @param usual decimal sign of the other columns, for where this one does not tell
 */
export function numberForm(values: string[], usual?: Decimal): NumberForm {
  let point = 0;
  let comma = 0;
  let grouped = 0;
  for (const value of values) {
    // Not exactly three digits behind a sign: it is the decimal one. So is the last of two different ones.
    if (/^[+-]?[\d '’\u00a0\u202f]*,(\d{1,2}|\d{4,})$|^[+-]?0,\d+$|\d\.\d{3},\d/.test(value)) comma++;
    else if (/^[+-]?[\d '’\u00a0\u202f]*\.(\d{1,2}|\d{4,})$|^[+-]?0\.\d+$|\d,\d{3}\.\d/.test(value)) point++;
    // Two groups of three are thousands, so the sign between them is not the decimal one.
    else if (/^[+-]?\d{1,3}(\.\d{3}){2,}$/.test(value)) comma++;
    else if (/^[+-]?\d{1,3}(,\d{3}){2,}$/.test(value)) point++;
    if (/\d[,. '’\u00a0\u202f]\d{3}(?!\d)/.test(value)) grouped++;
  }
  const clear = point + comma > 0;
  const decimal = clear ? (comma > point ? ',' : '.') : (usual ?? '.');
  const separator = decimal === '.' ? ',' : '.';
  const thousands =
    grouped > 0 &&
    values.some((value) =>
      new RegExp(`^[+-]?\\d{1,3}([${separator}${GROUP}]\\d{3})+(\\${decimal}\\d+)?$`).test(value),
    );
  return { decimal, thousands, clear, parse: (text) => parseNumber(text, decimal) };
}

function parseNumber(text: string, decimal: Decimal): number {
  if (!(decimal === '.' ? POINT : COMMA).test(text)) return Number.NaN;
  const bare = text.replace(decimal === '.' ? /[, '’\u00a0\u202f]/g : /[. '’\u00a0\u202f]/g, '');
  return Number(decimal === ',' ? bare.replace(',', '.') : bare);
}

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
  const sign = form.decimal === '.' ? ',' : '.';
  // Only what is grouped in threes loses its separators: `1.5` among decimal commas is no fifteen.
  const bare = form.thousands
    ? `CASE WHEN regexp_matches(${name}, '^[+-]?\\d{1,3}([${sign}${GROUP.replace("'", "''")}]\\d{3})+([${form.decimal}]\\d+)?$')
         THEN regexp_replace(${name}, '[${sign}${GROUP.replace("'", "''")}]', '', 'g') ELSE ${name} END`
    : name;
  if (form.decimal === '.') return finite(`TRY_CAST(${bare} AS DOUBLE)`);
  // A point left over is no number here: it becomes a sign that no cast accepts.
  return finite(`TRY_CAST(translate(${bare}, ',.', '.,') AS DOUBLE)`);
}

function finite(expression: string): string {
  return `CASE WHEN isfinite(${expression}) THEN ${expression} END`;
}
