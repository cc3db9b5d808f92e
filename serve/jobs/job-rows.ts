import type { RequestSchema } from '../../pipeline/contracts/serving.ts';
import { JSON_LIMITS, parsePart } from '../guards/json-body.ts';
import { scanJson } from '../guards/json-scan.ts';
import { askedIn, checkerOf, MOST_ERRORS, tooMany, unfitRows } from '../predictor/ask-rows.ts';
import type { RowError } from '../predictor/check-rows.ts';
import { othersFirst, SLICE_MS } from '../predictor/others-first.ts';

/** Rows that are values at one time; the others stay text. */
export const ROWS_AT_ONCE = 256;

/** Rows of a job, as the text that they came as: a value of JavaScript takes many times its room. */
export class JobRows {
  readonly #text: string;
  /** Where each row begins and ends. */
  readonly #places: number[];

  constructor(text: string, places: number[]) {
    this.#text = text;
    this.#places = places;
  }

  get length(): number {
    return this.#places.length / 2;
  }

  /** Up to `ROWS_AT_ONCE` rows. */
  from(first: number): unknown[] {
    const last = Math.min(this.length, first + ROWS_AT_ONCE);
    return Array.from({ length: last - first }, (_, k) => {
      const at = 2 * (first + k);
      return parsePart(this.#text, this.#places[at], this.#places[at + 1]);
    });
  }
}

/** Body of `POST /jobs`, read without holding anybody up.
 *  @throws ProblemError 400 where it is no JSON, 422 where it is something else than rows */
export async function jobRowsIn(
  text: string,
  { maxRows }: { maxRows: number },
): Promise<{ model: string | undefined; rows: JobRows }> {
  /** The body with its first row alone. */
  const outline: Record<string, unknown> = {};
  const places: number[] = [];
  const scan = scanJson(text, JSON_LIMITS, {
    member(name, from, to) {
      if (name !== 'rows' || places.length === 0) outline[name] = parsePart(text, from, to);
    },
    element(name, from, to) {
      if (name !== 'rows') return;
      if (places.length >= 2 * maxRows) throw tooMany(maxRows + 1, maxRows, null);
      places.push(from, to);
    },
  });
  await inSlices(scan);
  if (places.length > 0) outline.rows = [null];
  else if (!/^\s*\{/.test(text)) askedIn(parsePart(text, 0, text.length), { maxRows });
  const { model } = askedIn(outline, { maxRows });
  return { model, rows: new JobRows(text, places) };
}

/** @throws ProblemError 422 that lists what does not fit, and 400 for a row that is no JSON */
export async function checkJobRows(rows: JobRows, request: RequestSchema): Promise<void> {
  const checker = checkerOf(request);
  const errors: RowError[] = [];
  await inSlices(parts());
  if (errors.length > 0) throw unfitRows(errors);

  function* parts(): Generator<void, void> {
    for (let from = 0; from < rows.length && errors.length < MOST_ERRORS; from += ROWS_AT_ONCE) {
      const maxErrors = MOST_ERRORS - errors.length;
      errors.push(...checker.errors(rows.from(from), { maxErrors, from }));
      yield;
    }
  }
}

async function inSlices(work: Generator<void, void>): Promise<void> {
  let began = performance.now();
  for (const _ of work) {
    if (performance.now() - began < SLICE_MS) continue;
    await othersFirst();
    began = performance.now();
  }
}
