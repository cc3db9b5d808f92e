import { z } from 'zod';
import { Sha256, Timestamp } from './scalars.ts';

const Span = z.tuple([Timestamp, Timestamp]);

/**
 * `artifacts/<model>/plan.json`: what a training is asked to do. Written by the run before the cached stages,
 * so that they are made again exactly when the question changes.
 * The four windows are spans of cutoffs, both ends included, in time order and disjoint up to their targets.
 */
export const Plan = z.strictObject({
  model: z.string(),
  /** First and last moment of the data the plan was made for. */
  data: Span,
  windows: z.strictObject({ tune: Span, select: Span, calibrate: Span, decide: Span }),
  champion: z.strictObject({ version: z.string(), digest: Sha256, train_end: Timestamp }).nullable(),
});
export type Plan = z.infer<typeof Plan>;
