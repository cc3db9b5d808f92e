import { describe, expect, it } from 'vitest';
import { ModelParams } from '../../contracts/params.ts';
import type { ModelInputs } from '../../model-inputs.ts';
import { candidateNeed, type NeedInput, overriddenModels } from './candidate-plan.ts';

function inputs(lookback: number, active = true): ModelInputs {
  const params = ModelParams.parse({ task: 'forecast', active, source: { urls: ['x.csv'] } });
  const recipe = { stage: 'train' as const, params: { lookback }, inputs: {}, packages: {}, code: {} };
  return {
    params,
    recipe: { features: { ...recipe, stage: 'features' }, train: recipe },
    stages: {},
    production: null,
  };
}
const at = '2026-07-01T06:00:00.000Z';
const source = JSON.stringify({
  urls: {},
  snapshot: { collected_at: at, sha256: '0'.repeat(64) },
  last_new_at: at,
  checked_at: at,
});
const decided = (day: string, champion: string | null) =>
  JSON.stringify({
    model: 'm',
    decided_at: `2026-07-${day}T06:00:00.000Z`,
    outcome: 'better',
    merge: true,
    promote: true,
    reason: '',
    rules: [],
    metric: 'wape',
    challenger: { name: 'x', digest: 'b'.repeat(64), score: null },
    champion: champion && { name: 'x', version: 'v0001', digest: champion.repeat(64), score: null },
    baseline: { name: 'y', score: null },
    improvement: { estimate: null, low: null, high: null, smallest_visible: null },
    cutoffs: 0,
    look: { number: 1, alpha: 0.1 },
    policy: {},
  });
const files = (entries: Record<string, string> = {}) => new Map(Object.entries(entries));
const master = files({ 'reports/m/source.json': source });
const need = (change: Partial<NeedInput>) =>
  candidateNeed('m', {
    inputs: { test: inputs(28), master: inputs(14), candidate: null },
    master,
    candidate: null,
    overridden: false,
    ...change,
  });

describe('the candidate of a merge into test', () => {
  it('is trained where the recipe is not master’s', () => {
    expect(need({})).toMatchObject({ train: true });
    expect(need({ inputs: { test: inputs(28), master: null, candidate: null } })).toMatchObject({
      train: true,
    });
  });

  it('is not trained where the recipe is master’s: a merge of master into test changes no model', () => {
    expect(need({ inputs: { test: inputs(14), master: inputs(14), candidate: null } })).toMatchObject({
      train: false,
    });
  });

  it('is trained once: the candidate that has it keeps it through merges that change other things', () => {
    const seen = { test: inputs(28), master: inputs(14), candidate: inputs(28) };
    const candidate = files({ 'reports/m/promotion.json': decided('02', null) });
    expect(need({ inputs: seen, candidate })).toMatchObject({ train: false, kept: true });
    // It was killed before it was trained, or another recipe was.
    expect(need({ inputs: seen, candidate: files() })).toMatchObject({ train: true });
    expect(need({ inputs: { ...seen, candidate: inputs(7) }, candidate })).toMatchObject({ train: true });
    // Compared with a champion that master does not have any more.
    const other = files({ 'reports/m/promotion.json': decided('02', 'c') });
    expect(need({ inputs: seen, candidate: other })).toMatchObject({ train: true });
  });

  it('is none of a model without data in master, or that is not active', () => {
    expect(need({ master: files() })).toMatchObject({ train: false, kept: false });
    const idle = { test: inputs(28, false), master: inputs(14), candidate: null };
    expect(need({ inputs: idle })).toMatchObject({ train: false });
  });

  it('is trained where a person with rights has overridden the verdict, same recipe or not', () => {
    const seen = { test: inputs(14), master: inputs(14), candidate: null };
    expect(need({ inputs: seen, overridden: true })).toMatchObject({ train: true });
  });
});

it('finds overrides that master does not know yet', () => {
  const path = 'reports/m/history/2026-07-01T06-00-00-000Z-override.json';
  expect(overriddenModels(files({ [path]: '{}' }), files())).toEqual(['m']);
  expect(overriddenModels(files({ [path]: '{}' }), files({ [path]: '{}' }))).toEqual([]);
});
