import { type BeginningFacts, type RunFacts, sidesOf } from './facts.ts';

type Tags = Record<string, string>;

/** Those that MLflow's and Dagshub's pages show, and our own for searching. */
export function tagsAtStart(facts: BeginningFacts): Tags {
  const { origin, commit, model, dataVersion, parent, review } = facts;
  return told({
    'mlflow.user': origin.user,
    'mlflow.source.name': origin.source,
    'mlflow.source.type': origin.kind === 'workflow' ? 'JOB' : 'PROJECT',
    'mlflow.source.git.commit': commit,
    'mlflow.source.git.branch': origin.branch,
    'mlflow.source.git.repoURL': origin.repository,
    'mlflow.parentRunId': parent,
    'perennial.model': model,
    'perennial.task': facts.params.task,
    'perennial.data_version': dataVersion,
    'perennial.workflow_run': origin.page,
    'perennial.review': review?.sha ?? null,
    'perennial.review_into': review?.into ?? null,
  });
}

export function tagsAtEnd(facts: RunFacts): Tags {
  const { promotion, version, snapshot, train } = facts;
  return {
    ...tagsAtStart(facts),
    ...told({
      'perennial.outcome': promotion.outcome,
      'perennial.promoted': String(promotion.promote),
      'perennial.candidate': sidesOf(facts).challenger?.name ?? promotion.challenger.name,
      'perennial.bundle': promotion.challenger.digest,
      'perennial.version': version,
      'perennial.champion': promotion.champion?.version ?? null,
      'perennial.train_end': train.train_end,
      'perennial.snapshot': snapshot,
    }),
  };
}

/** `2026-06-30 22:00 infections`, and `… review` of a pull request's: lists cut names off at the end. */
export function runName({
  model,
  startedAt,
  review,
}: Pick<BeginningFacts, 'model' | 'startedAt' | 'review'>): string {
  return `${startedAt.slice(0, 16).replace('T', ' ')} ${model}${review ? ' review' : ''}`;
}

/** Nothing is said of what is not known. */
function told(tags: Record<string, string | null>): Tags {
  return Object.fromEntries(
    Object.entries(tags).filter((tag): tag is [string, string] => tag[1] !== null && tag[1] !== ''),
  );
}
