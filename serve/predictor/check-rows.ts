import type { RequestField, RequestSchema, Row } from '../../pipeline/contracts/serving.ts';

/** What is wrong with one field of one row. */
export interface RowError {
  /** From 0. */
  row: number;
  /** null: the row itself. */
  field: string | null;
  /** What was given, shortened; null where nothing was. */
  value: string | null;
  /** What may be given. */
  allowed: string;
  detail: string;
}

/** Whether rows fit a model's request, before the model sees them. Pure; made once a model, for it is asked at every request. */
export interface RowChecker {
  /** @param from number of the first of these rows, for the errors
   *  @param maxErrors errors to look for; there may be more
   *  @returns what is wrong; where nothing is, `rows` are `Row`s */
  errors(rows: unknown[], options: { maxErrors: number; from?: number }): RowError[];
}

export function rowChecker(schema: RequestSchema): RowChecker {
  const checks = schema.fields.map((field) => ({ field, fault: faultOf(field), allowed: allowed(field) }));
  const known = new Set(schema.fields.map(({ name }) => name));
  const names = `the fields ${schema.fields.map(({ name }) => name).join(', ')}`;
  return {
    errors(rows, { maxErrors, from = 0 }) {
      const errors: RowError[] = [];
      for (let index = 0; index < rows.length && errors.length < maxErrors; index++) {
        const given = rows[index];
        const row = from + index;
        if (!isObject(given)) {
          errors.push({
            row,
            field: null,
            value: shown(given),
            allowed: names,
            detail: 'a row is an object',
          });
          continue;
        }
        for (const { field, fault, allowed } of checks) {
          const name = field.name;
          // A name such as "constructor" is on every object.
          const present = Object.hasOwn(given, name);
          const detail = present ? fault(given[name]) : 'is missing';
          if (detail === null) continue;
          const value = present ? shown(given[name]) : null;
          errors.push({ row, field: name, value, allowed, detail });
        }
        for (const name in given) {
          if (known.has(name)) continue;
          const field = shorten(name);
          errors.push({ row, field, value: shown(given[name]), allowed: names, detail: 'is not known' });
          if (errors.length >= maxErrors) break;
        }
      }
      return errors.slice(0, maxErrors);
    },
  };
}

export function asRows(rows: unknown[]): Row[] {
  return rows as Row[];
}

/** A value for a message: never long, never deep. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value));
  if (Array.isArray(value)) return `an array of ${value.length}`;
  if (isObject(value)) return 'an object';
  return String(value);
}

const LONGEST_SHOWN = 60;
const shorten = (text: string) => (text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}…` : text);

/** @returns null where the value fits, else what is wrong with it */
type Fault = (value: unknown) => string | null;

function faultOf(field: RequestField): Fault {
  const fault = faults(field);
  const nullable = field.kind !== 'series' && field.nullable;
  return (value) => {
    if (value !== null) return fault(value);
    return nullable ? null : 'is null';
  };
}

function faults(field: RequestField): Fault {
  switch (field.kind) {
    case 'number':
      return numberFault(field);
    case 'category': {
      const categories = new Set(field.categories);
      return (value) =>
        typeof value !== 'string'
          ? 'is not a text'
          : categories.has(value)
            ? null
            : 'is none of the categories that the model knows';
    }
    case 'time':
      return timeFault(field);
    case 'series':
      return seriesFault(field);
  }
}

interface Range {
  minimum: number | null;
  maximum: number | null;
}

function numberFault({ minimum, maximum }: Range): Fault {
  const low = minimum ?? -Number.MAX_VALUE;
  const high = maximum ?? Number.MAX_VALUE;
  return (value) => {
    if (typeof value !== 'number') return 'is not a number';
    if (value >= low && value <= high) return null;
    return value < low ? 'is too small' : 'is too large';
  };
}

function seriesFault(field: RequestField & { kind: 'series' }): Fault {
  const fault = numberFault(field);
  const { gaps, min_length, max_length } = field;
  return (value) => {
    if (!Array.isArray(value)) return 'is not an array';
    if (value.length < min_length) return `is too short: ${value.length} values`;
    if (value.length > max_length) return `is too long: ${value.length} values`;
    for (let at = 0; at < value.length; at++) {
      const one = value[at];
      if (one === null && gaps) continue;
      const wrong = one === null ? 'is null' : fault(one);
      if (wrong !== null) return `value ${at} (${shown(one)}) ${wrong}`;
    }
    return null;
  };
}

const TIME =
  /^(\d{4}-\d\d-\d\d)(?:T((?:[01]\d|2[0-3]):[0-5]\d)(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?$/;

/** Wall clocks are compared as they are written, as the model reads them. */
function timeFault({ earliest, latest }: RequestField & { kind: 'time' }): Fault {
  const from = earliest === undefined ? Number.NEGATIVE_INFINITY : Date.parse(earliest);
  const to = latest === undefined ? Number.POSITIVE_INFINITY : Date.parse(latest);
  return (value) => {
    if (typeof value !== 'string') return 'is not a text';
    const [, day, clock = '00:00'] = TIME.exec(value) ?? [];
    if (day === undefined) return 'is not a moment as ISO 8601 writes it';
    const moment = Date.parse(`${day}T${clock}Z`);
    // The 30th of February would be taken for a day of March.
    if (Number.isNaN(moment) || !new Date(moment).toISOString().startsWith(day))
      return 'is no day of the calendar';
    return moment >= from && moment <= to ? null : 'is too far away';
  };
}

const SHOWN_CATEGORIES = 5;

/** What a field may be, for people. */
export function allowed(field: RequestField): string {
  switch (field.kind) {
    case 'number':
      return orNull(field.nullable, `a number${between(field)}${of(field.unit)}`);
    case 'category': {
      const { categories } = field;
      const some = categories
        .slice(0, SHOWN_CATEGORIES)
        .map((one) => shown(one))
        .join(', ');
      const more = categories.length > SHOWN_CATEGORIES ? ' …' : '';
      return orNull(field.nullable, `one of ${categories.length}: ${some}${more}`);
    }
    case 'time':
      return orNull(field.nullable, `a moment${days(field)}, written as 2026-06-30 or 2026-06-30T18:00:00Z`);
    case 'series':
      return `${field.min_length} to ${field.max_length} numbers${between(field)}${of(field.unit)}, oldest first${field.gaps ? '; null where one is not known' : ''}`;
  }
}

function between({ minimum, maximum }: Range): string {
  if (minimum !== null && maximum !== null) return ` from ${minimum} to ${maximum}`;
  if (minimum !== null) return ` of at least ${minimum}`;
  return maximum === null ? '' : ` of at most ${maximum}`;
}

function days({ earliest, latest }: { earliest?: string; latest?: string }): string {
  const from = earliest === undefined ? '' : ` from ${earliest.slice(0, 10)}`;
  return latest === undefined ? from : `${from} to ${latest.slice(0, 10)}`;
}

const of = (unit: string) => (unit === '' ? '' : ` (${unit})`);
const orNull = (nullable: boolean, text: string) => (nullable ? `${text}; or null` : text);

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
