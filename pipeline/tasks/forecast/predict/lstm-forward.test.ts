import { describe, expect, it } from 'vitest';
import { headForward, lstmForward } from './lstm-forward.ts';
import { type LstmShape, leadWidth, weightCount, weightViews } from './lstm-shape.ts';

describe('lstmForward', () => {
  it('opens its gates by the bias alone when nothing comes in', () => {
    // σ(0) = ½ for input, forget and output; candidate tanh(1) = 0.76159…
    // c₁ = ½·0.761594 = 0.380797, h₁ = ½·tanh(0.380797) = 0.181700; c₂ = ½·c₁ + ½·0.761594 = 0.571196
    const sizes = { time: 2, batch: 1, inputs: 1, units: 1 };
    const h = lstmForward(new Float64Array(2), sizes, new Float64Array(8), Float64Array.of(0, 0, 1, 0));
    expect(h[0]).toBeCloseTo(0.5 * Math.tanh(0.75 * Math.tanh(1)), 12);
    expect(h[0]).toBeCloseTo(0.2581, 4);
  });

  it('takes the gates in the order input, forget, candidate, output', () => {
    const sizes = { time: 1, batch: 1, inputs: 1, units: 1 };
    const kernel = Float64Array.of(2, 5, 0.3, -1, 0, 0, 0, 0);
    const h = lstmForward(Float64Array.of(1), sizes, kernel, new Float64Array(4));
    const cell = (1 / (1 + Math.exp(-2))) * Math.tanh(0.3);
    expect(h[0]).toBeCloseTo((1 / (1 + Math.exp(1))) * Math.tanh(cell), 12);
  });

  it('answers a window the same alone and among others', () => {
    const sizes = { time: 3, inputs: 5, units: 3 };
    const kernel = Float64Array.from({ length: 8 * 12 }, (_, k) => Math.sin(k));
    const bias = Float64Array.from({ length: 12 }, (_, k) => Math.cos(k));
    const value = (t: number, row: number, k: number) => Math.sin(t + 3 * row + 7 * k);
    const both = Float64Array.from({ length: 30 }, (_, i) =>
      value(Math.floor(i / 10), Math.floor(i / 5) % 2, i % 5),
    );
    const second = Float64Array.from({ length: 15 }, (_, i) => value(Math.floor(i / 5), 1, i % 5));
    const together = lstmForward(both, { ...sizes, batch: 2 }, kernel, bias);
    const alone = lstmForward(second, { ...sizes, batch: 1 }, kernel, bias);
    expect([...together.subarray(3)]).toEqual([...alone]);
  });
});

describe('headForward', () => {
  it('adds the direct path and the hidden layer of each lead', () => {
    const shape: LstmShape = {
      lookback: 4,
      season: 1,
      maxLead: 2,
      units: 1,
      hidden: 1,
      scale: 'count',
      annual: false,
      base: ['last', 'last'],
    };
    const weights = weightViews(shape, new Float64Array(weightCount(shape)));
    weights.fromState[0] = 0.5;
    weights.leadBias.set([0, 1]);
    weights.out.set([1, 2]);
    weights.outBias.set([0.1, 0.2]);
    weights.direct[0] = 3;
    const leads = new Float64Array(2 * leadWidth(1));
    leads[leadWidth(1)] = 1; // first feature of lead 2
    // lead 1: tanh(0.5·2)·1 + 0.1; lead 2: tanh(1 + 1)·2 + 0.2 + 3·1
    const answer = headForward(Float64Array.of(2), leads, 1, shape, weights);
    expect(answer[0]).toBeCloseTo(Math.tanh(1) + 0.1, 12);
    expect(answer[1]).toBeCloseTo(2 * Math.tanh(2) + 3.2, 12);
  });
});
