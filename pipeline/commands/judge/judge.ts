import { PerennialError } from '../../contracts/errors.ts';
import { modelStatus, REQUIRED_STATUS, type StatusState } from '../../contracts/github.ts';
import type { PullReport } from '../../contracts/pull-report.ts';
import { withoutSecrets } from '../../secrets.ts';
import type { Environment } from '../environment.ts';
import type { Bench } from './bench.ts';
import { findPulls, type ReviewedPull } from './find-pull.ts';
import type { PullJudgement } from './judge-pull.ts';
import { openBench } from './open-bench.ts';
import { publicWords } from './public-words.ts';
import { type ReviewRun, readEvent } from './read-event.ts';
import { Refusal } from './refusal.ts';
import { describe, oneLine, wholeStatus } from './whole-status.ts';

export async function judgeCommand(environment: Environment, options: { event?: string }): Promise<void> {
  const run = await readEvent(options.event ?? process.env.GITHUB_EVENT_PATH);
  const bench = await openBench(environment);
  try {
    const said = await judge(bench, run);
    environment.console.say(said);
  } finally {
    await bench.close();
  }
}

/** Judges the review that one run of `model-review` made: one comment, and the required status at the very end.
 *  @returns what became of it, for the log
 *  @throws whatever kept it from judging, after the status says so */
export async function judge(bench: Bench, run: ReviewRun): Promise<string> {
  const { github, log } = bench;
  if (run.event !== 'pull_request') return `a review of ${run.event} is judged by nobody`;
  const status = (state: StatusState, description: string, target?: string) =>
    github.setStatus(run.head.sha, {
      context: REQUIRED_STATUS,
      state,
      description: oneLine(withoutSecrets(description)),
      target: target ?? run.page,
    });
  if (run.action !== 'completed') {
    await status('pending', 'The review runs.');
    return 'the review runs';
  }
  try {
    if (run.conclusion === 'action_required') {
      await status('pending', 'The review waits for a maintainer to let it run.');
      return 'the review waits for approval';
    }
    const [pulls, { judgePull }] = await Promise.all([findPulls(bench, run), import('./judge-pull.ts')]);
    if (pulls.length === 0)
      return `no open pull request into test or master is at ${run.head.sha}: nothing to say`;
    if (pulls.length > 1) {
      const numbers = pulls.map(({ number }) => `#${number}`).join(', ');
      await status(
        'error',
        `One commit, several pull requests (${numbers}): close all but one, then run the review again.`,
      );
      return `${numbers} are at the same commit: none is judged`;
    }
    const [pull] = pulls;
    const judged = await judgePull(bench, pull, run);
    if (judged.ofMaster) {
      await status('success', 'This is a state that master has already.', pull.page);
      return `#${pull.number} is of master`;
    }
    return await tell(bench, { pull, run, judged, status });
  } catch (error) {
    const { state, text } = whyNot(bench, error);
    log.error({ err: error }, 'nothing was judged');
    await status(state, text).catch((cause) => {
      throw new PerennialError(`${text} The status could not be set either: ${(cause as Error).message}`, {
        cause,
        hint: cause instanceof PerennialError ? cause.hint : undefined,
      });
    });
    if (error instanceof Refusal) return text;
    throw error;
  }
}

/** The comment first, for the statuses point at it; the required one last of all. */
async function tell(
  bench: Bench,
  {
    pull,
    run,
    judged,
    status,
  }: {
    pull: ReviewedPull;
    run: ReviewRun;
    judged: PullJudgement;
    status: (state: StatusState, description: string, target?: string) => Promise<void>;
  },
): Promise<string> {
  const { github, log } = bench;
  const judgements = judged.models.map(({ judgement }) => judgement);
  const whole = wholeStatus(judgements);
  const report: PullReport = {
    run: { id: run.id, attempt: run.attempt, page: run.page },
    headSha: run.head.sha,
    commitPage: `${github.page}/commit/${run.head.sha}`,
    baseRef: pull.into,
    madeAt: bench.now().toISOString(),
    status: whole,
    ...judged,
  };
  const [{ postReport }, { summaryText }] = await Promise.all([
    import('../../stages/report/run.ts'),
    import('../../stages/report/comment-text.ts'),
  ]);
  const { page } = await postReport(github, pull.number, report, { log });
  await Promise.all(
    judgements.map((judgement) =>
      github.setStatus(run.head.sha, {
        context: modelStatus(judgement.model),
        state: judgement.status,
        description: describe(judgement),
        target: page,
      }),
    ),
  );
  await bench.summarize(summaryText(report));
  await status(whole.state, whole.description, page);
  return `#${pull.number}: ${whole.state}: ${whole.description}`;
}

function whyNot({ remote }: Bench, error: unknown): { state: StatusState; text: string } {
  if (error instanceof Refusal) return { state: 'failure', text: `${error.headline}: ${error.message}` };
  return { state: 'error', text: `Could not be judged: ${publicWords(error, remote)}` };
}
