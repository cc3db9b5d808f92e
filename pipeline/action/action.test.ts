import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { PromotionParams } from '../contracts/params.ts';
import { REPOSITORY } from '../workspace.ts';
import { decideOnNumbers, NumbersFile } from './numbers.ts';
import { comparePredictions, type Predictions } from './predictions.ts';

const DIGEST = 'a'.repeat(64);

describe('comparePredictions', () => {
  it('promotes what is better by enough, merges what is equal, refuses what is worse', () => {
    expect(compared(0.8).decision).toMatchObject({ outcome: 'better', merge: true, promote: true });
    expect(compared(1).decision).toMatchObject({ outcome: 'not-better', merge: true, promote: false });
    expect(compared(1.2).decision).toMatchObject({ outcome: 'worse', merge: false, promote: false });
  });

  it('refuses a prediction that is missing, and does not promote on too few moments', () => {
    const holes = predictions(0.8);
    holes.challenger[3] = NaN;
    expect(compare(holes).decision).toMatchObject({ outcome: 'refused', merge: false, promote: false });
    expect(compared(0.8, 20).decision).toMatchObject({
      outcome: 'inconclusive',
      merge: true,
      promote: false,
    });
  });

  it('sees a slice that gets worse while the whole gets better', () => {
    const made = predictions(0.2);
    made.slice!.forEach((slice, row) => {
      if (slice === 'south') made.challenger[row] = made.truth[row] * 1.26;
    });
    const { decision, metrics } = compare(made);
    expect(decision.merge).toBe(false);
    expect(decision.reason).toContain('south');
    expect(metrics.models[0].by_tract.south.wape).toBeCloseTo(0.26, 6);
  });

  it('lets the champion stand in for a baseline, and says so; with neither there is nothing to say', () => {
    const { decision, notes } = compare({ ...predictions(0.8), baseline: null });
    expect(decision.promote).toBe(true);
    expect(notes.join()).toContain('no column `baseline`');
    expect(() => compare({ ...predictions(0.8), baseline: null, champion: null })).toThrow(/neither/);
  });
});

describe('decideOnNumbers', () => {
  const decided = (file: unknown, metric = '') =>
    decideOnNumbers(NumbersFile.parse(file), {
      model: 'm',
      metric,
      policy: { min_improvement: 0.02, allowed_loss: 0.01 },
      digest: DIGEST,
    });

  it.each([
    [0.97, 'better', true, true],
    [0.99, 'not-better', true, false],
    [1, 'not-better', true, false],
    [1.0099, 'not-better', true, false],
    [1.02, 'worse', false, false],
  ])('calls an error of %s against 1 %s', (challenger, outcome, merge, promote) => {
    expect(decided({ rmse: { challenger, champion: 1, baseline: 2 } })).toMatchObject({
      outcome,
      merge,
      promote,
    });
  });

  it('knows which way is better, and guards the other metrics', () => {
    const accuracy = { direction: 'higher', challenger: 0.95, champion: 0.9, baseline: 0.5 };
    expect(decided({ accuracy }).promote).toBe(true);
    const rmse = { challenger: 2, champion: 1 };
    expect(decided({ accuracy, rmse }, 'accuracy')).toMatchObject({ outcome: 'worse', merge: false });
    expect(() => decided({ accuracy, rmse })).toThrow(/not ""/);
    expect(() => decided({ accuracy }, 'toString')).toThrow(/accuracy, not/);
  });

  it('never passes a number that is missing, nor a challenger below the baseline', () => {
    expect(decided({ rmse: { challenger: null, champion: 1 } })).toMatchObject({
      outcome: 'refused',
      merge: false,
    });
    expect(decided({ rmse: { challenger: 0.9, champion: 1, baseline: 0.5 } }).promote).toBe(false);
    expect(decided({ rmse: { challenger: 0.9, baseline: 0.5 } })).toMatchObject({
      outcome: 'worse',
      merge: false,
    });
    expect(() => decided({ rmse: { challenger: 0.9 } })).toThrow(/neither/);
  });
});

describe('action.yml', () => {
  it('hands every input to the step by its environment, and puts none into a command', async () => {
    const action = parse(await readFile(`${REPOSITORY}/action.yml`, 'utf8'));
    const [setup, step] = action.runs.steps;
    expect(Object.keys(step.env)).toEqual(
      Object.keys(action.inputs).map((name) => `INPUT_${name.toUpperCase().replaceAll('-', '_')}`),
    );
    expect(step.run).not.toContain('${{');
    expect(setup.uses).toMatch(/@[0-9a-f]{40}$/);
  });
});

function compared(factor: number, days?: number) {
  return compare(predictions(factor, days));
}

function compare(made: Predictions) {
  return comparePredictions(made, {
    model: 'm',
    policy: PromotionParams.parse({}),
    times: 8,
    digest: DIGEST,
    madeAt: '2026-07-01T00:00:00.000Z',
    commit: 'unknown',
  });
}

/** Two slices a day; the champion is 20 % off, the baseline 50 %, the challenger `factor` times as far as the champion. */
function predictions(factor: number, days = 80): Predictions {
  const rows = 2 * days;
  const truth = Float64Array.from({ length: rows }, (_, row) => 100 + (row % 7));
  return {
    time: Float64Array.from({ length: rows }, (_, row) => Math.floor(row / 2) * 86_400_000),
    truth,
    challenger: truth.map((value, row) => value * (1 + 0.2 * factor * (row % 2 ? 1 : -1))),
    champion: truth.map((value, row) => value * (1 + 0.2 * (row % 2 ? 1 : -1))),
    baseline: truth.map((value) => value * 1.5),
    slice: Array.from({ length: rows }, (_, row) => (row % 2 ? 'south' : 'north')),
  };
}
