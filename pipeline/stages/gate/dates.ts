import { identifier } from './sql.ts';

export interface DateFormat {
  name: string;
  /** Whole text of a cell. */
  pattern: RegExp;
  /** False where ordinary numbers look the same: then content must confirm it. */
  strict: boolean;
  /** SQL from a VARCHAR expression to TIMESTAMP (wall clock, as if UTC); NULL where it does not parse. */
  sql(text: string): string;
}

/** How the moment of a row is written, and SQL that gives it as a TIMESTAMP. */
export interface DateForm {
  /** One column, or the parts: year, month, day, hour. */
  columns: string[];
  /** Name of the form, for `format.date_form`. */
  form: string;
  /** Expression over the columns of `raw`: wall-clock TIMESTAMP, as if UTC; NULL where it does not parse. */
  sql: string;
  confidence: number;
}

const ISO_TIME = /^\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$/;

const tryFormats = (text: string, ...formats: string[]) =>
  `try_strptime(${text}, [${formats.map((format) => `'${format}'`).join(', ')}])`;

/** Forms whose pattern alone decides; order matters where two match. */
export const DATE_FORMS: DateFormat[] = [
  {
    name: 'iso-date',
    pattern: /^\d{4}-\d{1,2}-\d{1,2}$/,
    strict: true,
    sql: (t) => tryFormats(t, '%Y-%m-%d'),
  },
  {
    name: 'iso-datetime',
    pattern: ISO_TIME,
    strict: true,
    sql: (t) => `TRY_CAST(${t} AS TIMESTAMP)`,
  },
  {
    name: 'iso-datetime-zone',
    pattern: /^\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}(:?\d{2})?)$/,
    strict: true,
    // The wall clock of the source: the zone is cut off, not applied.
    sql: (t) => `TRY_CAST(regexp_replace(${t}, '\\s?(Z|[+-]\\d{2}(:?\\d{2})?)$', '') AS TIMESTAMP)`,
  },
  {
    name: 'yyyy/mm/dd',
    pattern: /^\d{4}\/\d{1,2}\/\d{1,2}$/,
    strict: true,
    sql: (t) => tryFormats(t, '%Y/%m/%d'),
  },
  {
    name: 'dd.mm.yyyy',
    pattern: /^\d{1,2}\.\d{1,2}\.(\d{4}|\d{2})$/,
    strict: true,
    sql: (t) => tryFormats(t, '%d.%m.%Y', '%d.%m.%y'),
  },
  {
    name: 'dd/mm/yyyy',
    pattern: /^\d{1,2}[/-]\d{1,2}[/-](\d{4}|\d{2})$/,
    strict: true,
    sql: (t) => tryFormats(`replace(${t}, '-', '/')`, '%d/%m/%Y', '%d/%m/%y'),
  },
  {
    name: 'mm/dd/yyyy',
    pattern: /^\d{1,2}[/-]\d{1,2}[/-](\d{4}|\d{2})$/,
    strict: true,
    sql: (t) => tryFormats(`replace(${t}, '-', '/')`, '%m/%d/%Y', '%m/%d/%y'),
  },
  {
    name: 'yyyymmdd',
    pattern: /^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/,
    strict: false,
    sql: (t) => tryFormats(t, '%Y%m%d'),
  },
];

/** The form that most of the values have.
 *  @param values distinct values of a column, not null */
export function findDateForm(values: string[], least = 0.5): { form: DateFormat; share: number } | null {
  let best: { form: DateFormat; share: number } | null = null;
  for (const form of DATE_FORMS) {
    const share = values.filter((value) => form.pattern.test(value)).length / Math.max(1, values.length);
    if (share > least && (best === null || share > best.share)) best = { form, share };
  }
  return best;
}

export function dateSql(column: string, form: DateFormat): string {
  return form.sql(identifier(column));
}
