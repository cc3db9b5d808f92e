import { MONTHS, plainWord } from './month-names.ts';
import { identifier } from './sql.ts';

export interface DateFormat {
  name: string;
  /** Whole text of a cell. */
  pattern: RegExp;
  /** False where ordinary numbers look the same: then the name or other columns must confirm it. */
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

export interface FoundFormat {
  form: DateFormat;
  /** Share of the values that have it. */
  share: number;
  /** 1 where the values leave no doubt; lower where day and month could be swapped. */
  confidence: number;
}

const TIME = '([ T,]\\s*\\d{1,2}:\\d{2}(:\\d{2}(\\.\\d+)?)?\\s?([AaPp]\\.?[Mm]\\.?)?)?';
const TIMES = ['', ' %H:%M', ' %H:%M:%S', ' %I:%M %p', ' %I:%M:%S %p'];
const MONTH_WORD = [...MONTHS.keys()].sort((a, b) => b.length - a.length).join('|');

const WORDS = `MAP {${[...MONTHS].map(([word, month]) => `'${word.replaceAll("'", "''")}': ${month}`).join(', ')}}`;

/** `%y` before `%Y`: the latter would take 20 for the year 20. */
function tryFormats(text: string, ...dates: string[]): string {
  const years = dates.flatMap((date) => [date.replace('%Y', '%y'), date]);
  const formats = years.flatMap((date) => TIMES.map((time) => `'${date}${time}'`));
  return `try_strptime(${text}, [${formats.join(', ')}])`;
}

const slashes = (text: string) => `regexp_replace(replace(${text}, '-', '/'), '[T,]\\s*', ' ')`;
const spelt = (text: string, day: string, year: string) => {
  const plain = `lower(strip_accents(${text}))`;
  const month = `${WORDS}[regexp_extract(${plain}, '(${MONTH_WORD})', 1)]`;
  const number = (pattern: string) => `regexp_extract(${plain}, '${pattern}', 1)`;
  return `try_strptime(${day === '' ? "'1'" : number(day)} || '/' || ${month} || '/' || ${number(year)}, ['%d/%m/%y', '%d/%m/%Y'])`;
};
const weekOf = (year: string, week: string) =>
  `(date_trunc('week', make_timestamp(TRY_CAST(${year} AS BIGINT), 1, 4, 0, 0, 0)) + to_days(TRY_CAST(${week} AS INTEGER) * 7 - 7))`;

/** Forms in the order in which they win where several match. */
export const DATE_FORMS: DateFormat[] = [
  {
    name: 'iso-date',
    pattern: /^\d{4}-\d{1,2}-\d{1,2}$/,
    strict: true,
    sql: (t) => `TRY_CAST(${t} AS TIMESTAMP)`,
  },
  {
    name: 'iso-datetime',
    pattern: /^\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$/,
    strict: true,
    sql: (t) => `TRY_CAST(${t} AS TIMESTAMP)`,
  },
  {
    name: 'iso-datetime-zone',
    pattern: /^\d{4}-\d{1,2}-\d{1,2}[T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|UTC|[+-]\d{2}(:?\d{2})?)$/,
    strict: true,
    // The wall clock of the source: the zone is cut off, not applied.
    sql: (t) => `TRY_CAST(regexp_replace(${t}, '\\s?(Z|UTC|[+-]\\d{2}(:?\\d{2})?)$', '') AS TIMESTAMP)`,
  },
  {
    name: 'yyyy/mm/dd',
    pattern: new RegExp(`^\\d{4}[/.]\\d{1,2}[/.]\\d{1,2}\\.?${TIME}$`),
    strict: true,
    sql: (t) =>
      `TRY_CAST(regexp_replace(${t}, '^(\\d{4})[/.](\\d{1,2})[/.](\\d{1,2})\\.?', '\\1-\\2-\\3') AS TIMESTAMP)`,
  },
  {
    name: 'yyyy年mm月dd日',
    pattern: /^\d{4}\s?年\s?\d{1,2}\s?月\s?\d{1,2}\s?日$/,
    strict: true,
    sql: (t) =>
      `TRY_CAST(regexp_replace(${t}, '^(\\d{4})\\s?年\\s?(\\d{1,2})\\s?月\\s?(\\d{1,2})\\s?日$', '\\1-\\2-\\3') AS TIMESTAMP)`,
  },
  {
    name: 'dd.mm.yyyy',
    pattern: new RegExp(`^\\d{1,2}\\.\\s?\\d{1,2}\\.\\s?(\\d{4}|\\d{2})${TIME}$`),
    strict: true,
    sql: (t) => tryFormats(`regexp_replace(${t}, '\\.\\s', '.', 'g')`, '%d.%m.%Y'),
  },
  {
    name: 'dd/mm/yyyy',
    pattern: new RegExp(`^(0?[1-9]|[12]\\d|3[01])[/-](0?[1-9]|1[0-2])[/-](\\d{4}|\\d{2})${TIME}$`),
    strict: true,
    sql: (t) => tryFormats(slashes(t), '%d/%m/%Y'),
  },
  {
    name: 'mm/dd/yyyy',
    pattern: new RegExp(`^(0?[1-9]|1[0-2])[/-](0?[1-9]|[12]\\d|3[01])[/-](\\d{4}|\\d{2})${TIME}$`),
    strict: true,
    sql: (t) => tryFormats(slashes(t), '%m/%d/%Y'),
  },
  {
    name: 'dd-month-yyyy',
    pattern: new RegExp(
      `^\\d{1,2}\\.?[\\s./-]*(?:de |d')?\\s*(${MONTH_WORD})\\.?[\\s./,-]*(?:de )?\\s*(\\d{4}|\\d{2})$`,
    ),
    strict: true,
    sql: (t) => spelt(t, '^(\\d{1,2})', '(\\d{4}|\\d{2})$'),
  },
  {
    name: 'month-dd-yyyy',
    pattern: new RegExp(`^(${MONTH_WORD})\\.?[\\s./-]*\\d{1,2}(st|nd|rd|th)?[\\s,./-]+(\\d{4})$`),
    strict: true,
    sql: (t) => spelt(t, '[^0-9](\\d{1,2})', '(\\d{4})$'),
  },
  {
    name: 'month-yyyy',
    pattern: new RegExp(`^(${MONTH_WORD})\\.?[\\s./-]+(?:de )?(\\d{4}|\\d{2})$`),
    strict: true,
    sql: (t) => spelt(t, '', '(\\d{4}|\\d{2})$'),
  },
  {
    name: 'iso-week',
    pattern: /^\d{4}[-/ ]?(w|kw|sem|s)\s?\d{1,2}(-\d)?$/i,
    strict: true,
    sql: (t) => weekOf(`left(${t}, 4)`, `regexp_extract(${t}, '^\\d{4}[^0-9]+(\\d{1,2})', 1)`),
  },
  {
    name: 'yyyy-ww',
    pattern: /^\d{4}[-/](0?[1-9]|[1-4]\d|5[0-3])$/,
    strict: true,
    sql: (t) => weekOf(`left(${t}, 4)`, `substr(${t}, 6)`),
  },
  {
    name: 'yyyy-mm',
    pattern: /^\d{4}[-/](0?[1-9]|1[0-2])$/,
    strict: true,
    sql: (t) => `TRY_CAST(replace(${t}, '/', '-') || '-01' AS TIMESTAMP)`,
  },
  {
    name: 'yyyymmdd',
    pattern: /^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/,
    strict: false,
    sql: (t) => `try_strptime(${t}, '%Y%m%d')`,
  },
  {
    name: 'yyyymmddhh',
    pattern: /^(19|20)\d{2}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])([01]\d|2[0-3])$/,
    strict: false,
    sql: (t) => `try_strptime(${t}, '%Y%m%d%H')`,
  },
  {
    name: 'epoch-seconds',
    pattern: /^(9\d{8}|1\d{9}|20\d{8})(\.0+)?$/,
    strict: false,
    sql: (t) => `epoch_ms(TRY_CAST(${t} AS BIGINT) * 1000)`,
  },
  {
    name: 'epoch-milliseconds',
    pattern: /^(9\d{11}|1\d{12}|20\d{11})(\.0+)?$/,
    strict: false,
    sql: (t) => `epoch_ms(TRY_CAST(${t} AS BIGINT))`,
  },
];

