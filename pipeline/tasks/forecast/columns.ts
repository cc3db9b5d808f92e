import type { FeatureColumn } from '../../contracts/features.ts';
import { type Step, type TargetPanel, timeAt } from '../../contracts/panel.ts';
import { nearestTracts } from './neighbours.ts';
import { type Calendar, calendarOf } from './predict/calendar.ts';

/** Steps after which the usual rhythm of publication repeats. */
const RHYTHM: Record<Step, number> = { hour: 24, day: 7, week: 4, month: 12 };

/** What is known of each tract at each step, from that step and earlier ones only. */
export function featureColumns(panel: TargetPanel): FeatureColumn[] {
  const rhythm = RHYTHM[panel.step];
  const neighbours = nearestTracts(panel.tracts, 4);
  const { values, length } = panel;
  const unit = panel.scale === 'count' ? 'count' : 'as published';
  const short = rollingMean(values, length, rhythm);
  const long = rollingMean(values, length, 4 * rhythm);
  const columns: FeatureColumn[] = [
    lag(values, length, 1, unit, panel.step),
    ...(rhythm > 1 ? [lag(values, length, rhythm, unit, panel.step)] : []),
    lag(values, length, 2 * rhythm, unit, panel.step),
    { name: `mean_${rhythm}`, unit, description: `mean of the last ${rhythm} ${panel.step}s`, values: short },
    {
      name: `mean_${4 * rhythm}`,
      unit,
      description: `mean of the last ${4 * rhythm} ${panel.step}s`,
      values: long,
    },
    {
      name: `growth_${rhythm}`,
      unit: panel.scale === 'count' ? 'ratio' : unit,
      description: `mean of the last ${rhythm} ${panel.step}s against the ${rhythm} before`,
      values: growth(short, length, rhythm, panel.scale),
    },
    ...calendarColumns(panel, calendarOf(panel)),
  ];
  if (panel.tracts.some((tract) => tract.population !== undefined))
    columns.push(perHead(panel, short, rhythm));
  if (neighbours.some((of) => of.length > 0)) columns.push(aroundMean(panel, short, neighbours, rhythm));
  return columns;
}

function lag(values: Float64Array, length: number, steps: number, unit: string, step: string): FeatureColumn {
  const out = new Float32Array(values.length).fill(NaN);
  for (let row = 0; row < values.length; row += length) {
    for (let t = steps; t < length; t++) out[row + t] = values[row + t - steps];
  }
  return {
    name: `lag_${steps}`,
    unit,
    description: `value ${steps} ${step}${steps > 1 ? 's' : ''} earlier`,
    values: out,
  };
}

/** Mean of a step and the `window - 1` before it, by a running sum that skips NaN at a series' beginning. */
export function rollingMean(values: Float64Array, length: number, window: number): Float32Array {
  const out = new Float32Array(values.length).fill(NaN);
  for (let row = 0; row < values.length; row += length) {
    let sum = 0;
    let known = 0;
    for (let t = 0; t < length; t++) {
      const value = values[row + t];
      if (Number.isNaN(value)) continue;
      sum += value;
      known++;
      if (known > window) {
        sum -= values[row + t - window];
        known = window;
      }
      if (known === window) out[row + t] = sum / window;
    }
  }
  return out;
}

function growth(means: Float32Array, length: number, rhythm: number, scale: 'count' | 'real'): Float32Array {
  const out = new Float32Array(means.length).fill(NaN);
  for (let row = 0; row < means.length; row += length) {
    for (let t = rhythm; t < length; t++) {
      const now = means[row + t];
      const before = means[row + t - rhythm];
      out[row + t] = scale === 'real' ? now - before : (now + 1) / (before + 1);
    }
  }
  return out;
}

function calendarColumns(panel: TargetPanel, calendar: Calendar): FeatureColumn[] {
  const { length, step, tracts } = panel;
  const cycle = (name: string, unit: string, of: (t: number) => number): FeatureColumn => {
    const once = Float32Array.from({ length }, (_, t) => of(t));
    const values = new Float32Array(panel.values.length);
    for (let row = 0; row < values.length; row += length) values.set(once, row);
    return { name, unit, description: `${name} of the step`, values };
  };
  const month = cycle('month', '1–12', (t) => new Date(timeAt(panel, t)).getUTCMonth() + 1);
  if (step === 'week' || step === 'month') return [month];
  const weekday = cycle('weekday', '0 = Monday', (t) => calendar.weekday(t));
  const columns =
    step === 'hour' ? [cycle('hour', '0–23', (t) => calendar.hour(t)), weekday, month] : [weekday, month];
  if (!tracts.some((tract) => tract.country)) return columns;
  return [...columns, holidayColumn(panel, calendar)];
}

/** Tracts of one country share their holidays: each country is worked out once. */
function holidayColumn(panel: TargetPanel, calendar: Calendar): FeatureColumn {
  const { length } = panel;
  const values = new Float32Array(panel.values.length);
  const firstOf = new Map<string | undefined, number>();
  panel.tracts.forEach(({ country }, tract) => {
    const twin = firstOf.get(country);
    if (twin !== undefined) {
      values.copyWithin(tract * length, twin * length, (twin + 1) * length);
      return;
    }
    firstOf.set(country, tract);
    for (let t = 0; t < length; t++) values[tract * length + t] = calendar.holiday(tract, t);
  });
  return { name: 'holiday', unit: '0 or 1', description: 'public holiday', values };
}

function perHead(panel: TargetPanel, means: Float32Array, rhythm: number): FeatureColumn {
  const values = new Float32Array(means.length).fill(NaN);
  panel.tracts.forEach(({ population }, tract) => {
    if (!population) return;
    for (let t = tract * panel.length; t < (tract + 1) * panel.length; t++)
      values[t] = (means[t] / population) * 1e5;
  });
  return {
    name: 'per_100000',
    unit: 'per 100,000',
    description: `mean of the last ${rhythm} per head`,
    values,
  };
}

function aroundMean(
  panel: TargetPanel,
  means: Float32Array,
  neighbours: number[][],
  rhythm: number,
): FeatureColumn {
  const values = new Float32Array(means.length).fill(NaN);
  const { length } = panel;
  neighbours.forEach((of, tract) => {
    if (of.length === 0) return;
    for (let t = 0; t < length; t++) {
      let sum = 0;
      for (const other of of) sum += means[other * length + t];
      values[tract * length + t] = sum / of.length;
    }
  });
  return {
    name: 'neighbours',
    unit: 'count',
    description: `mean of the last ${rhythm} among neighbouring tracts`,
    values,
  };
}
