export interface Filled {
  /** shape [tracts × length]; NaN only before a tract's first observation */
  values: Float64Array;
  /** 1 = published, 0 = filled or before the first observation */
  observed: Uint8Array;
  filled: number;
}

/**
 * Fills gaps by trend-based extrapolation from the past alone, so that a filled value never carries the future
 * into a cutoff before it: the value one rhythm earlier, moved on by the trend of the last two rhythms, damped as
 * the gap grows.
 * @param values shape [tracts × length], NaN = unknown
 * @param options.rhythm steps after which the pattern repeats (7 for daily data)
 * @param options.scale ratio trend for counts, additive trend for real values
 */
export function fillGaps(
  values: Float64Array,
  options: { length: number; rhythm: number; scale: 'count' | 'real' },
): Filled {
  const { length, rhythm, scale } = options;
  const out = Float64Array.from(values);
  const observed = new Uint8Array(values.length);
  let filled = 0;
  for (let row = 0; row < values.length; row += length) {
    let first = -1;
    let gap = 0;
    for (let t = 0; t < length; t++) {
      if (!Number.isNaN(values[row + t])) {
        observed[row + t] = 1;
        if (first < 0) first = t;
        gap = 0;
        continue;
      }
      if (first < 0) continue;
      gap++;
      out[row + t] = extrapolate(out, { row, t, first, rhythm, scale, gap });
      filled++;
    }
  }
  return { values: out, observed, filled };
}

/** The trend is trusted for about two rhythms, then fades: a tract that vanished must not grow for ever. */
const DAMPING_PER_RHYTHM = 0.6;
const LARGEST_GROWTH = 2;

function extrapolate(
  values: Float64Array,
  at: { row: number; t: number; first: number; rhythm: number; scale: 'count' | 'real'; gap: number },
): number {
  const { row, t, first, rhythm, scale, gap } = at;
  const back = t - rhythm >= first ? values[row + t - rhythm] : values[row + t - 1];
  const recent = meanBefore(values, row, t, rhythm, first);
  const before = meanBefore(values, row, t - rhythm, rhythm, first);
  if (Number.isNaN(recent) || Number.isNaN(before)) return back;
  const trust = DAMPING_PER_RHYTHM ** Math.ceil(gap / rhythm);
  if (scale === 'real') return back + trust * (recent - before);
  if (before <= 0 || recent <= 0) return back;
  const growth = Math.min(LARGEST_GROWTH, Math.max(1 / LARGEST_GROWTH, recent / before));
  return back * growth ** trust;
}

/** Mean of the `rhythm` steps before `t`; NaN where they reach back before the first observation. */
function meanBefore(values: Float64Array, row: number, t: number, rhythm: number, first: number): number {
  if (t - rhythm < first) return NaN;
  let sum = 0;
  for (let k = 1; k <= rhythm; k++) sum += values[row + t - k];
  return sum / rhythm;
}
