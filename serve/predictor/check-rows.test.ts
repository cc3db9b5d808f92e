import { describe, expect, it } from 'vitest';
import { RequestSchema } from '../../pipeline/contracts/serving.ts';
import { rowChecker, shown } from './check-rows.ts';

/** A model of flats: every kind of field. */
const schema = RequestSchema.parse({
  format: 1,
  fields: [
    { kind: 'number', name: 'area', minimum: 5, maximum: 1000, unit: 'm²' },
    { kind: 'number', name: 'floor', nullable: true },
    {
      kind: 'category',
      name: 'constructor',
      categories: ['brick', 'wood', 'steel', 'clay', 'stone', 'straw'],
    },
    {
      kind: 'time',
      name: 'built',
      nullable: true,
      earliest: '1500-01-01T00:00:00.000Z',
      latest: '2100-01-01T00:00:00.000Z',
    },
    { kind: 'series', name: 'rents', min_length: 2, max_length: 4, minimum: 0, gaps: true },
    { kind: 'series', name: 'heights', min_length: 1, max_length: 2 },
  ],
  outputs: [{ name: 'price', kind: 'number', length: 1 }],
  example: {},
});
const { errors } = rowChecker(schema);
const row = { area: 50, floor: null, constructor: 'wood', built: null, rents: [1, null], heights: [0] };
const faults = (change: Record<string, unknown>) =>
  errors([{ ...row, ...change }], { maxErrors: 9 }).map(({ field, value, detail }) => [field, value, detail]);

describe('rowChecker', () => {
  it('lets a row pass that fits, at the ends of its ranges too', () => {
    expect(faults({})).toEqual([]);
    expect(faults({ area: 5, rents: [0, 0, 0, 0], heights: [1, -1e300] })).toEqual([]);
    expect(faults({ area: 1000, floor: -0, built: '1500-01-01' })).toEqual([]);
    expect(faults({ built: '2024-02-29T23:59:59.999+02:00' })).toEqual([]);
  });

  it.each<[string, unknown, string | null, string]>([
    ['area', 4.999, '4.999', 'is too small'],
    ['area', 1000.001, '1000.001', 'is too large'],
    ['area', '50', '"50"', 'is not a number'],
    ['area', true, 'true', 'is not a number'],
    ['area', null, 'null', 'is null'],
    ['area', [50], 'an array of 1', 'is not a number'],
    ['area', { value: 50 }, 'an object', 'is not a number'],
    ['area', Number.POSITIVE_INFINITY, 'Infinity', 'is too large'],
    ['area', Number.NaN, 'NaN', 'is too large'],
    ['floor', Number.POSITIVE_INFINITY, 'Infinity', 'is too large'],
    ['constructor', 'glass', '"glass"', 'is none of the categories that the model knows'],
    ['constructor', 'Wood', '"Wood"', 'is none of the categories that the model knows'],
    ['constructor', 'toString', '"toString"', 'is none of the categories that the model knows'],
    ['constructor', 7, '7', 'is not a text'],
    ['built', '1499-12-31', '"1499-12-31"', 'is too far away'],
    ['built', '2100-01-02', '"2100-01-02"', 'is too far away'],
    ['built', '2023-02-29', '"2023-02-29"', 'is no day of the calendar'],
    ['built', '2023-13-01', '"2023-13-01"', 'is no day of the calendar'],
    ['built', '2023-06-01T24:00', '"2023-06-01T24:00"', 'is not a moment as ISO 8601 writes it'],
    ['built', '1 June 2023', '"1 June 2023"', 'is not a moment as ISO 8601 writes it'],
    ['built', 1_700_000_000, '1700000000', 'is not a text'],
    ['rents', [1], 'an array of 1', 'is too short: 1 values'],
    ['rents', [1, 2, 3, 4, 5], 'an array of 5', 'is too long: 5 values'],
    ['rents', [1, -1], 'an array of 2', 'value 1 (-1) is too small'],
    ['rents', [1, '2'], 'an array of 2', 'value 1 ("2") is not a number'],
    ['rents', '12', '"12"', 'is not an array'],
    ['rents', { length: 3 }, 'an object', 'is not an array'],
    ['heights', [null], 'an array of 1', 'value 0 (null) is null'],
    ['heights', null, 'null', 'is null'],
  ])('names %s where it is %j', (field, value, said, detail) => {
    expect(faults({ [field]: value })).toEqual([[field, said, detail]]);
  });

  it('names what is missing, what is not known, and what may be given', () => {
    const { area: _, constructor: __, ...without } = row;
    expect(errors([row, { ...without, colour: 'red' }], { maxErrors: 9 })).toEqual([
      { row: 1, field: 'area', value: null, allowed: 'a number from 5 to 1000 (m²)', detail: 'is missing' },
      {
        row: 1,
        field: 'constructor',
        value: null,
        allowed: 'one of 6: "brick", "wood", "steel", "clay", "stone" …',
        detail: 'is missing',
      },
      {
        row: 1,
        field: 'colour',
        value: '"red"',
        allowed: 'the fields area, floor, constructor, built, rents, heights',
        detail: 'is not known',
      },
    ]);
  });

  it.each([null, 3, 'row', [], [[]]])('refuses a row that is %j', (given) => {
    expect(errors([given], { maxErrors: 9, from: 7 })).toMatchObject([
      { row: 7, field: null, detail: 'a row is an object' },
    ]);
  });

  it('lists no more than it was asked for, however many fields there are', () => {
    const many = Object.fromEntries(Array.from({ length: 100_000 }, (_, k) => [`x${k}`, k]));
    expect(errors([many, many], { maxErrors: 5 })).toHaveLength(5);
    expect(errors(Array(1000).fill({}), { maxErrors: 20 })).toHaveLength(20);
  });
});

describe('shown', () => {
  it('cuts long texts, and never looks into anything', () => {
    expect(shown('a'.repeat(1e6))).toBe(`"${'a'.repeat(60)}…"`);
    expect(shown('\u0000\u202e"')).toBe('"\\u0000\u202e\\""');
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = [deep];
    expect(shown(deep)).toBe('an array of 1');
  });
});
