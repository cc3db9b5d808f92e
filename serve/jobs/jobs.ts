import { randomUUID } from 'node:crypto';
import PQueue from 'p-queue';
import type { Monitor } from '../monitor/monitor.ts';
import { askModel } from '../predictor/ask-model.ts';
import { asRows } from '../predictor/check-rows.ts';
import type { Edition } from '../predictor/edition.ts';
import { othersFirst } from '../predictor/others-first.ts';
import { told } from '../predictor/told.ts';
import { ProblemError } from '../problem.ts';
import { type JobRows, ROWS_AT_ONCE } from './job-rows.ts';

export type JobState = 'waiting' | 'running' | 'done' | 'failed' | 'cancelled';

export interface Job {
  id: string;
  /** It ends on the one that it began with. */
  edition: Edition;
  state: JobState;
  /** Rows that are answered, of how many. */
  done: number;
  total: number;
  createdAt: Date;
  /** When it is forgotten; null while it is under way. */
  expiresAt: Date | null;
  /** Why there is no result. */
  reason: string | null;
  /** The result as JSON, in parts; empty until it is done. */
  result: Buffer[];
  /** Memory that it may take. */
  bytes: number;
}

export interface JobLimits {
  /** Under way at once. */
  maxJobs: number;
  /** Memory of all jobs, results that are kept included. */
  maxJobMemoryBytes: number;
  jobKeptMs: number;
}

/** A row's answer as JSON: this much beside its values, and this much a value. */
const ROW_BYTES = 100;
const VALUE_BYTES = 26;
/** Results that are kept, however small. */
const MOST_KEPT = 1000;
/** Jobs that are known to be gone. */
const MOST_GONE = 10_000;

/** Long batches: one is computed at a time, a few milliseconds at once, so that other requests are answered meanwhile. In memory: a
 *  service that ends forgets them. */
export class Jobs {
  readonly #queue = new PQueue({ concurrency: 1 });
  readonly #jobs = new Map<string, Job>();
  readonly #rows = new Map<string, JobRows>();
  /** Why they are gone. */
  readonly #gone = new Map<string, string>();
  readonly #limits: JobLimits;
  readonly #monitor: Monitor;
  readonly #now: () => Date;

  constructor(limits: JobLimits, { monitor, now }: { monitor: Monitor; now: () => Date }) {
    this.#limits = limits;
    this.#monitor = monitor;
    this.#now = now;
  }

