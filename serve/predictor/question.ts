import { ProblemError } from '../problem.ts';
import { shown } from './check-rows.ts';

/** A parameter of a question that is asked in an address. */
interface Parameter {
  /** @returns undefined where the text cannot be meant */
  read(text: string): number | string | undefined;
  /** What may be written, for people. */
  allowed: string;
}

/** Written as a person writes degrees: an empty text is no zero, and `1e999` is nobody's latitude. */
const DECIMAL = /^[+-]?(\d{1,20}\.?\d{0,20}|\.\d{1,20})$/;
const WHOLE = /^\d{1,4}$/;

const decimal = (text: string) => (DECIMAL.test(text) ? Number(text) + 0 : undefined); // no −0
const named = (text: string) => (text.length > 0 && text.length <= 200 ? text : undefined);

export const PARAMETERS = {
  lat: { read: decimal, allowed: 'decimal degrees from −90 to 90, such as 45.4642' },
  lon: { read: decimal, allowed: 'decimal degrees from −180 to 180, such as 9.1900' },
  tract: { read: named, allowed: 'a tract’s id, in place of lat and lon' },
  horizon: {
    read: (text) => (WHOLE.test(text) && Number(text) > 0 ? Number(text) : undefined),
    allowed: 'a whole number of steps ahead, 1 or more',
  },
  radius_km: {
    read: (text) => {
      const value = decimal(text);
      return value !== undefined && value >= 0 && value <= FURTHEST_KM ? value : undefined;
    },
    allowed: 'kilometres from 0 (the tract of the point) to 20040 (the whole earth)',
  },
  model: { read: named, allowed: 'the name of a model that is served' },
} satisfies Record<string, Parameter>;

/** Half way round the earth. */
export const FURTHEST_KM = 20_040;

export interface Asked {
  lat?: number;
  lon?: number;
  tract?: string;
  horizon?: number;
  radius_km?: number;
  model?: string;
}

type Name = keyof typeof PARAMETERS;

/** What is wrong with one parameter. */
interface QuestionError {
  field: string;
  /** What was given, shortened; null where nothing was. */
  value: string | null;
  allowed: string;
  detail: string;
}

/** Reads the questions of a route, in one pass: this runs at every request.
 *  @param required parameters, of which `tract` may stand in place of `lat` and `lon` where it is known
 *  @returns a reader; it throws ProblemError 400 naming each field, its value and what is allowed */
export function questionReader(names: readonly Name[], required: readonly Name[]) {
  const known = new Map(names.map((name) => [name as string, PARAMETERS[name] as Parameter]));
  return (query: unknown): Asked => {
    const asked: Record<string, unknown> = {};
    let fits = true;
    for (const name in query as Record<string, unknown>) {
      const text = (query as Record<string, unknown>)[name];
      const value = typeof text === 'string' ? known.get(name)?.read(text) : undefined;
      if (value === undefined) fits = false;
      else asked[name] = value;
    }
    const byTract = asked.tract !== undefined;
    for (const name of required) if ((asked[name] === undefined) !== byTract) fits = false;
    if (fits) return asked;
    throw misunderstood(errorsOf(query as Record<string, unknown>, known, required));
  };
}

function errorsOf(
  query: Record<string, unknown>,
  known: Map<string, Parameter>,
  required: readonly Name[],
): QuestionError[] {
  const errors: QuestionError[] = [];
  for (const [field, text] of Object.entries(query)) {
    const parameter = known.get(field);
    if (!parameter) {
      const allowed = `the parameters ${[...known.keys()].join(', ')}`;
      errors.push({ field: shorten(field), value: shown(text), allowed, detail: 'is not known here' });
    } else if (typeof text !== 'string') {
      const detail = `is given ${(text as unknown[]).length} times, expected one value`;
      errors.push({ field, value: shown(text), allowed: parameter.allowed, detail });
    } else if (parameter.read(text) === undefined) {
      const detail = `is ${shown(text)}, expected ${parameter.allowed}`;
      errors.push({ field, value: shown(text), allowed: parameter.allowed, detail });
    }
  }
  for (const field of required) {
    const { allowed } = PARAMETERS[field];
    if (query.tract === undefined && query[field] === undefined) {
      errors.push({ field, value: null, allowed, detail: 'is missing' });
    } else if (query.tract !== undefined && query[field] !== undefined) {
      errors.push({
        field,
        value: shown(query[field]),
        allowed,
        detail: 'stands beside tract, expected one of both',
      });
    }
  }
  return errors.slice(0, 20);
}

const shorten = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text);

function misunderstood(errors: QuestionError[]): ProblemError {
  return new ProblemError('question', {
    status: 400,
    title: 'The question cannot be understood',
    detail: errors.map(({ field, detail }) => `${field}: ${detail}`).join('; '),
    facts: { errors, hint: 'GET / shows a question that works' },
  });
}
