import { describe, expect, it } from 'vitest';
import { type BoostingOptions, fitForest } from './boosting.ts';
import { jitter } from './made-panel.testing.ts';
import { forestBytes, forestFrom, predictForest } from './predict/trees-predict.ts';

const OPTIONS: BoostingOptions = {
  rounds: 80,
  learningRate: 0.2,
  maxLeaves: 8,
  minLeafShare: 0.001,
  minLeafRows: 5,
  lambda: 0.1,
  rowShare: 0.8,
  featureShare: 1,
  patience: 0,
  seed: 7,
};

function examples(
  n: number,
  target: (x: number, y: number, row: number) => number,
  x = (row: number) => jitter(1, row),
) {
  const columns = [
    Float32Array.from({ length: n }, (_, row) => x(row)),
    Float32Array.from({ length: n }, (_, row) => jitter(2, row)),
  ];
  return {
    columns,
    target: Float32Array.from({ length: n }, (_, row) => target(columns[0][row], columns[1][row], row)),
    weight: new Float32Array(n).fill(1),
    group: Int32Array.from({ length: n }, (_, row) => row >> 4),
  };
}

describe('fitForest', () => {
  it('learns a step, and where the unknown belongs', () => {
    // x unknown on every fifth row, and there the answer is that of the upper side
    const forest = fitForest(
      examples(
        2000,
        (x) => (Number.isNaN(x) || x > 0.3 ? 2 : -1),
        (row) => (row % 5 === 0 ? Number.NaN : jitter(1, row)),
      ),
      OPTIONS,
    );
    expect(predictForest(forest, Float32Array.of(0.9, 0))).toBeCloseTo(2, 1);
    expect(predictForest(forest, Float32Array.of(-0.9, 0))).toBeCloseTo(-1, 1);
    expect(predictForest(forest, Float32Array.of(Number.NaN, 0))).toBeCloseTo(2, 1);
  });

  it('keeps near the median where a third of the answers are wild', () => {
    const forest = fitForest(
      examples(3000, (_x, _y, row) => (row % 3 === 0 ? 100 : 1)),
      OPTIONS,
    );
    expect(predictForest(forest, Float32Array.of(0, 0))).toBeLessThan(8); // the mean is 34
  });

  it('follows the weights', () => {
    const two = examples(2000, (_x, _y, row) => (row % 2 === 0 ? 0 : 10));
    two.weight = two.weight.map((_, row) => (row % 2 === 0 ? 1 : 20));
    expect(predictForest(fitForest(two, OPTIONS), Float32Array.of(0, 0))).toBeGreaterThan(8);
  });

  it('stops early on noise, and later where there is something to learn', () => {
    const options = { ...OPTIONS, rounds: 200, patience: 10 };
    const noise = fitForest(
      examples(600, (_x, _y, row) => jitter(3, row)),
      options,
    );
    const signal = fitForest(
      examples(600, (x, y) => 3 * x + y),
      options,
    );
    expect(noise.roots.length).toBeLessThan(30);
    expect(signal.roots.length).toBeGreaterThan(30);
  });

  it('gives the same forest for the same seed, and another for another', () => {
    const data = examples(800, (x, y) => x * y);
    const bytes = (seed: number) =>
      Buffer.from(forestBytes(fitForest(data, { ...OPTIONS, seed }))).toString('hex');
    expect(bytes(1)).toBe(bytes(1));
    expect(bytes(1)).not.toBe(bytes(2));
  });

  it('answers 0 where there is nothing to learn from', () => {
    const forest = fitForest(
      examples(0, () => 0),
      OPTIONS,
    );
    expect(predictForest(forest, Float32Array.of(0, 0))).toBe(0);
  });
});

describe('forestFrom', () => {
  const forest = fitForest(
    examples(500, (x, y) => x + y),
    { ...OPTIONS, rounds: 5 },
  );

  it('reads back what forestBytes wrote, from any address', () => {
    const bytes = forestBytes(forest);
    const shifted = new Uint8Array(bytes.length + 3);
    shifted.set(bytes, 3);
    const read = forestFrom(shifted.subarray(3));
    const row = Float32Array.of(0.4, -0.2);
    expect(predictForest(read, row)).toBe(predictForest(forest, row));
  });

  it('refuses bytes that are cut off or whose nodes lead in circles', () => {
    const bytes = forestBytes(forest);
    expect(() => forestFrom(bytes.subarray(0, bytes.length - 1))).toThrow(/its header says/);
    expect(() => forestFrom(new Uint8Array(3))).toThrow(/3 bytes/);
    const circle = { ...forest, left: forest.left.map(() => 0) };
    expect(() => forestFrom(forestBytes(circle))).toThrow(/points to 0/);
  });
});
