import { setTimeout as wait } from 'node:timers/promises';
import type { Github } from '../../clients/github/github.ts';
import { REQUIRED_STATUS } from '../../contracts/github.ts';

export interface MergeOptions {
  /** The commit that is merged, and no other. */
  sha: string;
  limitMs: number;
  /** Whether our own required status must have come: where no rule of the host asks for it, we do. */
  needsStatus: boolean;
  title?: string;
  signal?: AbortSignal;
  /** First pause; each next one is half as long again, up to half a minute. */
  pauseMs?: number;
}

export type Merged = { merged: true; sha: string } | { merged: false; why: string };

const LONGEST_PAUSE_MS = 30_000;

/** Merges a pull request as soon as its checks have passed and the host's rules allow it, or says what it waited for. */
export async function mergeWhenAllowed(
  github: Github,
  number: number,
  options: MergeOptions,
): Promise<Merged> {
  const { sha, limitMs, needsStatus, title, signal } = options;
  const end = performance.now() + limitMs;
  let pause = options.pauseMs ?? 2_000;
  for (;;) {
    const status = needsStatus ? await required(github, sha) : { state: 'success', description: '' };
    let why = status
      ? `the status ${REQUIRED_STATUS} is ${status.state}: ${status.description}`
      : `the status ${REQUIRED_STATUS} has not come`;
    if (status?.state === 'failure' || status?.state === 'error') return { merged: false, why };
    if (status?.state === 'success') {
      const answer = await github.mergePull(number, { sha, method: 'merge', title });
      if (answer.merged) return answer;
      why = answer.why;
    }
    const pull = await github.pull(number);
    if (pull?.merged) return { merged: true, sha };
    if (!pull || pull.state === 'closed') return { merged: false, why: `#${number} was closed meanwhile` };
    if (pull.head.sha !== sha) return { merged: false, why: `#${number} has another commit now` };
    const left = end - performance.now();
    if (left <= 0) return { merged: false, why: `${why} (waited ${Math.round(limitMs / 1000)} s)` };
    await wait(Math.min(pause, left), undefined, { signal });
    pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS);
  }
}

/** The App's own word: anybody who may push can set a status of that name. */
async function required(github: Github, sha: string) {
  const login = await github.login();
  const ours = (await github.statuses(sha)).find(({ context }) => context === REQUIRED_STATUS);
  return ours && ours.author === login ? ours : null;
}
