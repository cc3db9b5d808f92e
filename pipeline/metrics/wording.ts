import type { Errors } from '../contracts/metrics.ts';
import type { Promotion } from '../contracts/promotion.ts';

export type Metric = Exclude<keyof Errors, 'n'>;

/** How each error is called, written and read; in the order of the tables. */
export const METRICS: {
  metric: Metric;
  title: string;
  kind: 'share' | 'number';
  better: 'lower' | 'higher' | 'near 90 %';
}[] = [
  { metric: 'wape', title: 'WAPE', kind: 'share', better: 'lower' },
  { metric: 'mae', title: 'MAE', kind: 'number', better: 'lower' },
  { metric: 'rmse', title: 'RMSE', kind: 'number', better: 'lower' },
  { metric: 'mape', title: 'MAPE', kind: 'share', better: 'lower' },
  { metric: 'mase', title: 'MASE', kind: 'number', better: 'lower' },
  { metric: 'wis', title: 'WIS', kind: 'number', better: 'lower' },
  { metric: 'r2', title: 'R²', kind: 'number', better: 'higher' },
  { metric: 'coverage90', title: '90 % interval covers', kind: 'share', better: 'near 90 %' },
];

export function metricTitle(metric: string): string {
  return METRICS.find((known) => known.metric === metric)?.title ?? metric;
}

/** @returns `15.2 %`, `0.93`, `1,234`, or `–` where there is none */
export function written(metric: string, value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  const kind = METRICS.find((known) => known.metric === metric)?.kind ?? 'number';
  return kind === 'share' ? percent(value) : number(value);
}

export function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}

export function number(value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US');
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

/** `▲ 3.1 % better` or `▼ 2.0 % worse` of an improvement as a fraction. */
export function direction(improvement: number | null): string {
  if (improvement === null || !Number.isFinite(improvement)) return '–';
  if (Math.abs(improvement) < 0.0005) return '= equal';
  return improvement > 0 ? `▲ ${percent(improvement)} better` : `▼ ${percent(-improvement)} worse`;
}

/** How far `ours` is from `theirs`, where lower is better as a share of theirs, otherwise as a plain difference. */
export function difference(metric: string, ours: number | null, theirs: number | null): string {
  if (ours === null || theirs === null) return '–';
  const better = METRICS.find((known) => known.metric === metric)?.better ?? 'lower';
  if (better === 'lower') return theirs === 0 ? '–' : direction(1 - ours / theirs);
  const gap = better === 'higher' ? ours - theirs : Math.abs(theirs - 0.9) - Math.abs(ours - 0.9);
  const size = metric === 'coverage90' ? `${(100 * Math.abs(gap)).toFixed(1)} points` : number(Math.abs(gap));
  if (Math.abs(gap) < 0.0005) return '= equal';
  return gap > 0 ? `▲ ${size} better` : `▼ ${size} worse`;
}

/** What a test stood on: each cutoff is a day on which everything was forecast anew. */
export function daysOfForecasts(cutoffs: number): string {
  return cutoffs === 1 ? '1 day of forecasts' : `${cutoffs} days of forecasts`;
}

export const VERDICTS: Record<Promotion['outcome'], string> = {
  first: 'First model: published',
  better: 'Better: the challenger becomes the champion',
  'not-better': 'Not better: the champion stays',
  worse: 'Worse: the champion stays',
  inconclusive: 'Inconclusive: nothing changes',
  refused: 'Refused',
};

const RULES: Record<string, string> = {
  'same-days': 'All models were scored on the same days',
  'finite-numbers': 'Every metric is a number',
  'enough-cutoffs': 'Enough days of forecasts',
  'beats-baseline': 'It beats the baseline',
  'improves-enough': 'It improves by what a change must bring',
  'beyond-noise': 'The improvement is beyond noise',
};

export function ruleTitle(rule: string): string {
  if (rule.startsWith('not-worse: ')) {
    const what = rule.slice('not-worse: '.length);
    if (what === 'main metric') return 'The main metric does not get worse';
    return ['horizon', 'phase', 'tract'].includes(what)
      ? `No ${what} gets worse`
      : `${metricTitle(what)} does not get worse`;
  }
  return RULES[rule] ?? rule;
}

/** Observed and limit of a rule in the units a person reads. */
export function ruleValue(rule: string, metric: string, value: number | string | null): string {
  if (value === null) return '–';
  if (typeof value === 'string') return value;
  if (rule.startsWith('not-worse'))
    return value < 0 ? `${percent(-value)} better` : `${percent(value)} worse`;
  if (rule === 'improves-enough' || rule === 'beyond-noise') return percent(value);
  if (rule === 'beats-baseline') return written(metric, value);
  return value.toLocaleString('en-US');
}