  /** @throws ProblemError 503 where there is no room for one more */
  checkRoom(bytes = 0): void {
    this.#forgetExpired();
    const under = [...this.#jobs.values()];
    const used = under.reduce((sum, job) => sum + job.bytes, 0);
    const underWay = under.filter(({ expiresAt }) => expiresAt === null).length;
    const full = underWay >= this.#limits.maxJobs || this.#jobs.size >= MOST_KEPT;
    if (!full && used + bytes <= this.#limits.maxJobMemoryBytes) return;
    this.#monitor.shed.inc({ reason: 'queue' });
    throw new ProblemError('jobs-full', {
      status: 503,
      title: 'Too many jobs',
      detail: full
        ? `${underWay} jobs are under way, at most ${this.#limits.maxJobs} may be`
        : 'the results that are kept take all the room that jobs have',
      facts: { hint: 'ask again later; DELETE /jobs/{id} makes room' },
    });
  }

  /** @param options.bytes of the text of its rows
   *  @throws ProblemError 503 where there is no room for one more */
  add(edition: Edition, rows: JobRows, options: { bytes: number }): Job {
    const values = edition.model.served.request.outputs.reduce((sum, { length }) => sum + length, 0);
    const bytes = options.bytes + rows.length * (ROW_BYTES + VALUE_BYTES * values);
    this.checkRoom(bytes);
    const job: Job = {
      id: randomUUID(),
      edition,
      state: 'waiting',
      done: 0,
      total: rows.length,
      createdAt: this.#now(),
      expiresAt: null,
      reason: null,
      result: [],
      bytes,
    };
    this.#jobs.set(job.id, job);
    this.#rows.set(job.id, rows);
    void this.#queue.add(() => this.#run(job));
    this.#tellLength();
    return job;
  }

  /** @throws ProblemError 404 for a job that never was, 410 for one that is gone */
  get(id: string): Job {
    this.#forgetExpired();
    const job = this.#jobs.get(id);
    if (job) return job;
    const gone = this.#gone.get(id);
    if (gone === undefined)
      throw new ProblemError('unknown-job', {
        status: 404,
        title: 'No such job',
        detail: 'there is no such job',
        facts: { hint: 'a service that was started anew knows no jobs of before: send the rows again' },
      });
    throw new ProblemError('gone-job', { status: 410, title: 'The job is gone', detail: gone });
  }

  /** Ends it where it is under way, and forgets it. */
  delete(id: string): Job {
    const job = this.get(id);
    if (job.expiresAt === null) this.#end(job, 'cancelled', 'it was cancelled');
    this.#forget(job, 'the job was deleted');
    return job;
  }

  /** Nothing is computed from here on; what was not done says why. */
  close(): void {
    this.#queue.clear();
    for (const job of this.#jobs.values())
      if (job.expiresAt === null)
        this.#end(job, 'cancelled', 'the service stopped before it was done: send it again');
  }

  async #run(job: Job): Promise<void> {
    const rows = this.#rows.get(job.id);
    if (!rows || job.state !== 'waiting') return;
    job.state = 'running';
    const { model } = job.edition;
    const head = { id: job.id, model: model.name, version: model.version.version };
    const parts = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"predictions":[`)];
    let outOfRange = false;
    try {
      for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
        await askModel(job.edition, asRows(rows.from(from)), {
          monitor: this.#monitor,
          onSlice: (predictions) => {
            const text = predictions.map((one) => JSON.stringify(told(one))).join(',');
            parts.push(Buffer.from(job.done === 0 ? text : `,${text}`));
            job.done += predictions.length;
            outOfRange ||= predictions.some((one) => one.outOfRange.length > 0);
          },
        });
        await othersFirst();
        if (job.state !== 'running') return;
      }
    } catch (error) {
      if (job.state === 'running') this.#end(job, 'failed', 'the model failed on a row');
      throw error;
    } finally {
      this.#monitor.asked.inc({ model: model.name });
      if (outOfRange) this.#monitor.outOfRange.inc({ model: model.name });
    }
    parts.push(Buffer.from(']}'));
    job.result = parts;
    this.#end(job, 'done', null);
    job.bytes = parts.reduce((sum, part) => sum + part.length, 0);
  }

  #end(job: Job, state: JobState, reason: string | null): void {
    job.state = state;
    job.reason = reason;
    job.expiresAt = new Date(this.#now().getTime() + this.#limits.jobKeptMs);
    job.bytes = 0;
    this.#rows.delete(job.id);
    this.#monitor.jobs.inc({ outcome: state });
    // So that nothing is kept for longer where nobody asks any more.
    setTimeout(() => this.#forgetExpired(), this.#limits.jobKeptMs + 1).unref();
    this.#tellLength();
  }

  #forgetExpired(): void {
    const now = this.#now();
    for (const job of this.#jobs.values())
      if (job.expiresAt !== null && job.expiresAt <= now)
        this.#forget(job, `the job expired at ${job.expiresAt.toISOString()}`);
  }

  #forget({ id }: Job, why: string): void {
    this.#jobs.delete(id);
    this.#rows.delete(id);
    this.#gone.set(id, why);
    if (this.#gone.size > MOST_GONE) this.#gone.delete(this.#gone.keys().next().value!);
  }

  #tellLength(): void {
    const waiting = [...this.#jobs.values()].filter(({ expiresAt }) => expiresAt === null).length;
    this.#monitor.queued.set({ queue: 'jobs' }, waiting);
  }
}
