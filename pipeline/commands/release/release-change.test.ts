import { describe, expect, it } from 'vitest';
import { breakingWords, changeWords, modelMoves, type ReleaseChange, stepOf } from './release-change.ts';

const nothing: ReleaseChange = { first: false, models: [], code: [], breaking: [], refresh: false };
const model = { model: 'infections', from: 'v0001', to: 'v0002' };

describe('which step of the number', () => {
  it.each([
    ['nothing that is served', nothing, null],
    ['breaking words without a change of the image', { ...nothing, breaking: ['docs!: x'] }, null],
    ['a model alone', { ...nothing, models: [model] }, 'patch'],
    ['the base image', { ...nothing, refresh: true }, 'patch'],
    ['code', { ...nothing, code: ['serve/app.ts'] }, 'minor'],
    ['code and a model', { ...nothing, code: ['serve/app.ts'], models: [model] }, 'minor'],
    ['code that breaks', { ...nothing, code: ['serve/app.ts'], breaking: ['feat!: x'] }, 'major'],
    ['the first one', { ...nothing, first: true }, 'patch'],
  ] as const)('%s', (_, change, step) => expect(stepOf(change as ReleaseChange)).toBe(step));
});

it('tells models that moved, came and went, by their digests', () => {
  const at = (version: string, digest = version) => ({ version, digest });
  expect(
    modelMoves(
      { kept: at('v0001'), moved: at('v0001'), gone: at('v0003') },
      { kept: at('v0001'), moved: at('v0002'), fresh: at('v0001') },
    ),
  ).toEqual([
    { model: 'fresh', from: null, to: 'v0001' },
    { model: 'gone', from: 'v0003', to: null },
    { model: 'moved', from: 'v0001', to: 'v0002' },
  ]);
  // The same number in another registry is another model.
  expect(modelMoves({ a: at('v0001', 'x') }, { a: at('v0001', 'y') })).toHaveLength(1);
});

it('takes a merge for breaking by its own words alone', () => {
  const messages = [
    'feat(serve)!: answers have another shape\n',
    'serve: mend\n\nBREAKING CHANGE: /forecast tells no interval',
    'serve: nothing is breaking here',
    'docs: how to say BREAKING',
  ];
  expect(breakingWords(messages)).toEqual(['feat(serve)!: answers have another shape', 'serve: mend']);
});

it('tells code and model changes apart', () => {
  const change = {
    ...nothing,
    models: [model, { model: 'old', from: 'v0001', to: null }],
    code: ['a', 'b', 'c', 'd', 'e', 'f'],
  };
  expect(changeWords(change)).toEqual([
    { what: 'Model', seen: 'infections: v0001 → v0002' },
    { what: 'Model', seen: 'old is served no longer (was v0001)' },
    { what: 'Code', seen: '6 files: a, b, c, d, e and 1 more' },
  ]);
});
