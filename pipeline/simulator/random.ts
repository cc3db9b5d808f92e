import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Draws from a seeded stream; the same calls in the same order give the same numbers. */
export interface Random {
  /** In (0, 1). */
  uniform(): number;
  normal(): number;
  /** Multiplier with mean 1. @param spread standard deviation of its logarithm */
  noise(spread: number): number;
  poisson(mean: number): number;
  binomial(n: number, p: number): number;
  /** Counts with variance mean + mean² / size (a gamma-Poisson mixture). */
  overdispersed(mean: number, size: number): number;
}

export function random(seed: number): Random {
  const generator = xoroshiro128plus(seed | 0);
  const uniform = () => ((generator.next() >>> 0) + 0.5) / 2 ** 32;

  let spare = Number.NaN;
  function normal(): number {
    if (!Number.isNaN(spare)) {
      const value = spare;
      spare = Number.NaN;
      return value;
    }
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  const noise = (spread: number) => Math.exp(spread * normal() - (spread * spread) / 2);

  /** Exact below a mean of 20 (Knuth); above, the normal approximation is within a count. */
  function poisson(mean: number): number {
    if (!(mean > 0)) return 0;
    if (mean > 20) return Math.max(0, Math.round(mean + Math.sqrt(mean) * normal()));
    const limit = Math.exp(-mean);
    let product = uniform();
    let count = 0;
    while (product > limit) {
      product *= uniform();
      count++;
    }
    return count;
  }

  function binomial(n: number, p: number): number {
    if (n <= 0 || p <= 0) return 0;
    if (p >= 1) return n;
    if (p > 0.5) return n - binomial(n, 1 - p);
    const mean = n * p;
    if (mean > 20) {
      const drawn = Math.round(mean + Math.sqrt(mean * (1 - p)) * normal());
      return Math.min(n, Math.max(0, drawn));
    }
    // By inversion: walk up the distribution until the uniform number is used up.
    const odds = p / (1 - p);
    let chance = Math.exp(n * Math.log1p(-p));
    let left = uniform();
    let successes = 0;
    while (left > chance && successes < n) {
      left -= chance;
      successes++;
      chance *= odds * ((n + 1) / successes - 1);
    }
    return successes;
  }

  /** The gamma multiplier by Wilson and Hilferty's cube, good to a percent for sizes above 1. */
  function overdispersed(mean: number, size: number): number {
    const cube = 1 - 1 / (9 * size) + normal() / (3 * Math.sqrt(size));
    return poisson(mean * Math.max(0, cube) ** 3);
  }

  return { uniform, normal, noise, poisson, binomial, overdispersed };
}

/** A number in [0, 1) that depends on nothing but its arguments: the same cell of the same day always
 *  gets the same fate, whatever else is drawn (finaliser of MurmurHash3). */
export function fate(seed: number, purpose: number, a: number, b = 0, c = 0): number {
  let hash = mixed(seed, purpose);
  hash = mixed(hash, a);
  hash = mixed(hash, b);
  return (mixed(hash, c) >>> 0) / 2 ** 32;
}

function mixed(hash: number, value: number): number {
  let h = Math.imul(hash ^ Math.imul(value + 0x7ed55d16, 0x9e3779b1), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  h ^= h >>> 16;
  h = Math.imul(h, 0x27d4eb2f);
  return h ^ (h >>> 15);
}
