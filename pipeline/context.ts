import type { Logger } from 'pino';
import type { ModelParams } from './contracts/params.ts';
import type { Paths, Workspace } from './workspace.ts';

/** Progress of something longer than two seconds, with the time left. */
export interface Progress {
  /** Starts a named piece of work of `total` units (unknown: leave it out).
   *  `set` takes the units done so far; `done` always ends it. */
  start(title: string, total?: number): { set(done: number, note?: string): void; done(note?: string): void };
}

/** What a stage's `run.ts` is given; nothing in it is read from the outside by the stage itself. */
export interface StageContext {
  workspace: Workspace;
  paths: Paths;
  model: string;
  params: ModelParams;
  /** The only clock: the simulated portal and frozen runs have their own. */
  now: () => Date;
  log: Logger;
  progress: Progress;
  signal: AbortSignal;
}

export const silent: Progress = { start: () => ({ set() {}, done() {} }) };
