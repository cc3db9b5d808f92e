import { describe, expect, it } from 'vitest';
import { adam } from './adam.ts';

const plain = { weightDecay: 0, clipNorm: Number.POSITIVE_INFINITY, averageDecay: 0.98 };

describe('adam', () => {
  it('first moves every weight by the rate, against its gradient, whatever the gradient’s size', () => {
    const weights = Float32Array.of(1, 1, 1);
    adam(3, plain).step(weights, Float32Array.of(100, -0.01, 0), 0.1);
    expect([...weights].map((w) => Number(w.toFixed(4)))).toEqual([0.9, 1.1, 1]);
  });

  it('clips the gradient as a whole and tells its norm', () => {
    // (3, 4) has norm 5 and becomes (0.6, 0.8); then a small gradient shows what the moments remember:
    // unclipped, m = 0.9·0.3 + 0.1·0.06; clipped to norm 1, m = 0.9·0.06 + 0.1·0.06 = 0.06
    const clipped = adam(2, { ...plain, clipNorm: 1 });
    const weights = Float32Array.of(0, 0);
    expect(clipped.step(weights, Float32Array.of(3, 4), 0)).toBeCloseTo(5, 6);
    clipped.step(weights, Float32Array.of(0.6, 0.8), 1);
    // Both gradients are the same after clipping: the step is the whole rate.
    expect(weights[0]).toBeCloseTo(-1, 4);
  });

  it('decays weights that have no gradient', () => {
    const weights = Float32Array.of(2);
    adam(1, { ...plain, weightDecay: 0.5 }).step(weights, Float32Array.of(0), 0.1);
    expect(weights[0]).toBeCloseTo(2 * (1 - 0.05), 6);
  });

  it('averages the weights it passed through, without the initial ones', () => {
    const optimiser = adam(1, plain);
    const weights = Float32Array.of(10);
    optimiser.step(weights, Float32Array.of(1), 1);
    expect(optimiser.average()[0]).toBeCloseTo(9, 4);
    optimiser.step(weights, Float32Array.of(1), 1);
    // keep = 1/10 after two steps: 0.1·9 + 0.9·8
    expect(optimiser.average()[0]).toBeCloseTo(8.1, 4);
  });

  it('finds the bottom of a bowl', () => {
    const weights = Float32Array.of(3, -2);
    const optimiser = adam(2, plain);
    for (let k = 0; k < 400; k++) {
      optimiser.step(
        weights,
        Float32Array.of(2 * (weights[0] - 1), 20 * (weights[1] - 0.5)),
        0.1 * (1 - k / 400),
      );
    }
    expect(weights[0]).toBeCloseTo(1, 2);
    expect(weights[1]).toBeCloseTo(0.5, 2);
  });
});
