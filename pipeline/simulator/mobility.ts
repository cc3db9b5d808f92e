import type { County } from './counties.ts';

/** Share of contacts that people have outside the place they live in. */
const AWAY = 0.12;
/** Links kept a place: the rest carries next to nothing, and thousands of places must stay fast. */
const LINKS = 12;
const KM_PER_DEGREE = 111.2;

export interface Mobility {
  /** Infectious share that people of place c meet: Σ_j M_cj · share_j, with Σ_j M_cj = 1. */
  seenBy(c: number, share: Float64Array): number;
}

/** Gravity mobility: trips from c to j in proportion to N_j / distance², nearest and largest first. */
export function mobility(places: County[]): Mobility {
  const n = places.length;
  const links = Math.min(LINKS, n - 1);
  const to = new Int32Array(n * links);
  const weight = new Float64Array(n * links);
  const pull = new Float64Array(n);
  for (let c = 0; c < n; c++) {
    for (let j = 0; j < n; j++)
      pull[j] = j === c ? -1 : places[j].population / squaredKm(places[c], places[j]);
    const strongest = top(pull, links);
    const total = strongest.reduce((sum, j) => sum + pull[j], 0);
    for (const [k, j] of strongest.entries()) {
      to[c * links + k] = j;
      weight[c * links + k] = (AWAY * pull[j]) / total;
    }
  }
  const home = links === 0 ? 1 : 1 - AWAY;
  return {
    seenBy(c, share) {
      let met = home * share[c];
      for (let k = c * links; k < (c + 1) * links; k++) met += weight[k] * share[to[k]];
      return met;
    },
  };
}

/** Flat-earth distance, floored at 5 km: near enough for weights. */
function squaredKm(a: County, b: County): number {
  const north = (a.latitude - b.latitude) * KM_PER_DEGREE;
  const east = (a.longitude - b.longitude) * KM_PER_DEGREE * Math.cos((a.latitude * Math.PI) / 180);
  return Math.max(25, north * north + east * east);
}

/** Indices of the k largest values, largest first. */
function top(values: Float64Array, k: number): number[] {
  const best: number[] = [];
  for (let j = 0; j < values.length; j++) {
    if (best.length === k && values[j] <= values[best[k - 1]]) continue;
    let at = best.length;
    while (at > 0 && values[best[at - 1]] < values[j]) at--;
    best.splice(at, 0, j);
    if (best.length > k) best.pop();
  }
  return best;
}
