import { commitOnto } from '../../clients/git-objects.ts';
import { deleteRemoteBranch, GitRemoteError, pushBranch } from '../../clients/git-remote.ts';
import { EXIT, LockedError } from '../../contracts/errors.ts';
import { ROBOT_BRANCHES } from '../../contracts/github.ts';
import type { Params } from '../../contracts/params.ts';
import { readParams } from '../../params.ts';
import { REPOSITORY } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { type Desk, openDesk, robotsMovedOn, type Seen } from './desk.ts';
import { type LeftBy, readAllLeft } from './left.ts';
import { mergeWhenAllowed } from './merge-when-allowed.ts';
import { mayMerge } from './modes.ts';
import { runPage, tellWorkflow } from './outputs.ts';
import { differing, type Joined, joinRun, modelsChanged } from './proposal.ts';
import { dataText, type PullText, promotionText, saysTheSame, type TextInput } from './pull-text.ts';
import { isExpired, isReplaced, type Proposal, type PullStep, planPulls } from './pulls.ts';
import { promotedIn, promotionOf, type RobotFiles, sameFiles } from './robot-files.ts';

/** Checks of a pull request take minutes; a training, where one is asked for, does not happen towards master. */
const MERGE_LIMIT_MS = 40 * 60_000;

/** `perennial etl-propose`: what the jobs before have left becomes one branch and one pull request. Called again with the
 *  same it changes nothing. */
export async function etlProposeCommand(
  environment: Environment,
  options: { from: string; mergeLimitMs?: number },
): Promise<void> {
  const params = await readParams(REPOSITORY);
  const left = await readAllLeft(options.from);
  const desk = await openDesk(environment);
  const seen = await desk.look(params);
  const trained = [...left.trained, ...carriedOn(seen, left.trained, environment.now())];
  const joined = joinRun(
    {
      master: seen.master.files,
      data: seen.data?.files ?? null,
      closing: closedUnmerged(seen, left.trained, environment.now()),
    },
    { collect: left.collect, trained },
  );
  const run = new ProposeRun(environment, { desk, seen, joined, params, collect: left.collect });
  for (const sentence of joined.dropped) run.say(sentence);
  for (const step of planPulls(seen.pulls, proposalOf(joined, seen), environment.now())) await run.take(step);
  await run.removeOrphans();
  await run.mergeWhatMay(options.mergeLimitMs ?? MERGE_LIMIT_MS);
  await tellWorkflow(environment, {}, run.said.join('\n') || 'Nothing to propose.');
}

function proposalOf(joined: Joined, seen: Seen): Proposal {
  if (joined.promotion) return { kind: 'promotion', content: joined.content };
  return differing(joined.data, seen.master.files).size > 0 ? { kind: 'data' } : { kind: 'nothing' };
}

/** Promotions of open pull requests that a new one is going to replace: what they promote goes into it. */
function carriedOn(seen: Seen, trained: LeftBy<'train'>[], now: Date): LeftBy<'train'>[] {
  const isNew = trained.some(({ promoted }) => promoted);
  return seen.pulls.flatMap((pull) => {
    const { files, kind, overtaken, outdated } = pull;
    if (kind !== 'promotion' || !files || overtaken || isExpired(pull, now)) return [];
    if (!isReplaced(pull) || !(isNew || outdated)) return [];
    return promotedIn(files, seen.master.files)
      .filter(({ model }) => !trained.some((one) => one.model === model))
      .map(({ model }) => ({
        kind: 'train' as const,
        model,
        trained: true,
        champion: promotionOf(files, model)?.champion?.digest ?? null,
        promoted: true,
        commit: pull.headSha,
        files,
      }));
  });
}

/** Promotions that nobody took in time, or that this run has trained anew. */
function closedUnmerged(seen: Seen, trained: LeftBy<'train'>[], now: Date): RobotFiles[] {
  return seen.pulls.flatMap((pull) => {
    const { files, kind } = pull;
    if (kind !== 'promotion' || !files) return [];
    const models = promotedIn(files, seen.master.files).map(({ model }) => model);
    const anew = trained.some(({ promoted, model }) => promoted && models.includes(model));
    return isExpired(pull, now) || (anew && isReplaced(pull)) ? [files] : [];
  });
}

interface Facts {
  desk: Desk;
  seen: Seen;
  joined: Joined;
  params: Params;
  collect: LeftBy<'collect'> | null;
}

class ProposeRun {
  readonly said: string[] = [];
  /** Open pull requests with the commit each has now. */
  private readonly open: Map<number, { branch: string; sha: string; models: string[] }>;
  private opened: number | null = null;

  constructor(
    private readonly environment: Environment,
    private readonly facts: Facts,
  ) {
    const { seen } = facts;
    this.open = new Map(
      seen.pulls.map(({ number, branch, headSha, files }) => [
        number,
        {
          branch,
          sha: headSha,
          models: files ? promotedIn(files, seen.master.files).map(({ model }) => model) : [],
        },
      ]),
    );
  }

  say(sentence: string): void {
    this.said.push(`- ${sentence}`);
  }

  async take(step: PullStep): Promise<void> {
    const { joined } = this.facts;
    if (step.do === 'say') this.say(step.sentence);
    else if (step.do === 'push-data') await this.pushData();
    else if (step.do === 'close') await this.close(step);
    else if (step.do === 'open-promotion') await this.openPromotion();
    else {
      const sha = await this.pushData();
      if (!sha) return;
      const about = this.about(joined.data, sha, []);
      if (step.do === 'open-data') await this.openPull(ROBOT_BRANCHES.data, sha, dataText(about), []);
      else if (sha !== this.open.get(step.number)?.sha) await this.edit(step.number, sha, dataText(about));
    }
  }

