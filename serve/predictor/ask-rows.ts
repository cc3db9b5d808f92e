import type { RequestSchema, Row } from '../../pipeline/contracts/serving.ts';
import { ProblemError } from '../problem.ts';
import { asRows, type RowChecker, type RowError, rowChecker, shown } from './check-rows.ts';

/** What is asked: rows of a model. */
export interface Asked {
  /** null: the first one that is served. */
  model: string | undefined;
  rows: unknown[];
}

/** Errors that one answer lists. */
export const MOST_ERRORS = 20;

/** Body of `POST /predict`.
 *  @throws ProblemError 422 where it is something else */
export function askedIn(body: unknown, { maxRows }: { maxRows: number }): Asked {
  if (body === undefined || body === null || typeof body !== 'object' || Array.isArray(body))
    throw unfit('the body is not an object', body);
  const { model, rows, ...others } = body as Record<string, unknown>;
  const other = Object.keys(others)[0];
  if (other !== undefined) throw unfit(`${shown(other)} is not known`, others[other]);
  if (model !== undefined && typeof model !== 'string') throw unfit('model is not a text', model);
  if (!Array.isArray(rows))
    throw unfit(rows === undefined ? 'rows is missing' : 'rows is not an array', rows);
  if (rows.length === 0) throw unfit('rows is empty', rows);
  if (rows.length > maxRows) throw tooMany(rows.length, maxRows);
  return { model, rows };
}

/** @param hint what takes more; null: nothing does */
export const tooMany = (given: number, maxRows: number, hint: string | null = AS_A_JOB) =>
  new ProblemError('too-many-rows', {
    status: 422,
    title: 'Too many rows',
    detail: `${given} rows are too many, at most ${maxRows} are taken`,
    facts: { hint: hint ?? 'send them in parts' },
  });

const AS_A_JOB = 'send longer ones as a job: POST /jobs takes the same body';

const checkers = new WeakMap<RequestSchema, RowChecker>();

/** The model's checker, made when it is first asked. */
export function checkerOf(request: RequestSchema): RowChecker {
  const found = checkers.get(request);
  if (found) return found;
  const made = rowChecker(request);
  checkers.set(request, made);
  return made;
}

/** Rows that fit the model.
 *  @throws ProblemError 422 that names field, value and allowed range of each that does not */
export function fittingRows(rows: unknown[], request: RequestSchema): Row[] {
  const errors = checkerOf(request).errors(rows, { maxErrors: MOST_ERRORS });
  if (errors.length > 0) throw unfitRows(errors);
  return asRows(rows);
}

export function unfitRows(errors: RowError[]): ProblemError {
  const [{ row, field, detail }] = errors;
  const more =
    errors.length > 1
      ? `; ${errors.length >= MOST_ERRORS ? 'and more' : `and ${errors.length - 1} more`}`
      : '';
  return new ProblemError('rows', {
    status: 422,
    title: 'The rows do not fit the model',
    detail: `row ${row}${field === null ? ':' : `, ${shown(field)}`} ${detail}${more}`,
    facts: { errors, hint: 'GET /model_info tells what a row holds, with an example' },
  });
}

function unfit(detail: string, value: unknown): ProblemError {
  return new ProblemError('request', {
    status: 422,
    title: 'The request cannot be understood',
    detail,
    facts: {
      value: value === undefined ? null : shown(value),
      hint: 'send { "rows": [ { … } ] }; GET /model_info has an example',
    },
  });
}
