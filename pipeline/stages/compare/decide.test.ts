import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { LEVELS } from '../../contracts/forecast.ts';
import type { LossTable } from '../../contracts/losses.ts';
import { PromotionParams } from '../../contracts/params.ts';
import { scoreForecasts } from '../../metrics/errors.ts';
import { type DecideInput, decide } from './decide.ts';

const DAY = 86_400_000;
const CHALLENGER = 'c'.repeat(64);
const CHAMPION = 'a'.repeat(64);

describe('against a champion', () => {
  it('promotes what is better by enough and beyond noise', () => {
    const decision = decide(input({ factor: 0.9 }));
    expect(decision).toMatchObject({ outcome: 'better', merge: true, promote: true });
    expect(decision.improvement.estimate).toBeCloseTo(0.1, 10);
    expect(decision.improvement.low).toBeGreaterThan(0);
    expect(decision.rules.every(({ passed }) => passed)).toBe(true);
    expect(decision.reason).toMatch(
      /^trees forecasts 10\.0 % better than the champion v0003 .* beyond noise/,
    );
  });

  it('keeps the champion on a tie', () => {
    const decision = decide(input({ factor: 1 }));
    expect(decision).toMatchObject({ outcome: 'not-better', merge: true, promote: false });
    expect(decision.reason).toContain('exactly as well');
    expect(decide(input({ factor: 1 - 1e-7 })).reason).toContain('exactly as well');
    expect(decide(input({ factor: 1 - 1e-5 })).reason).toContain('better by 0.0 %');
  });

  it('asks for min_improvement: just above it passes, just below it does not', () => {
    expect(decide(input({ factor: 1 - 0.0201 }))).toMatchObject({ outcome: 'better', promote: true });
    const below = decide(input({ factor: 1 - 0.0199 }));
    expect(below).toMatchObject({ outcome: 'not-better', merge: true, promote: false });
    expect(failed(below)).toEqual(['improves-enough']);
    expect(below.reason).toContain('less than the 2.0 %');
  });

  it('lets through what is worse by no more than the allowed loss, and blocks what is beyond', () => {
    expect(decide(input({ factor: 1.0099 }))).toMatchObject({
      outcome: 'not-better',
      merge: true,
      promote: false,
    });
    const beyond = decide(input({ factor: 1.0101 }));
    expect(beyond).toMatchObject({ outcome: 'worse', merge: false, promote: false });
    expect(failed(beyond)).toContain('not-worse: main metric');
    expect(beyond.reason).toContain('1.0 % worse than the champion v0003');
  });

  it('cannot tell an improvement that is large but within noise: merges, does not promote', () => {
    const decision = decide(input({ factor: 0.95, noise: 0.8, days: 42 }));
    expect(decision.improvement.estimate).toBeGreaterThan(0.02);
    expect(decision.improvement.low).toBeLessThan(0);
    expect(decision).toMatchObject({ outcome: 'inconclusive', merge: true, promote: false });
    expect(decision.reason).toMatch(/Cannot be told .* would have seen an improvement of/);
  });

  it('does not block a loss within noise', () => {
    const decision = decide(input({ factor: 1.03, noise: 0.8, days: 42 }));
    expect(decision.improvement.estimate).toBeLessThan(-0.01);
    expect(decision.merge).toBe(true);
    expect(decision.rules.find(({ rule }) => rule === 'not-worse: main metric')?.detail).toBe('within noise');
  });

  it('is inconclusive with one cutoff too few, and decides with just enough', () => {
    const few = decide(input({ factor: 0.8, days: 29, policy: { min_cutoffs: 30 } }));
    expect(few).toMatchObject({ outcome: 'inconclusive', merge: true, promote: false, cutoffs: 29 });
    expect(few.reason).toContain('29 days of forecasts, 30 are needed');
    expect(decide(input({ factor: 0.8, days: 30, policy: { min_cutoffs: 30 } }))).toMatchObject({
      outcome: 'better',
      promote: true,
    });
  });

  it('is inconclusive where the days make fewer than two blocks, however many are asked for', () => {
    const decision = decide(input({ factor: 0.8, days: 27, policy: { min_cutoffs: 5 } }));
    expect(decision).toMatchObject({ outcome: 'inconclusive', merge: true, promote: false });
    expect(decision.reason).toContain('two blocks of 14 cutoffs');
  });

  it('pays for repeated looks: the same evidence passes at the first and not at the twentieth', () => {
    const evidence = { factor: 0.93, noise: 0.12, days: 60 };
    const first = decide(input({ ...evidence, look: 1 }));
    const twentieth = decide(input({ ...evidence, look: 20 }));
    expect(first.promote).toBe(true);
    expect(twentieth).toMatchObject({ promote: false, merge: true, look: { number: 20 } });
    expect(twentieth.improvement.estimate).toBe(first.improvement.estimate);
    expect(twentieth.look.alpha).toBeCloseTo(first.look.alpha / 400, 12);
  });

  it('does not promote what loses to the baseline, even if the champion is worse still', () => {
    const decision = decide(input({ factor: 0.9, baselineFactor: 0.85 }));
    expect(decision).toMatchObject({ outcome: 'not-better', merge: true, promote: false });
    expect(failed(decision)).toEqual(['beats-baseline']);
    expect(decision.reason).toContain('does not beat the baseline');
  });

  it('measures itself against the strongest baseline, and a tie with it is no win', () => {
    const made = input({ factor: 0.9 });
    const strong = table('baseline', 0.9, made.days);
    made.losses.push({ ...strong, model: 'persistence' });
    made.baselines.push({ name: 'persistence', errors: errorsOf(strong) });
    const decision = decide(made);
    expect(decision.baseline.name).toBe('persistence');
    expect(decision.promote).toBe(false);
  });
});

