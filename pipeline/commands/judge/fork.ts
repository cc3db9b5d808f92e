import type { Judgement } from '../../contracts/review.ts';
import type { ReviewedPull } from './find-pull.ts';
import type { Submitted } from './read-submission.ts';
import { plainJudgement } from './to-judgement.ts';
import type { Change } from './what-changed.ts';

/** What a fork's own run says, shown as such: it had no credentials, no data of ours and no champion. */
export function shownAsSubmitted({ model }: Change, submitted: Submitted | null): Judgement {
  const told = submitted?.submission;
  return plainJudgement(model, 'pending', {
    headline: 'From a fork',
    reason: `It waits for a maintainer to import the branch.${told ? ` Its own run says: ${told.reason}` : ''}`,
    promotion: told?.promotion ?? null,
    metrics: told?.metrics ?? null,
    gate: told?.gate ?? null,
    notes: ['These figures are as the fork submitted them; nothing of them was checked.'],
  });
}

/** By which a maintainer brings a fork's branch into the repository, where it is reviewed with its data. */
export function importCommands({ number, into }: ReviewedPull): string[] {
  const branch = `import/fork-${number}`;
  return [
    `git fetch origin pull/${number}/head:${branch}`,
    `git push origin ${branch}`,
    `gh pr create --base ${into} --head ${branch} --title "Import of #${number}" --body "Imports #${number}"`,
  ];
}
