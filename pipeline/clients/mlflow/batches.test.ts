import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Load, loads } from './batches.ts';
import { LIMITS } from './limits.ts';

const points = (count: number) =>
  Array.from({ length: count }, (_, step) => ({ key: 'loss', value: step, timestamp: 1_000 + step, step }));
const named = (count: number, value: string) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, value]));
const sizes = (all: Load[]) =>
  all.map(({ metrics, params, tags }) => [metrics.length, params.length, tags.length]);

test('sends as few requests as the limits allow', () => {
  expect(sizes(loads({}))).toEqual([]);
  expect(sizes(loads({ metrics: points(2_000), params: named(60, 'x') }))).toEqual([
    [940, 60, 0],
    [1_000, 0, 0],
    [60, 0, 0],
  ]);
  expect(sizes(loads({ params: named(101, 'x'), tags: named(250, 'y') }))).toEqual([
    [0, 100, 100],
    [0, 1, 100],
    [0, 0, 50],
  ]);
});

test('whatever is given: nothing lost, nothing doubled, every request within the limits', () => {
  const value = fc.string({ maxLength: 30 }).chain((text) => fc.nat(900).map((n) => text.repeat(n + 1)));
  const batch = fc.record({
    metrics: fc.nat(2_500).map(points),
    params: fc.tuple(fc.nat(250), value).map(([count, text]) => named(count, text)),
    tags: fc.tuple(fc.nat(250), value).map(([count, text]) => named(count, text)),
  });
  fc.assert(
    fc.property(batch, (given) => {
      const all = loads(given);
      for (const load of all) {
        const { metrics, params, tags } = load;
        expect(params.length).toBeLessThanOrEqual(LIMITS.batchParams);
        expect(tags.length).toBeLessThanOrEqual(LIMITS.batchTags);
        expect(metrics.length + params.length + tags.length).toBeLessThanOrEqual(LIMITS.batchInAll);
        expect(metrics.length + params.length + tags.length).toBeGreaterThan(0);
        expect(JSON.stringify({ run_id: 'x'.repeat(32), ...load }).length).toBeLessThan(LIMITS.batchBytes);
      }
      expect(all.flatMap(({ metrics }) => metrics)).toEqual(given.metrics);
      expect(all.flatMap(({ params }) => params.map(({ key }) => key))).toEqual(Object.keys(given.params));
      expect(all.flatMap(({ tags }) => tags.map(({ key }) => key))).toEqual(Object.keys(given.tags));
    }),
    { numRuns: 30 },
  );
});

test('measures text that is not ASCII as servers write it again', () => {
  // 100 parameters of 6,000 letters fit in one request; of as many letters "é", six bytes each, only some.
  expect(loads({ params: named(100, 'e'.repeat(6_000)) })).toHaveLength(1);
  expect(loads({ params: named(100, 'é'.repeat(6_000)) })).toHaveLength(4);
});

test('a point that is given twice goes once, NaN too; times and steps are whole', () => {
  const nan = { key: 'a', value: Number.NaN, timestamp: 5.4, step: 1 };
  expect(loads({ metrics: [nan, { ...nan }, { ...nan, step: 2 }] })[0]?.metrics).toEqual([
    { ...nan, timestamp: 5 },
    { ...nan, timestamp: 5, step: 2 },
  ]);
});

test('refuses a key before anything is sent', () => {
  expect(() => loads({ metrics: points(1), params: { 'a=b': 1 } })).toThrow(/"=" is not allowed/);
});
