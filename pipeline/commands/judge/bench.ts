import type { Logger } from 'pino';
import type { Remote } from '../../clients/git-remote.ts';
import type { Github } from '../../clients/github/github.ts';
import type { openTree } from '../../clients/tree-reader.ts';
import type { BundleFiles } from '../../contracts/bundle.ts';
import type { RemoteHome } from '../../contracts/homes.ts';
import type { Production } from '../../contracts/promotion.ts';

/** What the judge works with; all of it trusted. */
export interface Bench {
  /** A clone of the repository; only its objects are read. */
  root: string;
  /** One commit's files, each commit opened once. */
  tree(sha: string): ReturnType<typeof openTree>;
  github: Github;
  git(): Promise<Remote>;
  /** Null: none is configured. */
  remote: RemoteHome | null;
  /** The bundle of the champion, every byte checked against the digest that production.json names. */
  bundle(model: string, production: Production): Promise<BundleFiles>;
  /** A page of the tracking server for people; null where there is none, or no such run. */
  runPage(runId: string): Promise<string | null>;
  /** Markdown for the summary of the job, where there is one. */
  summarize(markdown: string): Promise<void>;
  now(): Date;
  log: Logger;
  signal: AbortSignal;
}
