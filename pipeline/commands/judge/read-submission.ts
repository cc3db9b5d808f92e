import { createHash } from 'node:crypto';
import { REVIEW_LIMITS, ReviewSubmission } from '../../contracts/review.ts';
import { openArtifact } from './open-artifact.ts';
import { BROKEN, Refusal } from './refusal.ts';

/** What the judge knows of a review without it. */
export interface Expected {
  model: string;
  headSha: string;
  baseRef: string;
  run: { id: number; attempt: number };
  now: Date;
}

export interface Submitted {
  submission: ReviewSubmission;
  /** As they came; null where none were submitted. */
  forecasts: Buffer | null;
}

/** Reads what a review submitted for one model, and checks that it is of this model, commit and run.
 *  @param zip the artifact
 *  @throws Refusal */
export async function readSubmission(zip: Uint8Array, expected: Expected): Promise<Submitted> {
  const files = await openArtifact(zip);
  const submission = parse(files.get('review.json'));
  refuseOther(submission, expected);
  const forecasts = files.get('forecasts.parquet') ?? null;
  const { forecasts: told } = submission;
  if (told === null) return { submission, forecasts: null };
  if (!forecasts) throw broken('it names forecasts that are not there');
  const sha256 = createHash('sha256').update(forecasts).digest('hex');
  if (forecasts.byteLength !== told.bytes || sha256 !== told.sha256)
    throw broken('its forecasts are not those that it names');
  return { submission, forecasts };
}

function parse(bytes: Buffer | undefined): ReviewSubmission {
  if (!bytes) throw broken('it has no review.json');
  try {
    return ReviewSubmission.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch (cause) {
    throw broken('its review.json does not parse', cause);
  }
}

const MINUTE = 60_000;

function refuseOther(submission: ReviewSubmission, expected: Expected): void {
  const { model, headSha, run, baseRef, now } = expected;
  if (submission.model !== model) throw stale(`is of the model ${submission.model}`);
  if (submission.head_sha !== headSha) throw stale(`is of the commit ${submission.head_sha.slice(0, 12)}`);
  if (submission.base_ref !== baseRef) throw stale('is of another base branch');
  if (submission.run.id !== run.id) throw stale(`is of the run ${submission.run.id}`);
  // Jobs that went well are not run again in a second attempt: their artifacts are of the first.
  if (submission.run.attempt > run.attempt) throw stale('is of an attempt that was not made yet');
  const age = now.getTime() - Date.parse(submission.made_at);
  if (age > REVIEW_LIMITS.ageMs) throw stale(`is ${Math.round(age / (60 * MINUTE))} hours old`);
  // Clocks of two machines differ a little.
  if (age < -5 * MINUTE) throw stale('is from the future');
}

function stale(what: string): Refusal {
  return new Refusal('Another report', `The report of the review ${what}; run the review again.`);
}

function broken(what: string, cause?: unknown): Refusal {
  return new Refusal(BROKEN, `The report of the review cannot be used: ${what}.`, { cause });
}
