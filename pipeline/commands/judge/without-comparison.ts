import type { Judgement, ReviewSubmission } from '../../contracts/review.ts';
import type { Reviewed } from './find-pull.ts';
import { plainJudgement } from './to-judgement.ts';
import type { Change } from './what-changed.ts';

/** What can be said without data. Null: it is to be compared.
 *  @param hasData master has data of it */
export function withoutComparison(
  change: Change,
  { submission, hasData, into }: { submission: ReviewSubmission | null; hasData: boolean; into: Reviewed },
): Judgement | null {
  const { model, kind, refusal, promotes } = change;
  const gate = submission?.gate ?? null;
  const say = (status: Judgement['status'], headline: string, reason: string) =>
    plainJudgement(model, status, { headline, reason, gate });
  if (kind === 'removed') return say('success', 'Removed', 'params.yaml has no entry of it any more.');
  if (kind === 'unchanged')
    return say(
      'success',
      'Unchanged',
      'Nothing that it depends on was changed, so there is nothing to train.',
    );
  if (refusal) return say('failure', refusal.headline, refusal.message);
  if (!hasData && !change.champion && !promotes)
    return say('success', 'First model', 'Master has no data of it yet: there is nothing to compare with.');
  if (!submission)
    return say(
      'failure',
      'No report',
      'The review left no report of it: it crashed, was stopped, or left it out.',
    );
  const told = submission.reason;
  if (gate && !gate.passed) return say('failure', 'Gate failed', told);
  switch (submission.state) {
    case 'trained':
    case 'too-short':
      return null;
    case 'gate-failed':
      return say('failure', 'Gate failed', told);
    case 'not-trained':
      return say('failure', 'Not trained', told);
    case 'crashed':
      return say('failure', 'Crashed', told);
    default:
      return say(
        'failure',
        'Another report',
        `The review says “${submission.state}”, which is not so on the way into ${into}: run it again.`,
      );
  }
}
