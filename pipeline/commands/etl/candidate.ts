import { markdownTable } from 'markdown-table';
import { changedPaths, commitOnto, isAncestor, mergeBase } from '../../clients/git-objects.ts';
import { pushBranch } from '../../clients/git-remote.ts';
import { UsageError } from '../../contracts/errors.ts';
import { isRobotPath, ROBOT_BRANCHES } from '../../contracts/github.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { modelInputsAt, sameInputs } from '../../model-inputs.ts';
import { readParams } from '../../params.ts';
import { REPOSITORY } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { type CandidateNeed, type CandidateSeen, candidateNeeds, testBelow } from './candidate-plan.ts';
import { type BranchSeen, type Desk, openDesk } from './desk.ts';
import { type LeftBy, readAllLeft, robotFilesAt } from './left.ts';
import { runPage, tellWorkflow } from './outputs.ts';
import { differing, modelsChanged } from './proposal.ts';
import { candidateText, saysTheSame } from './pull-text.ts';
import { productionOf, promotedIn, type RobotFiles, sameFiles } from './robot-files.ts';
import { takeTraining } from './start-state.ts';

interface CandidateView {
  test: BranchSeen;
  master: BranchSeen;
  candidate: CandidateSeen | null;
}

/** `perennial candidate-plan`: which models have to be trained once, for the pull request from `test` towards master.
 *  @param options.before and `after` are what the push says; `after` counts, the rest is read from the branches */
export async function candidatePlanCommand(
  environment: Environment,
  options: { before: string; after: string },
): Promise<void> {
  const params = await readParams(REPOSITORY);
  const desk = await openDesk(environment);
  const view = await lookAtBranches(desk, options.after);
  const needs = await candidateNeeds(Object.keys(params.models), view);
  const models = [...needs].filter(([, need]) => need.train).map(([model]) => model);
  const propose = models.length > 0 || (await bringsSomething(view));
  await tellWorkflow(
    environment,
    { models: JSON.stringify(models), propose: String(propose) },
    planTable(needs),
  );
}

/** `perennial candidate-propose`: `test`, with what was trained for it, as a pull request towards master. */
export async function candidateProposeCommand(
  environment: Environment,
  options: { from: string },
): Promise<void> {
  const desk = await openDesk(environment);
  const view = await lookAtBranches(desk);
  const { trained } = await readAllLeft(options.from);
  const said: string[] = [];
  const files = await candidateFiles(view, trained, said);
  const sha = await pushCandidate(environment, desk, view, files);
  if (sha) said.push(await openOrUpdate(desk, view, files, sha));
  else said.push('master has all of test: nothing to propose');
  await tellWorkflow(environment, {}, said.map((sentence) => `- ${sentence}`).join('\n'));
}

/** Whether `test` holds work that master lacks: commits that only brought the branches together again are none. */
async function bringsSomething({ test, master }: CandidateView): Promise<boolean> {
  if (await isAncestor(REPOSITORY, test.sha, master.sha)) return false;
  const base = await mergeBase(REPOSITORY, test.sha, master.sha);
  return base === null || (await changedPaths(REPOSITORY, base, test.sha)).length > 0;
}

async function lookAtBranches(desk: Desk, after?: string): Promise<CandidateView> {
  const heads = await desk.heads('master', 'test', ROBOT_BRANCHES.candidate);
  const [master, test, candidate] = [
    heads.get('master'),
    after ?? heads.get('test'),
    heads.get(ROBOT_BRANCHES.candidate),
  ];
  if (!master || !test) throw new UsageError(`${desk.github.repository} needs the branches master and test`);
  const seen = async (sha: string) => ({ sha, files: await robotFilesAt(REPOSITORY, sha) });
  return {
    master: await seen(master),
    test: await seen(test),
    candidate: candidate ? { ...(await seen(candidate)), test: await testBelow(candidate) } : null,
  };
}

