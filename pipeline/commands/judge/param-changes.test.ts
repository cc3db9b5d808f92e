import { describe, expect, it } from 'vitest';
import { ModelParams } from '../../contracts/params.ts';
import { paramChanges } from './param-changes.ts';

const entry = (more: Record<string, unknown> = {}) =>
  ModelParams.parse({ task: 'forecast', source: { urls: ['x.csv'] }, ...more });

describe('paramChanges', () => {
  it('tells each setting that differs by its dotted name, also where it stood at its default', () => {
    const after = entry({ train: { seed: 2 }, horizons: [1, 7], roles: { 'a.b': 'date' } });
    expect(paramChanges(entry(), after)).toEqual([
      { setting: 'horizons', from: '[1,2,3,4,5,6,7]', to: '[1,7]' },
      { setting: 'roles.a.b', from: null, to: 'date' },
      { setting: 'train.seed', from: '1', to: '2' },
    ]);
    expect(paramChanges(after, after)).toEqual([]);
  });

  it('tells all of a new model, and of one that goes', () => {
    expect(paramChanges(null, entry()).every(({ from }) => from === null)).toBe(true);
    expect(paramChanges(entry(), null).every(({ to }) => to === null)).toBe(true);
  });
});
