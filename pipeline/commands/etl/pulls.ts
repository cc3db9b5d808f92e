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
  /** Its champion has moved since, or master has it already: nobody can merge it any more. */
  overtaken: boolean;
  /** Master's own robot files have changed below it: it would conflict. */
  outdated: boolean;
  /** Days after which nobody is going to take it any more. */
  expiresAfterDays: number;
}

/** What a run has to propose. `data` is also what is left of a promotion that has to wait. */
export type Proposal = { kind: 'nothing' } | { kind: 'data' } | { kind: 'promotion'; content: string };

export type Because = 'expired' | 'overtaken' | 'superseded' | 'carried';

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
      because: Because;
    }
  /** Nothing is done; the sentence goes to the log. */
  | { do: 'say'; sentence: string };

/** Which pull requests are opened, edited and closed. A promotion is never changed: newer data supersede it only while
 *  nobody has approved it, and one that nobody takes expires. Pure: clock and answers come in. */
export function planPulls(open: OpenRobotPull[], proposal: Proposal, now: Date): PullStep[] {
  const steps: PullStep[] = [];
  const promotions: OpenRobotPull[] = [];
  for (const pull of open.filter(({ kind }) => kind === 'promotion')) {
    if (pull.overtaken) steps.push(close(pull, 'overtaken'));
    else if (isExpired(pull, now)) steps.push(close(pull, 'expired'));
    else promotions.push(pull);
  }
  if (proposal.kind === 'nothing') return steps;
  const data = open.find(({ kind }) => kind === 'data');
  if (proposal.kind === 'promotion') {
    const stays = whatStays(promotions, proposal.content);
    if (!stays) {
      steps.push({ do: 'push-data' }, { do: 'open-promotion' });
      for (const pull of promotions.filter(isReplaced)) steps.push(close(pull, 'superseded'));
      if (data) steps.push(close(data, 'carried'));
      return steps;
    }
    steps.push({ do: 'say', sentence: stays });
  }
  if (promotions.length > 0) {
    steps.push({ do: 'push-data' });
    steps.push({ do: 'say', sentence: `no pull request of data while #${promotions[0].number} is open` });
  } else if (data) steps.push({ do: 'edit-data', number: data.number });
  else steps.push({ do: 'open-data' });
  return steps;
}

/** Why a promotion is not opened now: the same is open, or one of the same model is approved. One that would conflict is
 *  no reason: it is rebuilt. */
function whatStays(open: OpenRobotPull[], content: string): string | null {
  const models = modelsOfKey(content);
  for (const { number, content: theirs, approved, outdated } of open) {
    if (outdated) continue;
    if (theirs === content) return `#${number} proposes the same already`;
    if (approved && modelsOfKey(theirs ?? '').some((model) => models.includes(model)))
      return `#${number} is approved and stays as it is; what was trained now waits until it is merged or closed`;
  }
  return null;
}

/** What a new promotion takes the place of: those that nobody has approved, and those that cannot be merged as they are. */
export function isReplaced({ approved, outdated }: Pick<OpenRobotPull, 'approved' | 'outdated'>): boolean {
  return !approved || outdated;
}

const modelsOfKey = (content: string) => content.split(' ').map((part) => part.split(':')[0]);

/** Not at all once somebody has approved it. */
export function isExpired(pull: OpenRobotPull, now: Date): boolean {
  if (pull.kind !== 'promotion' || pull.approved) return false;
  return now.getTime() - Date.parse(pull.createdAt) > pull.expiresAfterDays * DAY_MS;
}

function close(pull: OpenRobotPull, because: Because): PullStep {
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
