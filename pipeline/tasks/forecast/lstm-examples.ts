import type { LstmBatch } from './lstm-network.ts';
import { baseAt, type LstmSeries, writeLeads, writeWindow } from './predict/lstm-inputs.ts';
import { type Base, leadWidth, stepWidth } from './predict/lstm-shape.ts';

export interface Example {
  tract: number;
  /** Last step seen. */
  end: number;
}

/** Windows whose targets lie in (…, until], to be drawn from. */
export interface LstmExamples {
  count: number;
  /** `size` windows, the more probable the more they matter; spread evenly over tracts and times.
   *  @param random 0 ≤ x < 1 */
  draw(size: number, random: () => number): Example[];
  batch(examples: Example[]): LstmBatch;
}

export interface ExampleOptions {
  /** First and last `end`. */
  from: number;
  to: number;
  /** Last target that may be learnt from. */
  until: number;
  /** Steps after which a window counts half. */
  halfLife: number;
  levelPower: number;
}

/** Corrections beyond e³ are slips of a portal that got through, not something to follow. */
const FAR = 3;

export function lstmExamples(series: LstmSeries, options: ExampleOptions): LstmExamples {
  const { tracts, shape } = series;
  const ends = Math.max(0, options.to - options.from + 1);
  const reach = new Float64Array(tracts * ends);
  let total = 0;
  let count = 0;
  for (let tract = 0; tract < tracts; tract++) {
    for (let k = 0; k < ends; k++) {
      const weight = importance(series, { tract, end: options.from + k }, options);
      if (weight > 0) count += 1;
      total += weight;
      reach[tract * ends + k] = total;
    }
  }

  return {
    count,
    draw(size, random) {
      const offset = random();
      return Array.from({ length: size }, (_, k) => {
        const at = firstAbove(reach, (total * (k + offset)) / size);
        return { tract: Math.floor(at / ends), end: options.from + (at % ends) };
      });
    },
    batch: (examples) => batchOf(series, examples, options.until),
  };

  function batchOf(series: LstmSeries, examples: Example[], until: number): LstmBatch {
    const size = examples.length;
    const { lookback, maxLead, season } = shape;
    const width = stepWidth(season);
    const x = new Float32Array(lookback * size * width);
    const leads = new Float32Array(size * maxLead * leadWidth(season));
    const target = new Float32Array(size * maxLead);
    const weight = new Float32Array(size * maxLead);
    examples.forEach((example, k) => {
      writeWindow(series, example, x, { at: k * width, stride: size * width });
      writeLeads(series, example, leads, k * maxLead * leadWidth(season));
      for (let lead = 1; lead <= maxLead; lead++) {
        const miss = missAt(series, example, lead, shape.base[lead - 1], until);
        if (!Number.isFinite(miss)) continue;
        target[k * maxLead + lead - 1] = Math.max(-FAR, Math.min(FAR, miss));
        weight[k * maxLead + lead - 1] = 1;
      }
    });
    return { size, x, leads, target, weight };
  }
}

/** The base with the smallest error for each lead, over a sample of the windows. */
export function bestBases(series: LstmSeries, { from, to }: { from: number; to: number }): Base[] {
  const every = Math.max(1, Math.floor((series.tracts * (to - from)) / 20_000));
  return Array.from({ length: series.shape.maxLead }, (_, k) => {
    const errors = { growth: 0, seasonal: 0, last: 0 };
    for (let at = 0; at < series.tracts * (to - from); at += every) {
      const example = { tract: at % series.tracts, end: from + Math.floor(at / series.tracts) };
      const misses = BASES.map((base) => missAt(series, example, k + 1, base, series.last));
      if (!misses.every(Number.isFinite)) continue;
      BASES.forEach((base, b) => {
        errors[base] += Math.abs(misses[b]);
      });
    }
    return BASES.reduce((best, base) => (errors[base] < errors[best] ? base : best));
  });
}
const BASES = ['growth', 'seasonal', 'last'] as const;

/** What the base misses of the truth; NaN where the truth is not observed or not to be seen. */
function missAt(
  series: LstmSeries,
  { tract, end }: Example,
  lead: number,
  base: Base,
  until: number,
): number {
  const target = end + lead;
  if (target > until) return Number.NaN;
  const cell = tract * series.length + target;
  if (series.observed[cell] === 0) return Number.NaN;
  return series.value[cell] - baseAt(series, { tract, end, lead, base });
}

function importance(
  series: LstmSeries,
  { tract, end }: Example,
  { until, halfLife, levelPower }: ExampleOptions,
): number {
  const level = series.level[tract * series.length + end];
  if (!Number.isFinite(level) || end >= until) return 0;
  const recency = 0.5 ** ((until - end) / halfLife);
  if (series.shape.scale === 'real') return recency;
  return recency * Math.min(30, Math.exp(levelPower * (level - series.together.level[end])));
}

/** First index whose running total is above `sought`. */
function firstAbove(totals: Float64Array, sought: number): number {
  let low = 0;
  let high = totals.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (totals[middle] > sought) high = middle;
    else low = middle + 1;
  }
  return low;
}
