import { z } from 'zod';
import { indexAt, type Step } from './panel.ts';
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

/** The four disjoint windows, in time order, as cutoff indices [first, last]; see DESIGN "The decision". */
export interface Windows {
  tune: [number, number];
  select: [number, number];
  calibrate: [number, number];
  decide: [number, number];
}

export function windowsOf(plan: Plan, panel: { step: Step; start: number; stepMs: number }): Windows {
  const span = ([from, to]: [string, string]): [number, number] => [
    indexAt(panel, Date.parse(from)),
    indexAt(panel, Date.parse(to)),
  ];
  const { tune, select, calibrate, decide } = plan.windows;
  return { tune: span(tune), select: span(select), calibrate: span(calibrate), decide: span(decide) };
}
