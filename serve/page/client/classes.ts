import type { ChangeUnit, Overview } from '../data.ts';

/** Seven classes around "about the same": three down, three up. */
export const CLASSES = 7;
const MIDDLE = 3;

/** How changes become colours: the borders are ±1, ±2 and ±4 units, in a unit that people count in. */
export interface Scale {
  by: ChangeUnit;
  /** shape [6], ascending. */
  borders: number[];
}

/** What changes by so much belongs to the two outermost classes. */
const OUTER_SHARE = 0.12;
const SMALLEST_PERCENT = 5;

export function changes(tracts: Overview['tracts'], by: ChangeUnit): (number | null)[] {
  return tracts.next.map((next, at) =>
    changeOf({ last: tracts.last[at], next, population: tracts.population[at] }, by),
  );
}

/** @returns null where it cannot be told */
export function changeOf(
  tract: { last: number | null; next: number | null; population: number | null },
  by: ChangeUnit,
): number | null {
  const { last, next, population } = tract;
  if (last === null || next === null) return null;
  if (by === 'absolute') return next - last;
  if (by === 'percent') return last > 0 ? ((next - last) / last) * 100 : null;
  return population ? ((next - last) / population) * 100_000 : null;
}

/** Borders that suit the data: symmetrical, so that the same strength of colour means as much up as down. */
export function scaleOf(values: (number | null)[], by: ChangeUnit): Scale {
  const sizes = values
    .filter((value): value is number => value !== null)
    .map(Math.abs)
    .sort((a, b) => a - b);
  const outer = sizes.length > 0 ? sizes[Math.floor((sizes.length - 1) * (1 - OUTER_SHARE))] : 0;
  const unit = Math.max(nice(outer / 4), by === 'percent' ? SMALLEST_PERCENT : 0);
  return { by, borders: [-4 * unit, -2 * unit, -unit, unit, 2 * unit, 4 * unit] };
}

/** @returns 0 (falls most) … 3 (about the same) … 6 (rises most); −1 where nothing is known */
export function classOf({ borders }: Scale, value: number | null): number {
  if (value === null) return -1;
  if (Math.abs(value) <= borders[MIDDLE]) return MIDDLE;
  return value > 0
    ? borders.filter((border) => value > border).length
    : borders.filter((border) => value >= border).length;
}

/** The nearest of 1, 2, 2.5, 5 times a power of ten. */
function nice(value: number): number {
  if (!(value > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const steps = [1, 2, 2.5, 5, 10];
  const nearest = steps.reduce((best, step) =>
    Math.abs(step - value / power) < Math.abs(best - value / power) ? step : best,
  );
  return nearest * power;
}