describe('harm in part', () => {
  it('blocks a challenger that is better on the whole and worse at one horizon', () => {
    const decision = decide(input({ factor: 0.9, worseAt: { horizon: 7, by: 1.05 } }));
    expect(decision).toMatchObject({ outcome: 'worse', merge: false, promote: false });
    expect(failed(decision)).toContain('not-worse: horizon');
    expect(decision.reason).toMatch(/horizon .*worse beyond noise: 7/);
  });

  it('lets a horizon lose no more than is allowed', () => {
    const decision = decide(input({ factor: 0.9, worseAt: { horizon: 7, by: 1.0099 } }));
    expect(decision).toMatchObject({ outcome: 'better', promote: true });
  });

  it('blocks a challenger that fails one tract', () => {
    const decision = decide(input({ factor: 0.9, worseAt: { tract: 2, by: 1.3 } }));
    expect(decision.merge).toBe(false);
    expect(failed(decision)).toContain('not-worse: tract');
    expect(decision.rules.find(({ rule }) => rule === 'not-worse: tract')?.detail).toContain('t2');
  });

  it('does not judge a slice with fewer than min_n days', () => {
    const short = { factor: 0.9, worseAt: { tract: 2, by: 1.02 }, onlyDays: { tract: 2, days: 27 } };
    expect(decide(input(short)).rules.find(({ rule }) => rule === 'not-worse: tract')?.detail).not.toContain(
      't2',
    );
    expect(decide(input(short)).promote).toBe(true);
    const enough = decide(input({ ...short, onlyDays: { tract: 2, days: 40 } }));
    expect(enough.merge).toBe(false);
  });

  it('guards the interval score where both sides have one', () => {
    const made = input({ factor: 0.9 });
    const ours = made.losses[0];
    ours.wis = ours.wis.map((wis) => wis * 1.5);
    expect(failed(decide(made))).toContain('not-worse: wis');
    made.losses[1].wis.fill(NaN);
    expect(decide(made).rules.map(({ rule }) => rule)).not.toContain('not-worse: wis');
  });

  it('does not take a hundred noisy equal tracts for harm', () => {
    const decision = decide(input({ factor: 1, noise: 0.5, tracts: 100, days: 60 }));
    expect(decision.rules.find(({ rule }) => rule === 'not-worse: tract')?.passed).toBe(true);
  });
});