/** What robots have in the candidate: master's, and the trainings of `test`'s recipes. */
async function candidateFiles(
  view: CandidateView,
  trained: LeftBy<'train'>[],
  said: string[],
): Promise<RobotFiles> {
  const { master, test, candidate } = view;
  const files = new Map([...test.files, ...master.files]);
  const params = await readParams(REPOSITORY);
  const needs = await candidateNeeds(Object.keys(params.models), view);
  for (const [model, need] of needs) {
    const one = trained.find((left) => left.model === model && left.trained);
    if (one && (await stillFits(one, view))) {
      takeTraining(files, one.files, { model, promoted: one.promoted });
    } else if (one) {
      said.push(`${model} was trained for another state of test or master: the next run trains it anew`);
    } else if (!need.train && need.kept && candidate) {
      const promoted =
        productionOf(candidate.files, model)?.digest !== productionOf(master.files, model)?.digest;
      takeTraining(files, candidate.files, { model, promoted });
    }
  }
  return files;
}

async function stillFits(left: LeftBy<'train'>, { test, master }: CandidateView): Promise<boolean> {
  const [then, now] = [
    await modelInputsAt(REPOSITORY, left.commit, left.model),
    await modelInputsAt(REPOSITORY, test.sha, left.model),
  ];
  if (!then || !now || !sameInputs(then, now, { production: false })) return false;
  return (productionOf(master.files, left.model)?.digest ?? null) === left.champion;
}

/** Builds the branch upon `test`. Where master has nothing but robots' files that `test` lacks, it is merged with master
 *  at once, so that those never conflict; other changes of master come by `sync`, and a person decides on conflicts.
 *  @returns null where master has all of it */
async function pushCandidate(
  environment: Environment,
  desk: Desk,
  { test, master, candidate }: CandidateView,
  files: RobotFiles,
): Promise<string | null> {
  const base = await mergeBase(REPOSITORY, test.sha, master.sha);
  const gained = base === null ? ['?'] : await changedPaths(REPOSITORY, base, master.sha);
  const onlyRobots = gained.every(isRobotPath);
  const merges = onlyRobots && base !== master.sha;
  const changes = differing(files, test.files);
  const { size } = differing(files, master.files);
  if (size === 0 && !(await bringsSomething({ test, master, candidate }))) return null;
  if (candidate && candidate.test === test.sha && sameFiles(candidate.files, files)) return candidate.sha;
  const made = await commitOnto(REPOSITORY, {
    base: test.sha,
    files: changes,
    message: 'candidate: test, with what was trained for it\n',
    author: desk.author,
    at: environment.now(),
    ...(merges && { parents: [test.sha, master.sha] }),
  });
  const sha = made ?? test.sha;
  await pushBranch(desk.remote, {
    branch: ROBOT_BRANCHES.candidate,
    commit: sha,
    lease: candidate?.sha ?? null,
  });
  return sha;
}

async function openOrUpdate(
  desk: Desk,
  { master }: CandidateView,
  files: RobotFiles,
  sha: string,
): Promise<string> {
  const { github } = desk;
  const text = candidateText({
    files,
    master: master.files,
    models: modelsChanged(files, master.files),
    promoted: promotedIn(files, master.files).map(({ model }) => model),
    tree: `${github.page}/blob/${sha}`,
    page: runPage(),
    mode: 'pull-request',
  });
  const [owner] = github.repository.split('/');
  const [open] = await github.openPulls({ base: 'master', head: `${owner}:${ROBOT_BRANCHES.candidate}` });
  if (!open) {
    const { number } = await github.createPull({ ...text, head: ROBOT_BRANCHES.candidate, base: 'master' });
    return `opened #${number}: ${text.title}`;
  }
  if (!saysTheSame(open, text)) await github.updatePull(open.number, text);
  return `#${open.number} has the newest of test: ${text.title}`;
}

function planTable(needs: Map<string, CandidateNeed>): string {
  const rows = [...needs].map(([model, need]) => [
    `\`${model}\``,
    need.train ? 'yes' : 'no',
    escapeMarkdown(need.reason),
  ]);
  return markdownTable([['Model', 'Trained', 'Why'], ...rows]);
}
