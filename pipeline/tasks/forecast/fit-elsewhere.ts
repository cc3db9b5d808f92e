import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Curve } from '../../contracts/train.ts';
import type { Candidate, FitRequest } from './candidate.ts';

/** What a worker is asked: one fit. Functions cannot cross, so a candidate goes by its name. */
export interface FitJob {
  id: number;
  candidate: string;
  request: Pick<FitRequest, 'known' | 'maxLead' | 'seed'>;
}

export type FitAnswer =
  | { id: number; files: Map<string, Uint8Array>; curves: Curve[] }
  | { id: number; error: string };
type Fit = Extract<FitAnswer, { files: unknown }>;

/** Threads beside this one: more than the cores gain nothing, and each holds a copy of the panel. */
const MOST_WORKERS = 2;

/** A candidate whose fits run on a thread of their own, so that several fit at once. Its forecasts stay here.
 *  On a single core it fits here. */
export function elsewhere(candidate: Candidate): Candidate {
  if (availableParallelism() < 2) return candidate;
  return {
    ...candidate,
    async fit(request) {
      const { files, curves } = await pool.fit(candidate.name, request);
      for (const curve of curves) request.onCurve?.(curve);
      return candidate.load(files);
    },
  };
}

interface Waiting {
  job: FitJob;
  signal?: AbortSignal;
  resolve(fit: Fit): void;
  reject(error: unknown): void;
}

interface Thread {
  worker: Worker;
  /** Ends the job under way, one way or the other; null while idle. */
  settle: ((answer: FitAnswer | { failed: unknown }) => void) | null;
}

/** Jobs wait in the order they came; there are never more than the candidates of one cutoff. */
class FitPool {
  private readonly waiting: Waiting[] = [];
  private readonly threads = new Set<Thread>();
  private next = 0;

  fit(candidate: string, { known, maxLead, seed, signal }: FitRequest): Promise<Fit> {
    return new Promise((resolve, reject) => {
      const job = { id: this.next++, candidate, request: { known, maxLead, seed } };
      this.waiting.push({ job, signal, resolve, reject });
      this.dispatch();
    });
  }

  private dispatch(): void {
    while (this.waiting.length > 0) {
      const thread = [...this.threads].find(({ settle }) => settle === null) ?? this.hire();
      if (!thread) return;
      this.run(thread, this.waiting.shift()!);
    }
  }

  private hire(): Thread | undefined {
    if (this.threads.size >= Math.min(MOST_WORKERS, availableParallelism())) return undefined;
    const thread: Thread = {
      worker: new Worker(new URL('./fit-thread.mjs', import.meta.url)),
      settle: null,
    };
    const fail = (failed: unknown) => {
      this.threads.delete(thread);
      thread.settle?.({ failed });
    };
    thread.worker.on('message', (answer: FitAnswer) => thread.settle?.(answer));
    thread.worker.on('error', fail);
    thread.worker.on('exit', (code) => fail(new Error(`a fitting thread ended with ${code}`)));
    this.threads.add(thread);
    return thread;
  }

  private run(thread: Thread, { job, signal, resolve, reject }: Waiting): void {
    const onAbort = () => {
      this.threads.delete(thread);
      void thread.worker.terminate();
      thread.settle?.({ failed: signal?.reason });
    };
    thread.settle = (answer) => {
      thread.settle = null;
      signal?.removeEventListener('abort', onAbort);
      // An idle thread must not keep the process from ending.
      thread.worker.unref();
      if ('files' in answer) resolve(answer);
      else reject('failed' in answer ? answer.failed : new Error(answer.error));
      this.dispatch();
    };
    thread.worker.ref();
    if (signal?.aborted) {
      onAbort();
      return;
    }
    signal?.addEventListener('abort', onAbort, { once: true });
    thread.worker.postMessage(job);
  }
}

const pool = new FitPool();
