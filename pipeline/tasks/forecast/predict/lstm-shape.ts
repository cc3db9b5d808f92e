import { z } from 'zod';

/** Sizes and transforms of an LSTM: with the weights, all that a forecast needs. */
export const LstmShape = z.strictObject({
  /** Steps that one window looks back. */
  lookback: z.number().int().positive(),
  /** Steps of one season: 7 for daily counts with a weekday effect, 24 for hours. */
  season: z.number().int().positive(),
  maxLead: z.number().int().positive(),
  units: z.number().int().positive(),
  /** Width of the head's hidden layer. */
  hidden: z.number().int().positive(),
  scale: z.enum(['count', 'real']),
  /** Whether the place in the year is an input: only where two years taught it. */
  annual: z.boolean(),
  /** What the network corrects, a lead each: the last value, the value a season before the target, or that with the growth since. */
  base: z.array(z.enum(['last', 'seasonal', 'growth'])),
});
export type LstmShape = z.infer<typeof LstmShape>;
export type Base = LstmShape['base'][number];

/** Pairs of sine and cosine that tell a step's place in the season: three pairs tell seven weekdays apart exactly. */
export const harmonics = (season: number): number => Math.min(3, Math.floor(season / 2));

/** Numbers a step of the window has. */
export const stepWidth = (season: number): number => 8 + 2 * harmonics(season);
/** Numbers a lead has beside the window: what is known of its target step, the aligned past, the tract. */
export const leadWidth = (season: number): number => 22 + 2 * harmonics(season);

/** Name and shape of every weight, in the order in which they lie in the flat vector. */
export function weightShapes({
  season,
  units,
  hidden,
  maxLead,
}: Omit<LstmShape, 'base' | 'scale' | 'annual'>) {
  return [
    { name: 'kernel', shape: [stepWidth(season) + units, 4 * units] },
    { name: 'bias', shape: [4 * units] },
    { name: 'fromState', shape: [units, hidden] },
    { name: 'fromLead', shape: [leadWidth(season), hidden] },
    { name: 'leadBias', shape: [maxLead, hidden] },
    { name: 'out', shape: [maxLead, hidden] },
    { name: 'outBias', shape: [maxLead] },
    { name: 'direct', shape: [leadWidth(season)] },
  ] as const satisfies { name: string; shape: number[] }[];
}
export type WeightName = ReturnType<typeof weightShapes>[number]['name'];

export const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** Each weight as a view into the flat vector. */
export function weightViews<T extends Float32Array | Float64Array>(
  shape: LstmShape,
  flat: T,
): Record<WeightName, T> {
  let at = 0;
  const views: Partial<Record<WeightName, T>> = {};
  for (const { name, shape: dimensions } of weightShapes(shape)) {
    const size = sizeOf(dimensions);
    views[name] = flat.subarray(at, at + size) as T;
    at += size;
  }
  return views as Record<WeightName, T>;
}

export const weightCount = (shape: LstmShape): number =>
  weightShapes(shape).reduce((sum, weight) => sum + sizeOf(weight.shape), 0);
