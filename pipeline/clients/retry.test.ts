import fc from 'fast-check';
import { expect, test } from 'vitest';
import { pace } from './pace.ts';
import { AttemptError, GaveUp, retryAfter, retrying, type Timing } from './retry.ts';

const down = (retryAfterMs?: number) =>
  new AttemptError('down', { passing: true, hint: 'wait', retryAfterMs });

async function waitsOf(failures: AttemptError[], retries: number, random: () => number) {
  const waits: number[] = [];
  const timing: Timing = { random, elapsed: () => 0, sleep: async (ms) => void waits.push(ms) };
  const left = [...failures];
  const attempt = async () => {
    const failure = left.shift();
    if (failure) throw failure;
    return 'done';
  };
  const result = await retrying(attempt, { retries, timing }).catch((error: unknown) => error);
  return { waits, result };
}

test('waits a random share of 1, 2, 4, 8, 16, 30, 30 seconds', async () => {
  const { waits, result } = await waitsOf(
    Array.from({ length: 7 }, () => down()),
    7,
    () => 1,
  );
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  expect(result).toBe('done');
});

test('no wait is longer than its step, whatever chance says', async () => {
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 0, max: 0.999, noNaN: true }), async (chance) => {
      const { waits } = await waitsOf([down(), down(), down()], 3, () => chance);
      expect(waits).toEqual([1000, 2000, 4000].map((step) => step * chance));
    }),
  );
});

test('gives up after the last retry, and says how often it tried', async () => {
  const { result } = await waitsOf([down(), down(), down()], 2, () => 0);
  expect(result).toBeInstanceOf(GaveUp);
  expect((result as GaveUp).attempts).toBe(3);
});

test('a Retry-After of two minutes is waited for, a millisecond more is not', async () => {
  expect((await waitsOf([down(120_000)], 1, () => 1)).waits).toEqual([120_000]);
  const { waits, result } = await waitsOf([down(120_001)], 1, () => 1);
  expect(waits).toEqual([]);
  expect((result as GaveUp).attempts).toBe(1);
});

test('what cannot pass, and mistakes of our own, are not tried again', async () => {
  const no = new AttemptError('no', { passing: false, hint: 'ask' });
  expect(((await waitsOf([no], 5, () => 1)).result as GaveUp).attempts).toBe(1);
  const mistake = new TypeError('x is not a function');
  const timing: Timing = { random: () => 0, elapsed: () => 0, sleep: async () => {} };
  await expect(retrying(() => Promise.reject(mistake), { retries: 5, timing })).rejects.toBe(mistake);
});

test('reads Retry-After in seconds and as a date; a past date is now, rubbish is nothing', () => {
  const now = Date.parse('2026-03-01T00:00:00Z');
  expect(retryAfter('5', now)).toBe(5000);
  expect(retryAfter('Sun, 01 Mar 2026 00:00:10 GMT', now)).toBe(10_000);
  expect(retryAfter('Sat, 28 Feb 2026 00:00:10 GMT', now)).toBe(0);
  expect(retryAfter('soon', now)).toBeUndefined();
  expect(retryAfter(undefined, now)).toBeUndefined();
});

test('no window of a minute ever holds more requests than the quota', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 5 }),
      fc.array(fc.integer({ min: 0, max: 40_000 }), { minLength: 1, maxLength: 30 }),
      async (quota, gaps) => {
        let now = 0;
        const timing: Timing = {
          random: () => 0,
          elapsed: () => now,
          sleep: async (ms) => {
            now += ms;
          },
        };
        const hold = pace(quota, timing);
        const starts: number[] = [];
        for (const gap of gaps) {
          now += gap;
          await hold();
          starts.push(now);
        }
        for (const start of starts) {
          expect(
            starts.filter((other) => other >= start && other < start + 60_000).length,
          ).toBeLessThanOrEqual(quota);
        }
      },
    ),
  );
});

test('half a request a minute is one every two minutes', async () => {
  let now = 0;
  const timing: Timing = {
    random: () => 0,
    elapsed: () => now,
    sleep: async (ms) => {
      now += ms;
    },
  };
  const hold = pace(0.5, timing);
  await hold();
  await hold();
  await hold();
  expect(now).toBe(240_000);
});
