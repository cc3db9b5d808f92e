import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MetricPoint } from './answers.ts';
import { numberOf, parseJson, toJson } from './json.ts';

describe('parseJson', () => {
  test('reads the bare words NaN and Infinity, outside of strings only', () => {
    const text = '{"a": NaN, "b": [-Infinity, Infinity], "c": "NaN, \\"NaN\\" and \\\\", "NaN": "x: NaN"}';
    expect(parseJson(text)).toEqual({
      a: 'NaN',
      b: ['-Infinity', 'Infinity'],
      c: 'NaN, "NaN" and \\',
      NaN: 'x: NaN',
    });
  });

  test('refuses what is no JSON', () => {
    expect(() => parseJson('{"a": NaN')).toThrow(SyntaxError);
    expect(() => parseJson('<html>NaN</html>')).toThrow(SyntaxError);
  });

  test('leaves every JSON as it is, with bare words put in or not', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(parseJson(JSON.stringify(value))).toEqual(JSON.parse(JSON.stringify(value)));
        expect(parseJson(`[NaN,${JSON.stringify(value)}]`)).toEqual([
          'NaN',
          JSON.parse(JSON.stringify(value)),
        ]);
      }),
    );
  });
});

describe('toJson', () => {
  test('writes NaN and Infinity as words in strings: as bare words servers store 0 instead', () => {
    const written = toJson({
      a: Number.NaN,
      b: Number.POSITIVE_INFINITY,
      c: [Number.NEGATIVE_INFINITY],
      d: 1.5,
    });
    expect(JSON.parse(written)).toEqual({ a: 'NaN', b: 'Infinity', c: ['-Infinity'], d: 1.5 });
  });

  test('replaces what databases refuse: NUL and half of a surrogate pair', () => {
    expect(JSON.parse(toJson(['a\0b', 'x\ud83d', '😀']))).toEqual(['a\ufffdb', 'x\ufffd', '😀']);
  });
});

test('numberOf gives back what was meant', () => {
  expect(
    ['NaN', 1, '2.5', 1.7976931348623157e308, -1.7976931348623157e308, '-Infinity'].map(numberOf),
  ).toEqual([
    Number.NaN,
    1,
    2.5,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
  ]);
  expect([null, 'soon', {}, undefined].map(numberOf)).toEqual([null, null, null, null]);
  expect(() => MetricPoint.parse({ key: 'a', value: 'soon', timestamp: 1 })).toThrow(/cannot be .*soon/);
});
