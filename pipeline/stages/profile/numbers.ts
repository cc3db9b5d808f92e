import type { Step } from './profile-data.ts';

// Made once: a formatter takes far longer to make than to use.
const WHOLE = new Intl.NumberFormat('en-US');
const THREE_DIGITS = new Intl.NumberFormat('en-US', { maximumSignificantDigits: 3 });
const ONE_DECIMAL = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const NO_DECIMAL = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const DAY: Intl.DateTimeFormatOptions = { timeZone: 'UTC', year: 'numeric', month: 'short', day: 'numeric' };
const MOMENTS: Record<Step, Intl.DateTimeFormat> = {
  hour: new Intl.DateTimeFormat('en-GB', { ...DAY, hour: '2-digit', minute: '2-digit' }),
  day: new Intl.DateTimeFormat('en-GB', DAY),
  week: new Intl.DateTimeFormat('en-GB', DAY),
  month: new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', year: 'numeric', month: 'long' }),
};

/** A number as people write it: thousands apart, three or four digits that matter. */
export function amount(value: number | null): string {
  if (value === null) return '–';
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return WHOLE.format(value);
  const size = Math.abs(value);
  if (size >= 1000) return WHOLE.format(Math.round(value));
  return THREE_DIGITS.format(value);
}

/** A share as a percentage; what is there but tiny is not shown as nothing. */
export function percent(share: number | null): string {
  if (share === null) return '–';
  if (share > 0 && share < 0.001) return 'under 0.1 %';
  if (share < 1 && share > 0.999) return 'over 99.9 %';
  return `${(share < 0.1 ? ONE_DECIMAL : NO_DECIMAL).format(share * 100)} %`;
}

/** A moment, as exact as the step needs. */
export function moment(time: number, step: Step): string {
  return MOMENTS[step].format(time);
}

/** `new_cases` → `new cases`: names of columns as words. */
export function words(name: string): string {
  return name.replaceAll('_', ' ').trim();
}

/** Steps in words: 7 days → `week`. */
export function span(step: Step, steps: number): string {
  const hours = { hour: 1, day: 24, week: 168, month: 0 }[step] * steps;
  if (steps === 1) return step;
  if (hours === 24) return 'day';
  if (hours === 168) return 'week';
  if (step === 'month' && steps === 12) return 'year';
  if (hours > 0 && hours % 168 === 0) return `${hours / 168} weeks`;
  if (hours > 0 && hours % 24 === 0) return `${hours / 24} days`;
  return `${steps} ${step}s`;
}