  /** @returns the commit that the data branch is at; null where master has it all */
  private async pushData(): Promise<string | null> {
    const { desk, seen, joined, collect } = this.facts;
    const files = differing(joined.data, seen.master.files);
    if (files.size === 0) return null;
    if (
      seen.data &&
      sameFiles(seen.data.files, joined.data) &&
      !(await robotsMovedOn(seen.data.sha, seen.master.sha))
    )
      return seen.data.sha;
    const models = modelsChanged(joined.data, seen.master.files);
    const sha = await this.commit(files, `data: ${models.join(', ')}`);
    // Whoever moved the branch since this run began has collected more: one run at a time goes on.
    const lease = collect ? collect.data_branch : (seen.data?.sha ?? null);
    await pushBranch(desk.remote, { branch: ROBOT_BRANCHES.data, commit: sha, lease }).catch(asBusy);
    this.say(`pushed ${ROBOT_BRANCHES.data}`);
    return sha;
  }

  private async openPromotion(): Promise<void> {
    const { desk, seen, joined } = this.facts;
    if (!joined.promotion) return;
    const files = differing(joined.promotion, seen.master.files);
    const sha = await this.commit(files, `promote ${joined.promoted.join(', ')}`);
    const branch = ROBOT_BRANCHES.promotion(this.label(joined.promotion));
    await pushBranch(desk.remote, { branch, commit: sha, lease: null }).catch(asBusy);
    const text = promotionText(this.about(joined.promotion, sha, joined.promoted));
    await this.openPull(branch, sha, text, joined.promoted);
  }

  /** Data version and run: two of them never have the same name. */
  private label(files: RobotFiles): string {
    const version = /md5: ([0-9a-f]{8})/.exec(files.get('data.dvc') ?? '')?.[1] ?? 'data';
    const { GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT } = process.env;
    return `${version}-${GITHUB_RUN_ID ? `${GITHUB_RUN_ID}-${GITHUB_RUN_ATTEMPT ?? 1}` : this.environment.run}`;
  }

  private async openPull(head: string, sha: string, text: PullText, models: string[]): Promise<void> {
    const { github } = this.facts.desk;
    const { number } = await github.createPull({ ...text, head, base: 'master' });
    this.opened = number;
    this.open.set(number, { branch: head, sha, models });
    this.say(`opened #${number}: ${text.title}`);
  }

  private async edit(number: number, sha: string, text: PullText): Promise<void> {
    const { github } = this.facts.desk;
    const pull = await github.pull(number);
    this.open.set(number, { branch: ROBOT_BRANCHES.data, sha, models: [] });
    if (pull && saysTheSame(pull, text)) return;
    await github.updatePull(number, text);
    this.say(`#${number} has the newest data: ${text.title}`);
  }

  private async close(step: Extract<PullStep, { do: 'close' }>): Promise<void> {
    const { github } = this.facts.desk;
    const words = {
      overtaken: 'The champion that this was compared with is none any more, or master has this already.',
      expired: 'Nobody has taken this in time: it has expired. The next training proposes anew.',
      superseded: `Superseded by #${this.opened}: it was trained on newer data.`,
      carried: `#${this.opened} carries these data too.`,
    };
    await github.createComment(step.number, words[step.because]);
    await github.updatePull(step.number, { state: 'closed' });
    this.open.delete(step.number);
    this.say(`closed #${step.number} (${step.because})`);
  }

  /** Branches of promotions whose pull request is closed, or was never opened because a run was killed. */
  async removeOrphans(): Promise<void> {
    const { desk } = this.facts;
    const used = new Set([...this.open.values()].map(({ branch }) => branch));
    for (const [branch, sha] of await desk.heads(ROBOT_BRANCHES.promotion('*'))) {
      if (used.has(branch)) continue;
      await deleteRemoteBranch(desk.remote, branch, { lease: sha });
      this.say(`removed ${branch}`);
    }
  }

  async mergeWhatMay(limitMs: number): Promise<void> {
    const { desk, params } = this.facts;
    const { signal } = this.environment;
    for (const [number, { sha, branch, models }] of this.open) {
      if (!mayMerge(params, models)) continue;
      const merged = await mergeWhenAllowed(desk.github, number, { sha, limitMs, needsStatus: true, signal });
      if (merged.merged) await deleteRemoteBranch(desk.remote, branch, { lease: sha });
      this.say(merged.merged ? `merged #${number}` : `#${number} is not merged yet: ${merged.why}`);
    }
  }

  private about(files: RobotFiles, sha: string, promoted: string[]): TextInput {
    const { desk, seen, params } = this.facts;
    const master = seen.master.files;
    return {
      files,
      master,
      models: modelsChanged(files, master),
      promoted,
      tree: `${desk.github.page}/blob/${sha}`,
      page: runPage(),
      mode: mayMerge(params, promoted) ? 'auto' : 'pull-request',
    };
  }

  private async commit(files: Map<string, string>, message: string): Promise<string> {
    const { desk, seen } = this.facts;
    const { author } = desk;
    const sha = await commitOnto(REPOSITORY, {
      base: seen.master.sha,
      files,
      message: `${message}\n`,
      author,
      at: this.environment.now(),
    });
    return sha ?? seen.master.sha;
  }
}

/** @throws LockedError where another run has moved the branch */
function asBusy(error: unknown): never {
  if (!(error instanceof GitRemoteError) || error.failure !== 'moved') throw error;
  throw new LockedError('another run has pushed newer data meanwhile; nothing of this one is proposed', {
    hint: 'the next run goes on from what is there',
    exitCode: EXIT.locked,
    cause: error,
  });
}
