// Series for tests: made up, with no data from anywhere.
import { STEP_MS, type Step, type TargetPanel } from '../../contracts/panel.ts';

export interface MadeOptions {
  tracts?: number;
  length: number;
  step?: Step;
  scale?: 'count' | 'real';
  country?: string;
  delay?: number;
  start?: string;
  /** NaN = not observed */
  value(tract: number, t: number): number;
}

export function madePanel(options: MadeOptions): TargetPanel {
  const { tracts = 1, length, step = 'day', scale = 'count', delay = 0, country } = options;
  const values = Float64Array.from({ length: tracts * length }, (_, cell) =>
    options.value(Math.floor(cell / length), cell % length),
  );
  return {
    step,
    start: Date.parse(options.start ?? '2021-01-04T00:00:00Z'), // a Monday
    stepMs: STEP_MS[step],
    length,
    tracts: Array.from({ length: tracts }, (_, tract) => ({
      id: `t${tract}`,
      name: `Tract ${tract}`,
      country,
    })),
    target: 'new_cases',
    scale,
    values: values.map((value) => (Number.isNaN(value) ? 0 : value)),
    observed: Uint8Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1)),
    delay,
  };
}

/** Deterministic noise in (-1, 1). */
export function jitter(tract: number, t: number): number {
  const x = Math.sin(tract * 78.233 + t * 12.9898) * 43758.5453;
  return 2 * (x - Math.floor(x)) - 1;
}

/** A wave with a week in it, and noise that a share of the level large. */
export function wave(tract: number, t: number, noise = 0.1): number {
  const week = [1.1, 1.2, 1.15, 1.1, 1, 0.8, 0.65][t % 7];
  const level = (50 + 100 * tract) * Math.exp(1.2 * Math.sin((t + 5 * tract) / 40));
  return Math.round(level * week * (1 + noise * jitter(tract, t)));
}
