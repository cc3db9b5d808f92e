import { markdownTable } from 'markdown-table';
import { isAncestor } from '../../clients/git-objects.ts';
import { type ReadText, treeReader } from '../../clients/tree-reader.ts';
import type { ModelInputs } from '../../model-inputs.ts';
import { modelInputs, modelsOf, paramsIn, sameInputs, sameSource } from '../../model-inputs.ts';
import { REPOSITORY } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import type { ReviewRequest } from './request.ts';

export interface ReviewPlan {
  /** Models of base and of head. */
  models: string[];
  /** Markdown for the summary of the job. */
  table: string;
}

/** @throws UsageError where params.yaml of the pull request cannot be read */
export async function reviewPlan(environment: Environment, request: ReviewRequest): Promise<ReviewPlan> {
  if (request.into === 'test' && (await isAncestor(REPOSITORY, request.head, request.trunk)))
    return { models: [], table: 'master has this state already: there is nothing to review.' };
  const [from, base, head] = [request.from, request.base, request.head].map((sha) =>
    treeReader(REPOSITORY, sha),
  );
  const ours = await paramsIn(head);
  // One that cannot be read has no models: the pull request mends it.
  const theirs = await paramsIn(base).catch(() => ({ ...ours, models: {} }));
  const models = modelsOf(theirs, ours);
  const rows: string[][] = [];
  for (const model of models) {
    const [before, after] = await Promise.all([from, head].map((read) => inputsOf(environment, read, model)));
    rows.push([model, whatChanged(before, after, request)]);
  }
  return { models, table: markdownTable([['model', 'what the pull request does'], ...rows]) };
}

type Inputs = ModelInputs | 'none' | 'unreadable';

function whatChanged(before: Inputs, after: Inputs, { into }: ReviewRequest): string {
  if (after === 'none') return 'removes it';
  if (after === 'unreadable') return 'its code or production.json cannot be read: its review says why';
  if (before === 'none') return 'new';
  if (before === 'unreadable') return TRIED[into];
  if (!sameSource(before.params.source, after.params.source)) return 'gives it another source: refused';
  if (sameInputs(before, after, { production: into === 'master' }))
    return 'nothing: it passes without training';
  return sameInputs(before, after, { production: false })
    ? 'promotes another version: that is scored'
    : TRIED[into];
}

const TRIED = {
  test: 'changes its recipe: it is trained',
  master: 'changes its recipe: what was trained of it is scored',
} as const;

async function inputsOf({ log }: Environment, read: ReadText, model: string): Promise<Inputs> {
  try {
    return (await modelInputs(read, model)) ?? 'none';
  } catch (error) {
    log.warn({ err: error, model }, 'what it is made of cannot be read');
    return 'unreadable';
  }
}
