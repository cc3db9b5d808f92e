import fc from 'fast-check';
import { expect, it } from 'vitest';
import { holm } from './holm.ts';

it('multiplies the smallest p-value by all tests, the next by one fewer, and never falls again', () => {
  // sorted .01·4 = .04, .02·3 = .06, .03·2 = .06, .5·1 = .5
  const adjusted = holm([0.02, 0.5, 0.01, 0.03]);
  [0.06, 0.5, 0.04, 0.06].forEach((expected, i) => {
    expect(adjusted[i]).toBeCloseTo(expected, 12);
  });
});

it('leaves untested slices out of the count', () => {
  expect(holm([NaN, 0.03, 0.9])).toEqual([NaN, 0.06, 0.9]);
  expect(holm([])).toEqual([]);
});

it('never lowers a p-value, keeps their order and stays below Bonferroni', () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }), (pValues) => {
      const adjusted = holm(pValues);
      pValues.forEach((p, i) => {
        expect(adjusted[i]).toBeGreaterThanOrEqual(p);
        expect(adjusted[i]).toBeLessThanOrEqual(Math.min(1, p * pValues.length) + 1e-12);
        pValues.forEach((q, j) => {
          if (p < q) expect(adjusted[i]).toBeLessThanOrEqual(adjusted[j]);
        });
      });
    }),
  );
});