describe('what never passes', () => {
  it.each([
    ['challenger', 'not a number', (made: Made) => made.losses[0].loss.fill(NaN, 3, 4)],
    ['challenger', 'not a forecast', (made: Made) => made.losses[0].forecast.fill(NaN, 3, 4)],
    [
      'challenger',
      'no metric',
      (made: Made) => {
        made.challenger.errors.wape = null;
      },
    ],
    [
      'champion',
      'no metric',
      (made: Made) => {
        made.champion!.errors.wape = null;
      },
    ],
    [
      'baseline',
      'no metric',
      (made: Made) => {
        made.baselines[0].errors.wape = null;
      },
    ],
    [
      'challenger',
      'no interval score',
      (made: Made) => {
        made.challenger.errors.wis = null;
      },
    ],
  ])('is a %s with %s', (_side, _what, spoil) => {
    const made = input({ factor: 0.5 });
    spoil(made);
    expect(decide(made)).toMatchObject({ outcome: 'refused', merge: false, promote: false });
    expect(failed(decide(made))).toEqual(['finite-numbers']);
  });

  it.each([
    [
      'other days',
      (made: Made) => {
        made.losses[0].cutoff[5] += DAY;
      },
    ],
    [
      'other truths',
      (made: Made) => {
        made.losses[0].truth[5] += 1;
      },
    ],
    [
      'fewer rows',
      (made: Made) => {
        made.losses[1] = table('champion', 1, made.days - 1);
      },
    ],
    ['no champion', (made: Made) => void made.losses.splice(1, 1)],
    [
      'no rows',
      (made: Made) => {
        made.losses = made.losses.map(({ role }) => table(role, 1, 0));
      },
    ],
  ])('is a comparison on %s', (_what, spoil) => {
    const made = input({ factor: 0.5 });
    spoil(made);
    const decision = decide(made);
    expect(decision).toMatchObject({ outcome: 'refused', merge: false, promote: false, cutoffs: 0 });
    expect(failed(decision)).toContain('same-days');
    expect(decision.reason).toContain('not scored on the same days');
  });
});

describe('a first model', () => {
  it('is promoted if it beats the baseline', () => {
    const decision = decide(input({ factor: 0.9, first: true }));
    expect(decision).toMatchObject({ outcome: 'first', merge: true, promote: true, champion: null });
    expect(decision.reason).toContain('First model');
    expect(decision.look).toMatchObject({ number: 1 });
  });

  it('is refused if it loses or only draws level', () => {
    for (const factor of [1.5, 1.2]) {
      const decision = decide(input({ factor, baselineFactor: 1.2, first: true }));
      expect(decision).toMatchObject({ outcome: 'refused', merge: false, promote: false });
      expect(decision.reason).toContain('loses to the baseline');
    }
  });

  it('may be the baseline itself, and says so, even with little data', () => {
    for (const days of [60, 10]) {
      const decision = decide(input({ factor: 1.2, first: true, isBaseline: true, days }));
      expect(decision).toMatchObject({ outcome: 'first', promote: true });
      expect(decision.reason).toContain('the baseline trees itself is published');
    }
  });

  it('waits for enough days otherwise', () => {
    expect(decide(input({ factor: 0.5, first: true, days: 27 }))).toMatchObject({
      outcome: 'inconclusive',
      merge: true,
      promote: false,
    });
  });
});

describe('the block', () => {
  it('counts in cutoffs: weekly cutoffs of weekly data make short blocks', () => {
    const made = input({ factor: 0.9, days: 60, spacing: 7 * DAY });
    made.blockMs = 8 * 7 * DAY;
    expect(decide(made).outcome).toBe('better');
    made.blockMs = 40 * 7 * DAY;
    expect(decide(made).outcome).toBe('inconclusive');
  });
});

