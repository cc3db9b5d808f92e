import { git } from '../../clients/git.ts';
import { type ModelInputs, modelInputsAt, sameInputs } from '../../model-inputs.ts';
import { REPOSITORY } from '../../workspace.ts';
import type { BranchSeen } from './desk.ts';
import { productionOf, promotionOf, type RobotFiles, sourceOf } from './robot-files.ts';

/** What `perennial/candidate` was built from, and what it holds. */
export interface CandidateSeen extends BranchSeen {
  /** The commit of `test` below it. */
  test: string;
}

/** What a merge into `test` means for one model. */
export type CandidateNeed =
  | { train: true; reason: string }
  /** `kept`: the candidate has a training of this very recipe. */
  | { train: false; kept: boolean; reason: string };

export interface NeedInput {
  /** What makes the model in `test`, in master, and below the candidate; null: no such model there. */
  inputs: { test: ModelInputs | null; master: ModelInputs | null; candidate: ModelInputs | null };
  master: RobotFiles;
  candidate: RobotFiles | null;
  /** By a person with rights: it is promoted although it is no better. */
  overridden: boolean;
}

/** Whether a model has to be trained for its candidate. It looks at what there is, not at what a push changed: so what a
 *  dropped or killed run has missed is caught up by the next. */
export function candidateNeed(model: string, input: NeedInput): CandidateNeed {
  const { inputs, master, candidate, overridden } = input;
  const no = (reason: string): CandidateNeed => ({ train: false, kept: false, reason });
  if (!inputs.test?.params.active) return no('is not active');
  if (!sourceOf(master, model))
    return no('master has no data of it yet: they come with the scheduled run after the merge');
  const same = (other: ModelInputs | null) =>
    other !== null && sameInputs(inputs.test!, other, { production: false });
  if (same(inputs.master) && !overridden) return no('is made as in master');
  if (candidate && same(inputs.candidate) && isNewer(model, candidate, master))
    return { train: false, kept: true, reason: 'was trained for the candidate already' };
  return { train: true, reason: overridden ? 'is overridden' : 'is made otherwise than in master' };
}

/** Trained after what master has, against the champion that master still has. */
function isNewer(model: string, candidate: RobotFiles, master: RobotFiles): boolean {
  const trained = promotionOf(candidate, model);
  const before = promotionOf(master, model);
  if (!trained || (before && trained.decided_at <= before.decided_at)) return false;
  return (trained.champion?.digest ?? null) === (productionOf(master, model)?.digest ?? null);
}

/** Models with an override in `test` that master does not know yet. */
export function overriddenModels(test: RobotFiles, master: RobotFiles): string[] {
  const found = [...test.keys()].flatMap((path) => {
    const [, model] = /^reports\/([^/]+)\/history\/[^/]+-override\.json$/.exec(path) ?? [];
    return model && !master.has(path) ? [model] : [];
  });
  return [...new Set(found)];
}

export async function candidateNeeds(
  models: string[],
  seen: { test: BranchSeen; master: BranchSeen; candidate: CandidateSeen | null },
): Promise<Map<string, CandidateNeed>> {
  const { test, master, candidate } = seen;
  const overridden = overriddenModels(test.files, master.files);
  const needs = new Map<string, CandidateNeed>();
  for (const model of models) {
    const at = (sha: string) => modelInputsAt(REPOSITORY, sha, model);
    const inputs = {
      test: await at(test.sha),
      master: await at(master.sha),
      candidate: candidate ? await at(candidate.test) : null,
    };
    const files = { master: master.files, candidate: candidate?.files ?? null };
    needs.set(model, candidateNeed(model, { inputs, ...files, overridden: overridden.includes(model) }));
  }
  return needs;
}

/** First parent of the candidate. */
export async function testBelow(candidate: string): Promise<string> {
  return (await git(REPOSITORY, ['rev-parse', `${candidate}^1`])).stdout.trim();
}
