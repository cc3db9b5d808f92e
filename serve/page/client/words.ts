import type { ChangeUnit, Overview } from '../data.ts';

/** Numbers and dates as the browser's owner writes them. Moments of data are days of the source: shown as they stand. */
const UTC = { timeZone: 'UTC' } as const;
const whole = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 });
const few = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3 });
const signed = new Intl.NumberFormat(undefined, { maximumSignificantDigits: 3, signDisplay: 'exceptZero' });

export function count(value: number): string {
  return Math.abs(value) >= 100 || Number.isInteger(value) ? whole.format(value) : few.format(value);
}

/** Cases come whole; a temperature does not. */
export function amount(value: number, { measure }: Pick<Overview, 'measure'>): string {
  return measure === 'sum' ? whole.format(value) : few.format(value);
}

export function change(value: number | null, by: ChangeUnit): string {
  if (value === null) return '–';
  const rounded = Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(2));
  // A hyphen is no minus, and a line does not end before its unit.
  const text = signed.format(rounded).replace('-', '−');
  return by === 'percent' ? `${text}\u00a0%` : text;
}

export const UNIT_NAMES: Record<ChangeUnit, string> = {
  per_100k: 'per 100,000 people',
  percent: 'in per cent',
  absolute: 'difference',
};

/** `new_cases` is a column; people read "new cases". */
export const plain = (name: string) => name.replaceAll('_', ' ');

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function day(time: string, step: Overview['step'], { year = true } = {}): string {
  const options: Intl.DateTimeFormatOptions =
    step === 'month'
      ? { month: 'long', year: 'numeric' }
      : { day: 'numeric', month: 'short', ...(year && { year: 'numeric' }) };
  const hour = step === 'hour' ? ({ hour: '2-digit', minute: '2-digit' } as const) : {};
  return new Intl.DateTimeFormat(undefined, { ...UTC, ...options, ...hour }).format(new Date(time));
}

export function weekday(time: string, step: Overview['step']): string {
  if (step !== 'day') return day(time, step, { year: false });
  const options = { weekday: 'short', day: 'numeric', month: 'short' } as const;
  return new Intl.DateTimeFormat(undefined, { ...UTC, ...options }).format(new Date(time));
}

export function moment(time: string): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(
    new Date(time),
  );
}

/** `24–30 June`, as the language joins it. */
export function range([from, to]: [string, string], step: Overview['step']): string {
  if (from === to) return day(from, step);
  if (step === 'hour') return `${day(from, step, { year: false })} – ${day(to, step, { year: false })}`;
  return new Intl.DateTimeFormat(undefined, { ...UTC, day: 'numeric', month: 'short', year: 'numeric' })
    .formatRange(new Date(from), new Date(to))
    .replaceAll('\u2009', ' ');
}

export function steps(number: number, step: Overview['step']): string {
  return number === 1 ? step : `${number} ${step}s`;
}

/** A tract's two periods in a sentence's middle: "15 % more", "about as many". */
export function moreOrLess(last: number, next: number): string {
  if (last <= 0) return next > 0.5 ? 'after none' : 'none again';
  const percent = ((next - last) / last) * 100;
  if (Math.abs(percent) < 3) return 'about as many as before';
  return `${whole.format(Math.abs(percent))}\u00a0% ${percent > 0 ? 'more' : 'fewer'}`;
}

export function age(days: number): string {
  if (days < 2) {
    const hours = Math.max(0, Math.round(days * 24));
    return `${hours} ${hours === 1 ? 'hour' : 'hours'}`;
  }
  return `${whole.format(days)} days`;
}

export const degrees = (value: number) =>
  new Intl.NumberFormat(undefined, { maximumFractionDigits: 4 }).format(value);

export const percent = (share: number) =>
  new Intl.NumberFormat(undefined, { style: 'percent', maximumFractionDigits: 0 }).format(share);
