import {
  agreement,
  type Column,
  commonFactor,
  decodeSample,
  factorsByTract,
  median,
  type Pairs,
  pairs,
  rankCorrelation,
} from './samples.ts';

/** Between two files without a day in common an epidemic moves levels too: only factors beyond this are units. */
const UNIT_WITHOUT_OVERLAP = 50;
/** Roles whose values move slowly from day to day, so that tracts keep their order. */
const STOCKS = new Set(['total_cases', 'tests', 'hospitalised', 'intensive_care', 'deaths', 'population']);
const PLACES = new Set(['latitude', 'longitude', 'population']);

/** The same quantity in another unit: values of the same rows scaled by one factor. */
export function changedUnit(from: Column, to: Column): { was: string; evidence: string } | null {
  if (!numeric(from) || !numeric(to)) return null;
  const cells = overlap(from, to, 'cells');
  if (cells.before.length >= 5) {
    const factor = commonFactor(cells);
    const own = factor === null ? factorsByTract(cells) : null;
    // The same values but for revisions have the factor one in every tract.
    if (own?.every((one) => Math.abs(one - 1) > 0.05)) {
      const range = `${Math.min(...own).toPrecision(2)} to ${Math.max(...own).toPrecision(2)}`;
      return {
        was: median(own) > 1 ? 'a rate per head' : 'a count',
        evidence: `in each of ${own.length} tracts all values are × one factor of its own (${range}), as between rates and counts`,
      };
    }
    if (factor === null || Math.abs(factor - 1) <= 0.02) return null;
    return {
      was: unit(factor),
      evidence: `${cells.before.length} sampled values are × ${named(factor)} what they were`,
    };
  }
  const last = overlap(from, to, 'last');
  if (last.before.length < 5 || !(rankCorrelation(last) > 0.9)) return null;
  const ratio = median(ratios(last));
  if (!(ratio >= UNIT_WITHOUT_OVERLAP || ratio <= 1 / UNIT_WITHOUT_OVERLAP)) return null;
  return {
    was: unit(ratio),
    evidence: `tracts keep their order, values are × ${named(ratio)} what they were`,
  };
}

/** The same name for something else: values of the same rows that no longer agree, a running total that became
 *  daily numbers (or the reverse), tracts that exchanged their values. */
export function changedMeaning(from: Column, to: Column): string | null {
  return changedCells(from, to) ?? changedCourse(from, to) ?? changedOrder(from, to);
}

function changedCells(from: Column, to: Column): string | null {
  const cells = overlap(from, to, 'cells');
  if (cells.before.length < 8 || agreement(cells) >= 0.5) return null;
  if (!numeric(from) || !numeric(to)) {
    return `${percent(1 - agreement(cells))} of ${cells.before.length} sampled values changed`;
  }
  // Revisions move many values a little; another meaning moves most of them a lot.
  const moved = median(relativeChanges(cells));
  return moved > 0.3
    ? `${percent(1 - agreement(cells))} of ${cells.before.length} values of the same rows changed, half of them by more than ${percent(moved)}`
    : null;
}

function changedCourse(from: Column, to: Column): string | null {
  const [was, is] = [from.stats.running, to.stats.running];
  if (was === is || typeof was !== 'number' || typeof is !== 'number') return null;
  return was === 1
    ? 'was a running total, now goes up and down'
    : 'went up and down, now only grows like a running total';
}

function changedOrder(from: Column, to: Column): string | null {
  const last = overlap(from, to, 'last');
  if (last.before.length < 8) return null;
  if (PLACES.has(from.role)) {
    const moved = relativeChanges(last).filter((change) => change > 0.05).length / last.before.length;
    return moved > 0.5 ? `${percent(moved)} of the tracts changed their ${from.role}` : null;
  }
  if (!STOCKS.has(from.role) || !varied(last)) return null;
  const rank = rankCorrelation(last);
  if (rank < 0.5) {
    return `tracts exchanged their values: rank correlation over ${last.before.length} tracts ${rank.toFixed(2)}`;
  }
  const fell = median(ratios(last));
  return from.role === 'total_cases' && fell < 0.7 ? `totals are × ${named(fell)} what they were` : null;
}

function overlap(from: Column, to: Column, name: 'cells' | 'last'): Pairs {
  return pairs(decodeSample(from, name), decodeSample(to, name));
}

function relativeChanges({ before, after }: Pairs): number[] {
  return before.map((value, i) => {
    const [a, b] = [Number(value), Number(after[i])];
    return Math.abs(b - a) / Math.max(Math.abs(a), Math.abs(b), 1e-9);
  });
}

function ratios({ before, after }: Pairs): number[] {
  const found = before.flatMap((value, i) => {
    const ratio = Number(after[i]) / Number(value);
    return Number.isFinite(ratio) && ratio > 0 ? [ratio] : [];
  });
  return found.length > 0 ? found : [1];
}

function numeric(column: Column): boolean {
  return column.type === 'integer' || column.type === 'number';
}

function varied({ before, after }: Pairs): boolean {
  return new Set(before).size >= 5 && new Set(after).size >= 5;
}

const NAMED: readonly [number, string][] = [
  [1e6, '1,000,000'],
  [1e5, '100,000'],
  [1e4, '10,000'],
  [1000, '1,000'],
  [100, '100'],
  [10, '10'],
  [7, '7'],
  [1 / 7, '1/7'],
  [0.1, '1/10'],
  [0.01, '1/100'],
  [0.001, '1/1,000'],
  [1e-4, '1/10,000'],
  [1e-5, '1/100,000'],
  [1e-6, '1/1,000,000'],
];

function named(factor: number): string {
  return NAMED.find(([value]) => Math.abs(factor / value - 1) < 0.02)?.[1] ?? factor.toPrecision(3);
}

/** What one new unit was in old ones. */
function unit(factor: number): string {
  return `× ${named(1 / factor)}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}
