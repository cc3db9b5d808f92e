import { z } from 'zod';
import { Maybe, Sha256, Timestamp } from './scalars.ts';

/** `artifacts/<model>/train/train.json`: what the challenger beside it is. */
export const TrainFile = z.strictObject({
  model: z.string(),
  candidate: z.string(),
  is_baseline: z.boolean(),
  train_end: Timestamp,
  hyperparameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
});
export type TrainFile = z.infer<typeof TrainFile>;

/** How something went while a model was fitted: a loss, say. */
export const Curve = z.strictObject({
  /** `<candidate>/<what>`, such as `lstm-1/training-loss`: a candidate may fit several networks. */
  name: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  /** Of what one counts: optimiser steps, epochs, boosting rounds. */
  unit: z.enum(['step', 'epoch', 'round']),
  /** Units between two points; the first point stands after so many. */
  every: z.number().int().positive(),
  points: z.array(Maybe),
});
export type Curve = z.infer<typeof Curve>;

/** `artifacts/<model>/train/curves.json`: of the fits that went into the bundle beside it. */
export const CurvesFile = z.strictObject({ model: z.string(), curves: z.array(Curve) });
export type CurvesFile = z.infer<typeof CurvesFile>;

/** `artifacts/<model>/timings.json`: outside of what DVC hashes, for no two fits take the same time. */
export const TimingsFile = z.strictObject({
  model: z.string(),
  /** Digest of the bundle that the fits went into: of another one they tell nothing. */
  bundle: Sha256,
  /** By candidate, all its fits together. */
  fit_seconds: z.record(z.string(), z.number().nonnegative()),
});
export type TimingsFile = z.infer<typeof TimingsFile>;