interface Wish {
  /** Challenger's errors as a multiple of the champion's. */
  factor: number;
  baselineFactor?: number;
  noise?: number;
  days?: number;
  tracts?: number;
  spacing?: number;
  look?: number;
  first?: boolean;
  isBaseline?: boolean;
  policy?: Partial<PromotionParams>;
  worseAt?: { horizon?: number; tract?: number; by: number };
  onlyDays?: { tract: number; days: number };
}

type Made = DecideInput & { days: number };

function input(wish: Wish): Made {
  const { factor, days = 60, look = 1, first = false, baselineFactor = 1.2, isBaseline = false } = wish;
  const ours = table('challenger', factor, days, wish);
  const champion = table('champion', 1, days, { ...wish, noise: 0, worseAt: undefined });
  const baseline = table('baseline', baselineFactor, days, { ...wish, noise: 0, worseAt: undefined });
  return {
    model: 'infections',
    challenger: { name: 'trees', digest: CHALLENGER, isBaseline, errors: errorsOf(ours) },
    champion: first ? null : { name: 'lstm', version: 'v0003', digest: CHAMPION, errors: errorsOf(champion) },
    baselines: [{ name: 'seasonal-naive', errors: errorsOf(baseline) }],
    losses: first ? [ours, baseline] : [ours, champion, baseline],
    policy: PromotionParams.parse({ ...wish.policy }),
    look,
    blockMs: 14 * DAY,
    days,
  };
}

/** Truth 1000 everywhere, errors of `factor` × (80 … 120): every sum is known. */
function table(role: LossTable['role'], factor: number, days: number, wish: Partial<Wish> = {}): LossTable {
  const { noise = 0, tracts = 4, spacing = DAY, worseAt, onlyDays } = wish;
  const uniform = xoroshiro128plus(9);
  const rows: { tract: number; day: number; horizon: number }[] = [];
  for (let tract = 0; tract < tracts; tract++)
    for (let day = 0; day < days; day++)
      for (const horizon of [1, 7])
        if (tract !== onlyDays?.tract || day < onlyDays.days) rows.push({ tract, day, horizon });
  const shocks = Array.from({ length: tracts * days }, () => 2 * uniformFloat64(uniform) - 1);
  const plain = rows.map(({ tract, day, horizon }) => {
    const hit = worseAt && (worseAt.horizon === horizon || worseAt.tract === tract);
    return (hit ? worseAt.by : factor) * (100 + 20 * Math.sin(day));
  });
  const shaken = plain.map((error, row) => {
    const { tract, day } = rows[row];
    return error * (1 + noise * shocks[day] + noise * 0.2 * shocks[tract * days + day]);
  });
  // The noise moves the days, not the sum: the estimate is what the wish says.
  const errors = shaken.map((error) => error * (sum(plain) / sum(shaken)));
  const loss = Float64Array.from(errors);
  return {
    role,
    model: role === 'baseline' ? 'seasonal-naive' : role,
    tracts: Array.from({ length: tracts }, (_, tract) => `t${tract}`),
    tract: Int32Array.from(rows, ({ tract }) => tract),
    cutoff: Float64Array.from(rows, ({ day }) => Date.UTC(2026, 0, 1) + day * spacing),
    horizon: Int32Array.from(rows, ({ horizon }) => horizon),
    truth: new Float64Array(rows.length).fill(1000),
    forecast: Float64Array.from(errors, (error) => 1000 + error),
    loss,
    wis: loss.slice(),
    phase: Int32Array.from(rows, ({ day }) => day % 2),
  };
}

function sum(values: number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function errorsOf(table: LossTable) {
  const quantiles = Float64Array.from(
    { length: table.truth.length * LEVELS.length },
    (_, i) => table.forecast[Math.floor(i / LEVELS.length)],
  );
  return scoreForecasts({ truth: table.truth, forecast: table.forecast, quantiles, levels: LEVELS });
}

function failed({ rules }: { rules: { rule: string; passed: boolean }[] }): string[] {
  return rules.filter(({ passed }) => !passed).map(({ rule }) => rule);
}
