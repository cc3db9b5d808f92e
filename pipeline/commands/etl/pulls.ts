const DAY_MS = 86_400_000;

/** An open pull request of the robots. */
export interface OpenRobotPull {
  number: number;
  kind: 'data' | 'promotion';
  branch: string;
  headSha: string;
  createdAt: string;
  /** By a person, of the very commit it has now. */
  approved: boolean;
  /** What it proposes, as `contentKey` writes it; null where its branch is gone. */
  content: string | null;
  /** Days after which nobody is going to take it any more. */
  expiresAfterDays: number;
}

/** What a run has to propose. `data` is also what is left of a promotion that has to wait. */
export type Proposal = { kind: 'nothing' } | { kind: 'data' } | { kind: 'promotion'; content: string };

export type PullStep =
  /** Only the branch: while a promotion waits for its reviewer there is one thing to look at. */
  | { do: 'push-data' }
  | { do: 'open-data' }
  | { do: 'edit-data'; number: number }
  | { do: 'open-promotion' }
  | {
      do: 'close';
      number: number;
      branch: string;
      kind: OpenRobotPull['kind'];
      because: 'expired' | 'superseded' | 'carried';
    }
  /** Nothing is done; the sentence goes to the log. */
  | { do: 'say'; sentence: string };

/** Which pull requests are opened, edited and closed. A promotion is never changed: newer data supersede it only while
 *  nobody has approved it, and one that nobody takes expires. Pure: clock and answers come in. */
export function planPulls(open: OpenRobotPull[], proposal: Proposal, now: Date): PullStep[] {
  const steps: PullStep[] = [];
  const expired = open.filter((pull) => isExpired(pull, now));
  for (const pull of expired) steps.push(close(pull, 'expired'));
  const promotions = open.filter((pull) => pull.kind === 'promotion' && !expired.includes(pull));
  const data = open.find((pull) => pull.kind === 'data');
  if (proposal.kind === 'nothing') return steps;

  if (proposal.kind === 'promotion') {
    const same = promotions.find(({ content }) => content === proposal.content);
    const approved = promotions.find((pull) => pull.approved);
    if (!same && !approved) {
      steps.push({ do: 'push-data' }, { do: 'open-promotion' });
      for (const pull of promotions) steps.push(close(pull, 'superseded'));
      if (data) steps.push(close(data, 'carried'));
      return steps;
    }
    steps.push({
      do: 'say',
      sentence: same
        ? `#${same.number} proposes the same already`
        : `#${approved?.number} is approved and stays as it is; what was trained now waits until it is merged or closed`,
    });
  }
  if (promotions.length > 0) {
    steps.push({ do: 'push-data' });
    steps.push({ do: 'say', sentence: `no pull request of data while #${promotions[0].number} is open` });
  } else if (data) steps.push({ do: 'edit-data', number: data.number });
  else steps.push({ do: 'open-data' });
  return steps;
}

function isExpired(pull: OpenRobotPull, now: Date): boolean {
  if (pull.kind !== 'promotion' || pull.approved) return false;
  return now.getTime() - Date.parse(pull.createdAt) > pull.expiresAfterDays * DAY_MS;
}

function close(pull: OpenRobotPull, because: 'expired' | 'superseded' | 'carried'): PullStep {
  const { number, branch, kind } = pull;
  return { do: 'close', number, branch, kind, because };
}

/** A promotion waits four weeks for its reviewer, or as long as it takes until the next training is due. */
export function expiryDays(trainEveryDays: number): number {
  return Math.max(28, trainEveryDays);
}

/** Two proposals of the same key are the same one. */
export function contentKey(promoted: { model: string; production: { digest: string } }[]): string {
  return promoted
    .map(({ model, production }) => `${model}:${production.digest}`)
    .sort()
    .join(' ');
}
