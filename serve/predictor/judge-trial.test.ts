import { describe, expect, it } from 'vitest';
import type { RouteTimes } from './figures.ts';
import { judgeTrial, type SideFigures, type TrialFigures } from './judge-trial.ts';

const limits = { requests: 500, maxErrorRate: 0.01, maxLatencyRatio: 2, maxDifference: 0.5 };

function side(requests: number, failed = 0, times: Record<string, RouteTimes> = {}): SideFigures {
  return {
    requests,
    failed,
    errorRate: requests === 0 ? 0 : failed / requests,
    times: new Map(Object.entries(times)),
  };
}

function judged(given: Partial<TrialFigures>) {
  return judgeTrial(
    { challenger: side(500), champion: side(500), differences: null, timeIsUp: false, ...given },
    limits,
  );
}

describe('failures', () => {
  // 1 % of 500 requests are 5.
  it.each([
    [5, 500, 'holds'],
    [6, 500, 'worse'],
    [6, 10, 'worse'],
    [5, 10, 'goes on'],
    [1, 10, 'goes on'],
  ])('%i of %i so far: %s', (failed, requests, verdict) => {
    expect(judged({ challenger: side(requests, failed) }).verdict).toBe(verdict);
  });

  it('are compared with those of the one before', () => {
    // It failed in 2 %: 3 % of 500 are 15.
    const champion = side(500, 10);
    expect(judged({ champion, challenger: side(500, 15) }).verdict).toBe('holds');
    expect(judged({ champion, challenger: side(500, 16) })).toEqual({
      verdict: 'worse',
      reason: '16 of 500 requests failed, 3 % may (the one before: 2 %)',
    });
  });

  it('of few requests count when time is up, one alone does not', () => {
    expect(judged({ challenger: side(20, 2), timeIsUp: true }).verdict).toBe('worse');
    expect(judged({ challenger: side(20, 1), timeIsUp: true }).verdict).toBe('holds');
    expect(judged({ challenger: side(0), timeIsUp: true }).reason).toContain('time is up');
  });
});

describe('times', () => {
  const times = (median: number, { n = 200, p95 = median } = {}) => ({ '/predict': { n, median, p95 } });

  it.each([
    ['twice as long holds', times(40), times(20), 'holds'],
    ['more than that is worse', times(40.1), times(20), 'worse'],
    ['a few milliseconds are noise', times(6), times(1), 'holds'],
    ['more of them are not', times(6.1), times(1), 'worse'],
    ['too few to tell', times(100, { n: 29 }), times(1), 'holds'],
    ['too few before to tell', times(100), times(1, { n: 29 }), 'holds'],
    ['slow at the end alone is worse', times(1, { p95: 90 }), times(1, { p95: 30 }), 'worse'],
    ['a longer end within the noise', times(1, { p95: 79 }), times(1, { p95: 30 }), 'holds'],
    ['another route cannot be compared', times(100), { '/forecast': { n: 200, median: 1, p95: 1 } }, 'holds'],
  ])('%s', (_what, now, before, verdict) => {
    expect(judged({ challenger: side(500, 0, now), champion: side(500, 0, before) }).verdict).toBe(verdict);
  });

  it('are looked at on the way too', () => {
    const both = (n: number) => ({ challenger: side(n, 0, times(50)), champion: side(500, 0, times(1)) });
    expect(judged(both(100)).verdict).toBe('worse');
    expect(judged(both(99)).verdict).toBe('goes on');
  });
});

describe('differences', () => {
  it.each([
    [{ n: 500, mean: 0.5 }, 500, 'holds'],
    [{ n: 500, mean: 0.51 }, 500, 'worse'],
    [{ n: 20, mean: 0.51 }, 20, 'worse'],
    [{ n: 19, mean: 0.51 }, 19, 'goes on'],
    [{ n: 1, mean: Number.POSITIVE_INFINITY }, 1, 'worse'],
  ])('%o after %i: %s', (differences, requests, verdict) => {
    expect(judged({ differences, challenger: side(requests) }).verdict).toBe(verdict);
  });

  it('of NaN are not held for small', () => {
    expect(judged({ differences: { n: 500, mean: Number.NaN } }).verdict).toBe('worse');
  });
});
