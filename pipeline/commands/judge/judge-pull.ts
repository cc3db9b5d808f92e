import { isAncestor } from '../../clients/git-objects.ts';
import type { Artifact } from '../../clients/github/github.ts';
import { GithubError } from '../../clients/github/github-error.ts';
import { withScratch } from '../../clients/scratch.ts';
import type { ModelReport } from '../../contracts/pull-report.ts';
import { REVIEW_LIMITS, reviewArtifact } from '../../contracts/review.ts';
import type { Bench } from './bench.ts';
import { dataFilesAt } from './data-files.ts';
import { dataFor, fetchData, type Wanted } from './data-for.ts';
import { fetchCommits } from './fetch-commits.ts';
import { type Fetched, fetchEarly } from './fetch-early.ts';
import type { ReviewedPull } from './find-pull.ts';
import { importCommands, shownAsSubmitted } from './fork.ts';
import type { Judged } from './judge-model.ts';
import { modelReport } from './model-report.ts';
import { carriedOverrides, findOverride, type Override } from './override.ts';
import { publicWords } from './public-words.ts';
import type { ReviewRun } from './read-event.ts';
import { readSubmission, type Submitted } from './read-submission.ts';
import { Refusal } from './refusal.ts';
import { type RobotFiles, robotFiles } from './robot-files.ts';
import { rollbacks } from './rollbacks.ts';
import { plainJudgement } from './to-judgement.ts';
import { type Change, type Commits, whatChanged } from './what-changed.ts';
import { withoutComparison } from './without-comparison.ts';

export interface PullJudgement {
  models: ModelReport[];
  notes: string[];
  commands: string[];
  /** The head is master's own: nothing to say, and it may pass. */
  ofMaster: boolean;
}

/** One model on its way to a judgement. */
interface Case {
  change: Change;
  artifact: Artifact | null;
  submitted: Submitted | null;
  judged: Judged | null;
  wanted: Wanted | null;
}

/** The word on every model of base and head.
 *  @throws Refusal where nothing can be said of any of them */
export async function judgePull(bench: Bench, pull: ReviewedPull, run: ReviewRun): Promise<PullJudgement> {
  const [commits, artifacts] = await Promise.all([
    fetchCommits(bench, pull),
    bench.github.runArtifacts(run.id),
  ]);
  if (await isAncestor(bench.root, commits.head, commits.master))
    return { models: [], notes: [], commands: [], ofMaster: true };
  const [changes, brought] = await Promise.all([
    whatChanged(bench, commits, pull.into),
    robotFiles(bench, commits, pull),
  ]);
  return withScratch(async (folder) => {
    const early = pull.fork
      ? Promise.resolve<Fetched>(new Map())
      : fetchEarly(bench, commits, { changes, artifacts, into: pull.into, folder });
    const cases = await Promise.all(
      changes.map((change) => openCase(bench, { change, artifacts, pull, run })),
    ).finally(() => early);
    const back = pull.fork ? null : await rollbacks(bench, commits, { changes, into: pull.into });
    for (const one of cases) {
      const judgement = back?.get(one.change.model);
      if (judgement) one.judged = settled(judgement);
    }
    if (pull.fork)
      for (const one of cases) one.judged ??= settled(shownAsSubmitted(one.change, one.submitted));
    else await compareAll(bench, commits, { cases, pull, run, folder, there: await early });
    refuseGates(cases, brought.gates);
    await applyOverrides(bench, commits, { cases, run, pull });
    const models = await Promise.all(
      cases.map((one) => modelReport(bench, commits, { ...one, judged: one.judged!, run, pull })),
    );
    return {
      models,
      notes: [
        ...(pull.fork
          ? [
              'It comes from a fork, whose code is never run with credentials: a maintainer imports the branch.',
            ]
          : []),
        ...brought.notes,
      ],
      commands: pull.fork ? importCommands(pull) : [],
      ofMaster: false,
    };
  });
}

const settled = (judgement: Judged['judgement']): Judged => ({ judgement, losses: [], truth: null });

/** Reads the artifact of one model, where there is anything to compare. */
async function openCase(
  bench: Bench,
  {
    change,
    artifacts,
    pull,
    run,
  }: { change: Change; artifacts: Artifact[]; pull: ReviewedPull; run: ReviewRun },
): Promise<Case> {
  const name = reviewArtifact(change.model);
  // An attempt that was made again leaves a second one of the same name.
  const artifact = artifacts.filter((one) => one.name === name).sort((a, b) => b.id - a.id)[0] ?? null;
  const opened: Case = { change, artifact, submitted: null, judged: null, wanted: null };
  if (change.kind !== 'changed' || change.refusal || !artifact) return opened;
  try {
    opened.submitted = await download(bench, artifact, { change, pull, run });
  } catch (error) {
    opened.judged = settled(refused(bench, change, error));
  }
  return opened;
}

async function download(
  bench: Bench,
  artifact: Artifact,
  { change, pull, run }: { change: Change; pull: ReviewedPull; run: ReviewRun },
): Promise<Submitted> {
  const expired = () => new Refusal('Expired', 'The report of the review has expired: run the review again.');
  const { zipBytes } = REVIEW_LIMITS;
  const tooLarge = () =>
    new Refusal('Broken report', `The artifact of the review is larger than ${zipBytes} bytes.`);
  if (artifact.expired) throw expired();
  if (artifact.bytes > zipBytes) throw tooLarge();
  const zip = await bench.github.downloadArtifact(artifact.id, { maxBytes: zipBytes }).catch((error) => {
    if (error instanceof GithubError && error.failure === 'expired') throw expired();
    if (error instanceof GithubError && error.failure === 'too-large') throw tooLarge();
    throw error;
  });
  return readSubmission(zip, {
    model: change.model,
    headSha: run.head.sha,
    baseRef: pull.into,
    run: { id: run.id, attempt: run.attempt },
    now: bench.now(),
  });
}

