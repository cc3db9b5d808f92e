import type { Schedule } from './answers.ts';

/** Minutes of a hosted runner, low and high. Each job is charged by full minutes. */
type Span = readonly [low: number, high: number];

/** A job's checkout, packages and Python environment: one to three minutes where nothing is cached (README). */
const SETUP: Span = [1, 3];
/** Ingest, gate, features and profile of one model: 2 s for 90,000 rows, 25 s for 3 million (bench/README.md). */
const COLLECT_A_MODEL: Span = [0.1, 0.5];
/** One training with its comparison: 74 s for the embedded example, 266 s for a backtest of Italy's regions, on two
 *  cores (bench/README.md). A private repository's runner has two, a public one's four. */
const TRAIN: Span = [1.5, 5];
/** Pull request, comment and status: seconds beside the set-up. */
const TELL: Span = [0.5, 1];
/** Lint, types and unit tests of one pull request. */
const CHECKS: Span = [3, 5];

const DAYS = 30.4;
const CHECKS_A_MONTH: Record<Schedule['every'], number> = {
  hourly: DAYS * 24,
  daily: DAYS,
  weekly: DAYS / 7,
};
/** As `schedule.train` counts them: 7, 28 and 91 days. */
const TRAININGS_A_MONTH = { weekly: DAYS / 7, monthly: DAYS / 28, quarterly: DAYS / 91 };

/** GitHub Free, private repositories; public ones are not charged for standard runners. */
export const FREE_MINUTES = 2_000;
/** What a training may take on a hosted runner. */
export const LONGEST_TRAINING = 60;

export interface Estimate {
  /** Of a month without any pull request of people. */
  scheduled: Span;
  /** Of one pull request through `dev`, `test` and `master` that changes every model. */
  change: Span;
}

/** @param trainings how often each active model trains */
export function estimateMinutes(
  schedule: Schedule['every'],
  trainings: (keyof typeof TRAININGS_A_MONTH)[],
): Estimate {
  const models = trainings.length;
  const collect = jobs(1, [SETUP[0] + models * COLLECT_A_MODEL[0], SETUP[1] + models * COLLECT_A_MODEL[1]]);
  const tell = jobs(1, plus(SETUP, TELL));
  const train = jobs(1, plus(SETUP, TRAIN));
  const checks = CHECKS_A_MONTH[schedule];
  // Nobody publishes news more often than daily and has it merged each time.
  const news = Math.min(checks, DAYS);
  const trained = trainings.reduce((total, every) => total + TRAININGS_A_MONTH[every], 0);
  const review = times(models, train);
  return {
    scheduled: whole(
      plus(
        times(checks, collect),
        times(news, tell),
        times(trained, train),
        times(2 * news, jobs(1, CHECKS)),
      ),
    ),
    change: whole(plus(times(3, jobs(1, CHECKS)), times(3, review), times(5, tell))),
  };
}

/** @param options.isPrivate null: not known */
export function minutesWords(estimate: Estimate, options: { isPrivate: boolean | null }): string[] {
  const { scheduled, change } = estimate;
  const lines = [
    `about ${span(scheduled)} minutes of GitHub Actions a month, and ${span(change)} for a change on its way to master`,
  ];
  if (options.isPrivate === false) return [...lines, 'public repositories are not charged for them'];
  const where = options.isPrivate
    ? 'a private repository'
    : 'a private repository (a public one is not charged)';
  const free = `${where} has ${FREE_MINUTES.toLocaleString('en')} a month on the free plan`;
  if (scheduled[1] <= FREE_MINUTES) return [...lines, free];
  const over = scheduled[0] > FREE_MINUTES ? 'that is more than is free' : 'that may be more than is free';
  return [...lines, `${free}: ${over}; check less often (--schedule), or with fewer models`];
}

/** Jobs are charged by full minutes. */
const jobs = (count: number, [low, high]: Span): Span => [count * Math.ceil(low), count * Math.ceil(high)];
const plus = (...spans: Span[]): Span =>
  spans.reduce(([low, high], [more, most]) => [low + more, high + most] as const, [0, 0] as const);
const times = (count: number, [low, high]: Span): Span => [count * low, count * high];
const whole = ([low, high]: Span): Span => [Math.round(low), Math.round(high)];
const span = ([low, high]: Span) => `${low.toLocaleString('en')}–${high.toLocaleString('en')}`;
