import type { Overview } from '../data.ts';
import { el } from './html.ts';
import { age, capital, day, moment, percent, plain, steps } from './words.ts';

const DAY_MS = 86_400_000;

/** How old the observations are, by the service's clock.
 *  @returns whether the planner has to be warned */
function ageOf({ data }: Overview, now: Date): { days: number; stale: boolean } {
  const days = (now.getTime() - Date.parse(data.last_time)) / DAY_MS;
  return { days, stale: days > data.stale_after_days };
}

/** The warning above everything; null while the data are fresh. */
export function staleWarning(overview: Overview, now: Date): HTMLElement | null {
  const { days, stale } = ageOf(overview, now);
  if (!stale) return null;
  const { ahead, step, data } = overview;
  const isPast = ahead !== null && Date.parse(ahead[1]) < now.getTime();
  return el(
    'div',
    { class: 'warning', role: 'alert' },
    el('strong', {}, `Old data: the newest report is ${age(days)} old.`),
    ` It is of ${day(data.last_time, step)}. `,
    isPast
      ? 'What is called a forecast here is of days that are already over: do not plan with it.'
      : 'Things may have changed since; take the forecast with care.',
  );
}

export function freshness(overview: Overview, now: Date): string {
  const { data, version, step } = overview;
  return `Data until ${day(data.last_time, step)} (${age(ageOf(overview, now).days)} old) · model ${version.version}`;
}

/** What is asked of a model before one trusts it, in plain words. */
export function modelCard(overview: Overview): Node[] {
  const { version, data, step } = overview;
  return [
    el('p', {}, ...quality(overview)),
    el(
      'dl',
      {},
      ...pairs([
        ['Model', `${overview.model} ${version.version} (${candidateName(version)})`],
        ['Has learnt from data until', day(version.trained_until, step)],
        ['Registered', moment(version.registered_at)],
        ['Newest report', `${day(data.last_time, step)}, published ${moment(data.published_at)}`],
        ['Data version', data.version],
        ['Code', version.commit.slice(0, 12)],
        ['Digest', version.digest.slice(0, 12)],
      ]),
    ),
  ];
}

/** Against the baseline first: a number without one means nothing. */
export function quality({ version, step, target }: Overview): (string | Node)[] {
  const { metrics, is_baseline } = version;
  const said: (string | Node)[] = [];
  const { wape, mase, coverage90, baseline_wape } = metrics as Record<string, number | null | undefined>;
  if (is_baseline) {
    said.push(
      el('strong', {}, 'This is the simple rule itself. '),
      'No model that was tried forecasts better than repeating what was seen before, so the simple rule is used. ',
    );
  }
  if (wape != null) {
    said.push(
      `When tested on ${steps(2, step).slice(2)} that it had not seen, its forecasts were off by `,
      el('strong', {}, percent(wape)),
      ` of the ${plain(target)} on average. `,
    );
  }
  if (wape != null && baseline_wape != null && !is_baseline) {
    said.push(
      `The simple rule (the same as a season ago) was off by ${percent(baseline_wape)} on the same days: `,
      el('strong', {}, versus(wape / baseline_wape)),
      '. ',
    );
  } else if (mase != null && !is_baseline) {
    said.push(
      `Measured against the simple rule “${SIMPLE[step]}”, as it did in the past, it was `,
      el('strong', {}, versus(mase)),
      '. ',
    );
  }
  if (coverage90 != null) {
    said.push(
      `The ranges are made to hold nine times out of ten (90 %); they held ${percent(coverage90)} of the time. `,
    );
  }
  return said.length > 0 ? said : ['How good this version has been was not written down with it.'];
}

const SIMPLE: Record<Overview['step'], string> = {
  hour: 'the same as a day before',
  day: 'the same as a week before',
  week: 'the same as before',
  month: 'the same as before',
};

/** @param ratio of its errors to the baseline's */
function versus(ratio: number): string {
  if (Math.abs(ratio - 1) < 0.02) return 'about as good as that rule';
  return ratio < 1 ? `${percent(1 - ratio)} better` : `${percent(ratio - 1)} worse`;
}

function candidateName({ candidate, is_baseline }: Overview['version']): string {
  const names: Record<string, string> = {
    blend: 'several models together',
    lstm: 'a neural network',
    trees: 'decision trees',
    'trees-level': 'decision trees',
    'seasonal-naive': 'the same as a season before',
    persistence: 'the same as before',
  };
  return (names[candidate] ?? candidate) + (is_baseline ? ', the baseline' : '');
}

export function pairs(rows: [string, string | Node][]): HTMLElement[] {
  return rows.flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, value)]);
}

export function heading({ target, ahead, steps: number, step }: Overview): string {
  const what = capital(plain(target));
  return ahead ? `${what}: the next ${steps(number, step)}` : what;
}