/** Compares what is to be compared; data of all models come in one go. */
async function compareAll(
  bench: Bench,
  commits: Commits,
  about: { cases: Case[]; pull: ReviewedPull; run: ReviewRun; folder: string; there: Fetched },
): Promise<void> {
  const { cases, pull, run, there } = about;
  const open = () => cases.filter(({ judged }) => !judged);
  if (open().every(({ change }) => change.kind !== 'changed')) {
    for (const one of open()) one.judged = settled(mustSay(bench, one, { hasData: false, pull }));
    return;
  }
  const [master, ofRobot] = await Promise.all([
    dataFilesAt(bench, commits.master),
    byRobot(bench, pull, run),
  ]);
  for (const one of open()) {
    const hasData = master.outputs.has(`artifacts/${one.change.model}/features`);
    const said = sayOf(one, { hasData, pull });
    if (said) one.judged = settled(said);
  }
  for (const one of open()) {
    try {
      const claimed = one.submitted!.submission.data_version;
      one.wanted = await dataFor(bench, commits, { change: one.change, claimed, ofRobot, into: pull.into });
    } catch (error) {
      one.judged = settled(refused(bench, one.change, error));
    }
  }
  if (open().length === 0) return;
  // What computes is needed nowhere else.
  const loading = import('./judge-model.ts');
  let { folder } = about;
  try {
    const wanted = open().flatMap((one) => (one.wanted ? [one.wanted] : []));
    folder = await fetchData(bench, wanted, { folder, there });
  } catch (error) {
    for (const one of open()) one.judged = settled(refused(bench, one.change, error));
  }
  const { compareModel } = await loading;
  for (const one of open()) {
    const { wanted, submitted } = one;
    one.judged = await compareModel(bench, commits, { wanted: wanted!, submitted: submitted!, folder }).catch(
      (error) => settled(refused(bench, one.change, error)),
    );
  }
}

function sayOf({ change, submitted }: Case, { hasData, pull }: { hasData: boolean; pull: ReviewedPull }) {
  return withoutComparison(change, { submission: submitted?.submission ?? null, hasData, into: pull.into });
}

function mustSay(bench: Bench, one: Case, about: { hasData: boolean; pull: ReviewedPull }) {
  return sayOf(one, about) ?? refused(bench, one.change, new Error('it was left out'));
}

/** Into master a robot brings data that master does not have yet; it opened the pull request and pushed its commits. */
async function byRobot({ github }: Bench, pull: ReviewedPull, { actor }: ReviewRun): Promise<boolean> {
  if (pull.into !== 'master' || pull.fork || !pull.author.endsWith('[bot]')) return false;
  const login = await github.login();
  return login !== null && pull.author === login && actor === login;
}

/** What is wrong with a submission is the pull request's; what is wrong with us is nobody's verdict. */
function refused({ log, remote }: Bench, { model }: Change, error: unknown) {
  if (error instanceof Refusal)
    return plainJudgement(model, 'failure', { headline: error.headline, reason: error.message });
  log.error({ err: error, model }, 'could not be judged');
  return plainJudgement(model, 'error', {
    headline: 'Could not be judged',
    reason: publicWords(error, remote),
  });
}

/** New data pass where their gate has said so, whoever brings them. */
function refuseGates(cases: Case[], gates: RobotFiles['gates']): void {
  for (const one of cases) {
    const { model } = one.change;
    const gate = gates.get(model);
    if (gate === undefined || gate?.passed || one.judged?.judgement.status !== 'success') continue;
    const reason = gate
      ? 'The gate refused the data that it brings.'
      : 'The report of the gate that it brings does not parse.';
    one.judged = settled(
      plainJudgement(model, 'failure', { headline: 'Gate failed', reason, gate: gate ?? null }),
    );
  }
}

/** What was judged and refused can be overridden, for the model that the override names; what could not be judged
 *  cannot. Of an override that lies deeper the trained model may have failed for other reasons: only a comparison that it
 *  lost is overridden. */
async function applyOverrides(
  bench: Bench,
  commits: Commits,
  { cases, run, pull }: { cases: Case[]; run: ReviewRun; pull: ReviewedPull },
): Promise<void> {
  const failed = cases.filter(({ judged }) => judged?.judgement.status === 'failure');
  if (failed.length === 0) return;
  const newest = await findOverride(bench, commits.head, run);
  const carried = await carriedOverrides(bench, commits, { pull, run });
  for (const { change, judged } of failed) {
    const { promotion } = judged!.judgement;
    const compared = promotion !== null && promotion.outcome !== 'refused';
    const override =
      newest?.model === change.model ? newest : compared ? carried.get(change.model) : undefined;
    if (override) judged!.judgement = overridden(judged!.judgement, override);
  }
}

function overridden(judgement: Judged['judgement'], { by, why }: Override): Judged['judgement'] {
  return {
    ...judgement,
    status: 'success',
    headline: `Overridden by ${by}`,
    reason: `${by} overrides it: ${why} — without that: ${judgement.headline}: ${judgement.reason}`,
    override: { by, why },
  };
}
