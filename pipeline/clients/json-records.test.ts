import { expect, test } from 'vitest';
import { at, recordsOf } from './json-records.ts';

test('rows: a list of objects, flattened with dots; lists inside become text', () => {
  const answer = {
    data: [
      { day: 1, place: { code: '04', at: { lat: 46.5 } }, tags: [1, 2] },
      { day: 2, place: null },
    ],
  };
  expect(recordsOf(answer, 'data', 'x')).toEqual([
    { day: 1, 'place.code': '04', 'place.at.lat': 46.5, tags: '[1,2]' },
    { day: 2, place: null },
  ]);
});

test('columns: an object of equally long lists; what is no list is left out', () => {
  const hourly = { time: ['00:00', '01:00'], temperature_2m: [3.5, null], unit: '°C' };
  expect(recordsOf({ latitude: 46, hourly }, 'hourly', 'x')).toEqual([
    { time: '00:00', temperature_2m: 3.5 },
    { time: '01:00', temperature_2m: null },
  ]);
});

test('columns of unequal length are no records: which value would belong to which time?', () => {
  expect(() => recordsOf({ h: { time: ['a', 'b'], t: [1] } }, 'h', 'x')).toThrow('no records at "h"');
});

test('through a list of places each keeps its own coordinates', () => {
  const places = [
    { latitude: 46, generationtime_ms: 0.1, hourly: { time: ['a'], t: [1] } },
    { latitude: 47, generationtime_ms: 0.7, hourly: { time: ['a'], t: [2] } },
  ];
  expect(recordsOf(places, 'hourly', 'x')).toEqual([
    { latitude: 46, time: 'a', t: 1 },
    { latitude: 47, time: 'a', t: 2 },
  ]);
});

test('without a path: the answer itself, or its only list of records; two lists are too many', () => {
  expect(recordsOf([{ n: 1 }], '', 'x')).toEqual([{ n: 1 }]);
  expect(recordsOf({ total: 1, results: [{ n: 1 }], notes: ['a'] }, '', 'x')).toEqual([{ n: 1 }]);
  expect(() => recordsOf({ a: [{ n: 1 }], b: [{ n: 2 }] }, '', 'x')).toThrow(
    'at the top of the answer, which holds a, b',
  );
});

test('no records is none, not an error; a list of numbers is no list of records', () => {
  expect(recordsOf({ rows: [] }, 'rows', 'x')).toEqual([]);
  expect(() => recordsOf([1, 2], '', 'x')).toThrow('a list of 2');
});

test('looks up a dotted path, and nothing that was not sent', () => {
  expect(at({ a: { b: 'c' } }, 'a.b')).toBe('c');
  expect(at({ a: null }, 'a.b')).toBeUndefined();
  expect(at({}, 'constructor')).toBeUndefined();
});