/** The form that most of the values have. Where day and month, or week and month, could be meant, all values decide together.
 *  @param values distinct values of a column, not null */
export function findDateForm(values: string[], least = 0.5): FoundFormat | null {
  const plain = values.map(plainWord);
  const shares = DATE_FORMS.map((form) => {
    const spelled = form.name.includes('month');
    const matching = values.filter((value, i) => form.pattern.test(spelled ? plain[i] : value)).length;
    return { form, share: matching / Math.max(1, values.length), confidence: 1 };
  });
  const best = shares.reduce((a, b) => (b.share > a.share ? b : a));
  if (best.share <= least) return null;
  if (best.form.name === 'yyyy-ww') {
    const months = shares.find(({ form }) => form.name === 'yyyy-mm')!;
    if (months.share === best.share) return { ...months, confidence: 0.75 };
  }
  if (best.form.name === 'dd/mm/yyyy') {
    const american = shares.find(({ form }) => form.name === 'mm/dd/yyyy')!;
    if (american.share === best.share) return dayOrMonthFirst(values, best, american);
  }
  return best;
}

/** Every value could be either: real series are dense, so the reading that spans less time is the likely one. */
function dayOrMonthFirst(values: string[], european: FoundFormat, american: FoundFormat): FoundFormat {
  const span = (day: 0 | 1) => {
    const times = values.map((value) => {
      const parts = value.split(/[/\-T ,]/).map(Number);
      return Date.UTC(parts[2], parts[1 - day] - 1, parts[day]);
    });
    return (
      times.reduce((a, b) => Math.max(a, b), -Infinity) - times.reduce((a, b) => Math.min(a, b), Infinity)
    );
  };
  const [dayFirst, monthFirst] = [span(0), span(1)];
  if (values.length < 3 || dayFirst === monthFirst) return { ...european, confidence: 0.5 };
  const better = dayFirst < monthFirst ? european : american;
  const ratio = Math.min(dayFirst, monthFirst) / Math.max(dayFirst, monthFirst);
  return { ...better, confidence: ratio < 0.5 ? 0.9 : 0.65 };
}

export function dateSql(column: string, form: DateFormat): string {
  return form.sql(identifier(column));
}

/** SQL for a date in parts.
 *  @param parts names of the columns; without a month or day the first is meant; `week` is an ISO week */
export function datePartsSql(parts: {
  year: string;
  month?: string;
  day?: string;
  hour?: string;
  week?: string;
}): string {
  const whole = (column: string | undefined, missing: number) =>
    column === undefined ? `${missing}` : `TRY_CAST(TRY_CAST(${identifier(column)} AS DOUBLE) AS BIGINT)`;
  if (parts.week !== undefined) return weekOf(whole(parts.year, 1), whole(parts.week, 1));
  // By text, for make_timestamp throws on 31 February.
  const date = `TRY_CAST(format('{:04d}-{:02d}-{:02d}', ${whole(parts.year, 1)}, ${whole(parts.month, 1)}, ${whole(parts.day, 1)}) AS TIMESTAMP)`;
  return parts.hour === undefined ? date : `(${date} + to_hours(${whole(parts.hour, 0)}))`;
}
