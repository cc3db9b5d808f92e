import { expect, it } from 'vitest';
import { ModelParams } from '../contracts/params.ts';
import { selectionLoss, withTrial } from './trials.ts';

const params = ModelParams.parse({
  task: 'forecast',
  source: { urls: ['cases.csv'] },
  train: { seed: 5, trials: { long: { lookback: 28 }, wide: { units: 64, seed: 2 } } },
});

it('puts a trial’s settings in the place of the model’s', () => {
  expect(withTrial(params, 'long').train).toMatchObject({ seed: 5, lookback: 28 });
  expect(withTrial(params, 'wide').train).toMatchObject({ seed: 2, units: 64 });
});

it('names the trials there are where one is asked for that is not listed', () => {
  expect(() => withTrial(params, 'longer')).toThrow(/no trial "longer"/);
  expect(() => withTrial(params, 'toString')).toThrow(/no trial/);
  expect(() => ModelParams.parse({ ...params, train: { trials: { none: {} } } })).toThrow(/at least one/);
});

it('tells the mean loss of the chosen candidate, and nothing where a horizon has none', () => {
  const candidates = [
    { name: 'trees', by_horizon: { 1: 0.1, 2: 0.3 } },
    { name: 'lstm', by_horizon: { 1: 0.1, 2: null } },
  ];
  expect(selectionLoss({ chosen: 'trees', candidates })).toBeCloseTo(0.2, 12);
  expect(selectionLoss({ chosen: 'lstm', candidates })).toBeNull();
  expect(selectionLoss({ chosen: 'blend', candidates })).toBeNull();
});
