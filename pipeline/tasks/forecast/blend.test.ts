import { describe, expect, it } from 'vitest';
import { fitBlend } from './blend.ts';
import { jitter, madePanel } from './made-panel.testing.ts';
import { blendAt } from './predict/blend.ts';
import type { Rolled } from './rolling.ts';
import { truthOf } from './truth.ts';

function member(
  model: string,
  forecast: (tract: number, target: number) => number,
  panel: ReturnType<typeof madePanel>,
): Rolled {
  const [from, cutoffs, tracts] = [20, 60, panel.tracts.length];
  const values = Float64Array.from({ length: cutoffs * tracts }, (_, at) =>
    forecast(at % tracts, from + Math.floor(at / tracts) + 1),
  );
  return { model, isBaseline: false, from, cutoffs, tracts, maxLead: 1, values, fitSeconds: 0 };
}

describe('fitBlend', () => {
  const panel = madePanel({
    tracts: 4,
    length: 90,
    value: (tract, t) => 1000 + 100 * tract + 50 * jitter(tract, t),
  });
  const truth = truthOf(panel);
  const at = (tract: number, target: number) => truth[tract * panel.length + target];
  const request = { panel, truth, targets: [21, 79] as [number, number], loss: 'absolute' as const };

  it('gives nearly all to a member that is right, next to one that is wild', () => {
    const weights = fitBlend({
      ...request,
      members: [member('right', at, panel), member('wild', (tract, t) => at(tract, t) * 3, panel)],
    });
    expect(weights.weights[0][0]).toBeGreaterThan(0.95);
  });

  it('shares between two that err in opposite directions', () => {
    const weights = fitBlend({
      ...request,
      members: [
        member('high', (tract, t) => at(tract, t) * 1.2, panel),
        member('low', (tract, t) => at(tract, t) / 1.2, panel),
      ],
    });
    expect(weights.weights[0][0]).toBeGreaterThan(0.35);
    expect(weights.weights[0][0]).toBeLessThan(0.65);
    expect(weights.weights[0][0] + weights.weights[0][1]).toBeCloseTo(1, 12);
  });

  it('weighs equally while nothing has settled', () => {
    const members = [member('a', at, panel), member('b', at, panel)];
    expect(fitBlend({ ...request, targets: [0, 20], members }).weights[0]).toEqual([0.5, 0.5]);
  });

  it('sees nothing outside of its targets', () => {
    const late = madePanel({ tracts: 4, length: 90, value: (tract, t) => (t > 60 ? 5 : at(tract, t)) });
    const members = [
      member('a', (tract, t) => at(tract, t) * 1.1, panel),
      member('b', (tract, t) => at(tract, t) * 0.8, panel),
    ];
    const targets: [number, number] = [21, 60];
    expect(fitBlend({ ...request, members, targets, truth: truthOf(late), panel: late })).toEqual(
      fitBlend({ ...request, members, targets }),
    );
  });
});

describe('blendAt', () => {
  const values = [Float64Array.of(99, Number.NaN), Float64Array.of(399, 50)];

  it('mixes counts by their logarithms and real numbers as they are', () => {
    expect(blendAt(values, 0, [0.5, 0.5], 'count')).toBeCloseTo(199, 9); // √(100 · 400) − 1
    expect(blendAt(values, 0, [0.5, 0.5], 'real')).toBe(249);
  });

  it('leaves the share of a member without an answer to the others, even if they had none', () => {
    expect(blendAt(values, 1, [0.9, 0.1], 'real')).toBe(50);
    expect(blendAt(values, 1, [1, 0], 'real')).toBe(50);
    expect(blendAt([Float64Array.of(Number.NaN)], 0, [1], 'count')).toBeNaN();
  });
});
