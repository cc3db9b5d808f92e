import fc from 'fast-check';
import { expect, test } from 'vitest';
import { nameLikeness } from './match-names.ts';

test.each([
  ['lat', 'latitudine', 0.7],
  ['totale_attualmente_positivi', 'totale_positivi', 0.7],
  ['newCases', 'new_cases', 1],
  ['Età', 'eta', 1],
])('%s and %s are alike', (a, b, least) => {
  expect(nameLikeness(a, b)).toBeGreaterThanOrEqual(least);
});

test.each([
  ['deceduti', 'tamponi'],
  ['casi_da_screening', 'ingressi_terapia_intensiva'],
])('%s and %s are not', (a, b) => {
  expect(nameLikeness(a, b)).toBeLessThan(0.5);
});

test('likeness is a share, the same both ways', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), (a, b) => {
      const likeness = nameLikeness(a, b);
      expect(likeness).toBeGreaterThanOrEqual(0);
      expect(likeness).toBeLessThanOrEqual(1);
      expect(nameLikeness(b, a)).toBeCloseTo(likeness, 12);
    }),
  );
});
