import type { RouteTimes } from './figures.ts';

export interface TrialLimits {
  /** Requests to the new bundle after which the trial is over. */
  requests: number;
  /** By how much its rate of failures may be above the old one's. */
  maxErrorRate: number;
  /** By what its times may be longer. */
  maxLatencyRatio: number;
  /** Mean relative difference of its answers; for shadows. */
  maxDifference: number;
}

export interface SideFigures {
  requests: number;
  failed: number;
  errorRate: number;
  times: Map<string, RouteTimes>;
}

export interface TrialFigures {
  /** The new bundle. */
  challenger: SideFigures;
  /** The one before. */
  champion: SideFigures;
  /** Of answers to the same questions; null where they were not compared. */
  differences: { n: number; mean: number } | null;
  /** No more requests are waited for. */
  timeIsUp: boolean;
}

export interface TrialVerdict {
  verdict: 'goes on' | 'holds' | 'worse';
  reason: string;
}

/** Fewer times than these tell no median, and no 95th percentile. */
const ENOUGH = { median: 30, p95: 100, differences: 20 };
/** Milliseconds that nobody feels: a machine that is busy for a moment is no slower model. */
const NOISE_MS = { median: 5, p95: 50 };
/** One failure is an accident. */
const FAILURES = 2;

/** Whether a new bundle answers as well as the one before. Worse in one of them is worse; what there is too little of to tell speaks
 *  neither for nor against it. */
export function judgeTrial(figures: TrialFigures, limits: TrialLimits): TrialVerdict {
  const { challenger, timeIsUp } = figures;
  const over = timeIsUp || challenger.requests >= limits.requests;
  const worse =
    moreErrors(figures, limits, over) ??
    otherAnswers(figures, limits, over) ??
    (over || isLook(challenger.requests, limits.requests) ? slower(figures, limits) : null);
  if (worse) return { verdict: 'worse', reason: worse };
  if (!over)
    return { verdict: 'goes on', reason: `${challenger.requests} of ${limits.requests} requests answered` };
  const seen = `after ${challenger.requests} requests it is no worse than the one before`;
  const few = challenger.requests < limits.requests ? `: time is up, ${limits.requests} were hoped for` : '';
  return { verdict: 'holds', reason: `${seen}${few}` };
}

/** Times are sorted only now and then. */
function isLook(requests: number, all: number): boolean {
  return requests > 0 && requests % Math.max(ENOUGH.median, Math.ceil(all / 5)) === 0;
}

function moreErrors(
  { challenger, champion }: TrialFigures,
  limits: TrialLimits,
  over: boolean,
): string | null {
  const allowed = champion.errorRate + limits.maxErrorRate;
  const { failed, requests } = challenger;
  if (failed < FAILURES) return null;
  // As soon as it has failed more often than all requests of the trial may, the rest needs not be waited for.
  const of = over ? requests : limits.requests;
  if (failed <= allowed * of) return null;
  return `${failed} of ${requests} requests failed, ${percent(allowed)} may (the one before: ${percent(champion.errorRate)})`;
}

function otherAnswers({ differences }: TrialFigures, limits: TrialLimits, over: boolean): string | null {
  if (!differences || differences.n === 0) return null;
  const { n, mean } = differences;
  if (!Number.isFinite(mean)) return 'an answer is no number where the one before gives one';
  if (mean <= limits.maxDifference || n < (over ? 1 : ENOUGH.differences)) return null;
  return `its answers differ by ${percent(mean)} on average over ${n} questions, ${percent(limits.maxDifference)} may`;
}

function slower({ challenger, champion }: TrialFigures, { maxLatencyRatio }: TrialLimits): string | null {
  for (const [route, now] of challenger.times) {
    const before = champion.times.get(route);
    if (!before) continue;
    for (const level of ['median', 'p95'] as const) {
      if (Math.min(now.n, before.n) < ENOUGH[level]) continue;
      if (now[level] <= before[level] * maxLatencyRatio) continue;
      if (now[level] - before[level] <= NOISE_MS[level]) continue;
      const name = level === 'median' ? 'half of its answers' : '95 % of its answers';
      return `${name} on ${route} take up to ${ms(now[level])}, before ${ms(before[level])}: ${maxLatencyRatio} times as long may be`;
    }
  }
  return null;
}

const percent = (share: number) => `${Number((share * 100).toPrecision(3))} %`;
const ms = (value: number) => `${Number(value.toPrecision(3))} ms`;
