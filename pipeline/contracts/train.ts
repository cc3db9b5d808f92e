import { z } from 'zod';
import { Timestamp } from './scalars.ts';

/** `artifacts/<model>/train/train.json`: what the challenger beside it is. */
export const TrainFile = z.strictObject({
  model: z.string(),
  candidate: z.string(),
  is_baseline: z.boolean(),
  train_end: Timestamp,
  hyperparameters: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])),
});
export type TrainFile = z.infer<typeof TrainFile>;
