import type { ModelParams } from '../../contracts/params.ts';

const DAY_MS = 86_400_000;
const EVERY_DAYS: Record<ModelParams['schedule']['train'], number> = {
  weekly: 7,
  monthly: 28,
  quarterly: 91,
};

/** Days between two trainings. */
export function trainEveryDays(every: ModelParams['schedule']['train'] = 'monthly'): number {
  return EVERY_DAYS[every];
}

export interface Due {
  due: boolean;
  reason: string;
}

/** Whether to train again, with the reason. Pure: the clock comes in.
 *  @param input.trained moment of the last training that came to a decision; null for none
 *  @param input.hasNewData false where the portal showed nothing since then */
export function isDue(input: {
  now: Date;
  trained: Date | null;
  hasChampion: boolean;
  hasNewData: boolean;
  every: ModelParams['schedule']['train'];
  forced: boolean;
}): Due {
  const { now, trained, hasChampion, hasNewData, every, forced } = input;
  if (forced) return { due: true, reason: 'asked for' };
  if (!hasChampion && !trained) return { due: true, reason: 'there is no champion yet' };
  if (!trained) return { due: true, reason: 'nothing tells when it was last trained' };
  const age = Math.floor((now.getTime() - trained.getTime()) / DAY_MS);
  const limit = EVERY_DAYS[every];
  const trainedWhen = `trained ${age < 1 ? 'today' : days(age, 'ago')}`;
  if (age < limit) return { due: false, reason: `${trainedWhen}, again in ${days(limit - age)} (${every})` };
  if (!hasNewData) return { due: false, reason: `${trainedWhen}, but nothing new was published since` };
  return { due: true, reason: `${trainedWhen} (${every})` };
}

const days = (count: number, when = '') => `${count} ${count === 1 ? 'day' : 'days'} ${when}`.trimEnd();
