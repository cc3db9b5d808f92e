import { z } from 'zod';
import { Role } from './roles.ts';

export const Severity = z.enum(['ignore', 'warn', 'fail']);
export type Severity = z.infer<typeof Severity>;

/** A check is a value; only the verdict stops a run. */
export const ExpectationResult = z.strictObject({
  expectation: z.string(), // kebab-case: unique-keys, null-share, falling-totals …
  severity: Severity,
  passed: z.boolean(),
  observed: z.union([z.number(), z.string(), z.null()]),
  limit: z.union([z.number(), z.string(), z.null()]),
  column: z.string().optional(),
  /** What a person needs to find it: at most five, with line numbers where known. */
  examples: z.array(z.string()).max(5).default([]),
  /** What to do, where there is something to do. */
  hint: z.string().optional(),
});
export type ExpectationResult = z.infer<typeof ExpectationResult>;

export const Anomaly = z.strictObject({
  kind: z.enum(['added', 'removed', 'renamed', 'type_changed', 'unit_changed', 'meaning_changed']),
  column: z.string(),
  /** Former name, type or unit; null for an added column. */
  was: z.string().nullable(),
  severity: Severity,
  evidence: z.string(),
});
export type Anomaly = z.infer<typeof Anomaly>;

export const GateColumn = z.strictObject({
  name: z.string(),
  role: Role,
  confidence: z.number().min(0).max(1),
  evidence: z.string().default(''),
});
export type GateColumn = z.infer<typeof GateColumn>;

/** `reports/<model>/gate.json`, and what `perennial gate --json` writes. */
export const GateReport = z.strictObject({
  passed: z.boolean(),
  source: z.string(),
  collected_at: z.string().optional(),
  format: z
    .strictObject({
      kind: z.enum(['csv', 'parquet', 'json']),
      encoding: z.string().optional(),
      delimiter: z.string().optional(),
      decimal: z.enum(['.', ',']).optional(),
      date_form: z.string().optional(),
    })
    .optional(),
  columns: z.array(GateColumn),
  expectations: z.array(ExpectationResult),
  anomalies: z.array(Anomaly),
  /** Recorded repairs: what was mended while reading, and how often. */
  repairs: z.array(
    z.strictObject({ repair: z.string(), count: z.number().int(), examples: z.array(z.string()).max(5) }),
  ),
  rows: z.number().int().nonnegative(),
  quarantined: z.number().int().nonnegative(),
  tracts: z.number().int().nonnegative(),
  first_time: z.string().nullable(),
  last_time: z.string().nullable(),
});
export type GateReport = z.infer<typeof GateReport>;
