interface Rows {
  tract: ArrayLike<number>;
  cutoff: ArrayLike<number>;
  horizon: ArrayLike<number>;
  truth: ArrayLike<number>;
  point: ArrayLike<number>;
}

interface Series {
  /** shape [tracts × length], row-major. */
  values: ArrayLike<number>;
  length: number;
  /** Steps of a season: 7 for daily data. */
  season: number;
  /** Steps back from a cutoff that were not yet published; each is taken from a season before. */
  delay: number;
}

/**
 * Truth and forecast of the rolling mean over a season that ends at each row's target time. What lies up to the cutoff
 * was known (but for the reporting delay), what lies after it comes from the model's forecasts of the horizons in between, made at the same cutoff.
 * Rows whose horizons in between are not all there come back as NaN: not scored.
 * @returns shape [rows], units of the target
 */
export function smoothed(
  rows: Rows,
  { values, length, season, delay }: Series,
): { truth: Float64Array; forecast: Float64Array } {
  const pointAt = new Map<number, number>();
  const key = (tract: number, cutoff: number, horizon: number) => (tract * 2 ** 24 + cutoff) * 256 + horizon;
  for (let row = 0; row < rows.tract.length; row++)
    pointAt.set(key(rows.tract[row], rows.cutoff[row], rows.horizon[row]), rows.point[row]);

  const truth = new Float64Array(rows.tract.length).fill(NaN);
  const forecast = new Float64Array(rows.tract.length).fill(NaN);
  for (let row = 0; row < rows.tract.length; row++) {
    const [tract, cutoff, horizon] = [rows.tract[row], rows.cutoff[row], rows.horizon[row]];
    const first = cutoff + horizon - season + 1;
    if (first < 0 || Number.isNaN(rows.truth[row])) continue;
    let seen = 0;
    let ahead = 0;
    for (let t = first; t <= cutoff + horizon; t++) {
      seen += values[tract * length + t];
      const past = t > cutoff - delay ? t - season * Math.ceil((t - cutoff + delay) / season) : t;
      ahead +=
        t > cutoff
          ? (pointAt.get(key(tract, cutoff, t - cutoff)) ?? NaN)
          : (values[tract * length + past] ?? NaN);
    }
    if (Number.isNaN(ahead)) continue;
    truth[row] = seen / season;
    forecast[row] = ahead / season;
  }
  return { truth, forecast };
}
