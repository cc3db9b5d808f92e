import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkedAlias, checkedKey, checkedName, cut, LIMITS, safeKey } from './limits.ts';
import { MlflowError } from './mlflow-error.ts';

const refusal = (act: () => unknown): MlflowError => {
  try {
    act();
  } catch (error) {
    if (error instanceof MlflowError && error.failure === 'invalid') return error;
    throw error;
  }
  throw new Error('was not refused');
};

describe('cut', () => {
  test('says how long the text was, and never exceeds the limit', () => {
    expect(cut('x'.repeat(6_000), 6_000)).toBe('x'.repeat(6_000));
    const short = cut('x'.repeat(12_345), 6_000);
    expect(short).toHaveLength(6_000);
    expect(short.endsWith('x… [cut: 12,345 characters]')).toBe(true);
  });

  test('never goes through a surrogate pair', () => {
    fc.assert(
      fc.property(fc.nat(3), fc.integer({ min: 60, max: 200 }), (shift, limit) => {
        const short = cut('a'.repeat(shift) + '😀'.repeat(300), limit);
        expect(short.length).toBeLessThanOrEqual(limit);
        expect(short).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });
});

describe('keys', () => {
  test.each(['a', 'loss/val', 'wape: 7 days', 'ä_ß.λ-1', '数', 'a..b', 'x'.repeat(250)])(
    'takes %s',
    (key) => {
      expect(checkedKey(key, 'metric')).toBe(key);
      expect(safeKey(key)).toBe(key);
    },
  );

  test.each([
    ['', /it is empty/],
    ['a=b', /"=" is not allowed/],
    ['a\nb', /"\\n" is not allowed/],
    ['😀', /"😀" is not allowed/],
    ['x'.repeat(251), /has 251 characters, at most 250/],
    ['/a', /begins with a slash/],
    ['..a', /begins with "\.\."/],
    ['a/../b', /as a path/],
    ['a//b', /as a path/],
    ['a/', /as a path/],
    ['.', /as a path/],
  ])('refuses %j and names the rule', (key, rule) => {
    const error = refusal(() => checkedKey(key, 'parameter'));
    expect(error.message).toMatch(rule);
    expect(error.message).toContain('of a parameter');
    expect(error.hint).toContain('safeKey');
  });

  test('safeKey makes an allowed key of any text, the same one each time', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
        const key = safeKey(text);
        expect(checkedKey(key, 'tag')).toBe(key);
        expect(safeKey(text)).toBe(key);
      }),
      { numRuns: 200 },
    );
  });

  test('two texts never become one key, not even a text that looks like a made key', () => {
    const odd = ['a=b', 'a?b', 'a_b', 'a/', 'a//', '..', '', `${'x'.repeat(300)}1`, `${'x'.repeat(300)}2`];
    const made = odd.map(safeKey);
    const all = [...made, ...made.map(safeKey), 'a_b'];
    expect(new Set(made).size).toBe(odd.length);
    // 'a_b' is its own key; made keys given again become others.
    expect(new Set(all).size).toBe(all.length - 2);
  });
});

describe('names', () => {
  test('takes slashes, emoji and scripts for experiments', () => {
    for (const name of ['infections', 'team/a b/😀', '感染', 'x'.repeat(LIMITS.name)]) {
      expect(checkedName(name, 'an experiment')).toBe(name);
    }
  });

  test.each([
    ['', 'an experiment', /it is empty/],
    ['  ', 'an experiment', /it is empty/],
    [' a', 'an experiment', /space/],
    ['..', 'an experiment', /folder/],
    ['a\tb', 'an experiment', /control character/],
    ['a\ud83d', 'an experiment', /half a character/],
    ['x'.repeat(500), 'an experiment', /has 500 characters, at most 256 fit/],
    ['a/b', 'a registered model', /"\/" and ":"/],
    ['a:b', 'a registered model', /"\/" and ":"/],
    ['..a', 'a registered model', /folder/],
  ] as const)('refuses %j as the name of %s', (name, of, rule) => {
    const error = refusal(() => checkedName(name, of));
    expect(error.message).toMatch(rule);
    expect(error.message.length).toBeLessThan(300);
  });
});

test('refuses aliases that MLflow keeps, and those it cannot hold', () => {
  expect(checkedAlias('champion')).toBe('champion');
  for (const alias of ['latest', 'Latest', 'v1', 'V22', '', 'a b', 'a/b', 'x'.repeat(256)]) {
    expect(refusal(() => checkedAlias(alias)).message).toMatch(/cannot be an alias/);
  }
});
