import { expect, test } from 'vitest';
import { GateParams } from '../../contracts/params.ts';
import { type Column, encodeSample } from './samples.ts';
import { compareSchemas, inheritedRoles } from './schema-drift.ts';

const policy = GateParams.parse({});

/** A column whose sampled rows r0, r1, … and tracts t0, t1, … have the given values. */
function column(
  name: string,
  role: string,
  values: number[],
  more: Partial<Column> & { last?: number[] } = {},
): Column {
  const { last, ...rest } = more;
  return {
    name,
    role,
    type: 'integer',
    stats: {
      cells: encodeSample(values.map((value, i) => [`r${i}`, String(value)] as const)),
      last: encodeSample((last ?? []).map((value, i) => [`t${i}`, String(value)] as const)),
    },
    ...rest,
  };
}

const compare = (before: Column[], after: Column[]) =>
  compareSchemas({ columns: before }, { columns: after }, policy);
const CASES = [10, 20, 35, 41, 58, 66, 73, 89, 97, 102];

test('says nothing of the same columns in another order', () => {
  const [a, b] = [
    column('a', 'new_cases', CASES),
    column(
      'b',
      'other',
      CASES.map((value) => value * 3 + 1),
    ),
  ];
  expect(compare([a, b], [b, a])).toEqual([]);
});

test('a column under another name with the same values is renamed, keeps its role, and warns', () => {
  const before = [column('nuovi_positivi', 'new_cases', CASES)];
  const after = [column('fresh', 'other', CASES)];
  const [anomaly, ...others] = compare(before, after);
  expect(others).toEqual([]);
  expect(anomaly).toMatchObject({
    kind: 'renamed',
    column: 'fresh',
    was: 'nuovi_positivi',
    severity: 'warn',
  });
  expect(anomaly.evidence).toContain('100 % of 10 sampled values equal');
  expect(inheritedRoles({ columns: before }, { columns: after })).toEqual({ fresh: 'new_cases' });
});

test('a column that another one follows with other values and another name was removed, not renamed', () => {
  const kinds = compare(
    [column('deceduti', 'deaths', CASES)],
    [column('ricoverati', 'other', [900, 3, 71, 2, 555, 4, 8, 120, 1, 30])],
  ).map(({ kind, severity }) => [kind, severity]);
  expect(kinds).toEqual([
    ['removed', 'fail'],
    ['added', 'warn'],
  ]);
});

test('a removed column that no role used warns at most', () => {
  expect(compare([column('note', 'other', CASES)], [])).toMatchObject([
    { kind: 'removed', severity: 'warn' },
  ]);
});

test.each([
  [1000, '× 1/1,000'],
  [0.01, '× 100'],
  [1 / 7, '× 7'],
])('values × %s are another unit', (factor, was) => {
  const anomalies = compare(
    [column('tests', 'tests', CASES)],
    [
      column(
        'tests',
        'tests',
        CASES.map((value) => value * factor),
        { type: 'number' },
      ),
    ],
  );
  expect(anomalies).toMatchObject([{ kind: 'unit_changed', column: 'tests', was, severity: 'fail' }]);
});

test('a few corrected values are no change of meaning, other values in the same rows are', () => {
  const corrected = CASES.map((value, i) => (i < 3 ? value + 5 : value));
  expect(compare([column('c', 'new_cases', CASES)], [column('c', 'new_cases', corrected)])).toEqual([]);
  const others = [900, 3, 71, 2, 555, 4, 8, 120, 1, 30];
  expect(compare([column('c', 'new_cases', CASES)], [column('c', 'new_cases', others)])).toMatchObject([
    { kind: 'meaning_changed', column: 'c', was: 'new_cases', severity: 'fail' },
  ]);
});

test('values that all moved by a tenth are revisions, by half they mean something else', () => {
  const wobble = (share: number) =>
    CASES.map((value, i) => Math.round(value * (1 + (i % 2 ? share : -share))));
  expect(compare([column('c', 'new_cases', CASES)], [column('c', 'new_cases', wobble(0.1))])).toEqual([]);
  expect(compare([column('c', 'new_cases', CASES)], [column('c', 'new_cases', wobble(0.5))])).toMatchObject([
    { kind: 'meaning_changed' },
  ]);
});

test('a running total that became daily numbers changed its meaning', () => {
  const [before, after] = [column('cases', 'total_cases', []), column('cases', 'total_cases', [])];
  before.stats.running = 1;
  after.stats.running = 0;
  expect(compare([before], [after])).toMatchObject([{ kind: 'meaning_changed' }]);
});

test('tracts that exchanged their totals are a change of meaning although the sum is the same', () => {
  const before = column('total', 'total_cases', [], { last: CASES });
  const grown = column('total', 'total_cases', [], { last: CASES.map((value) => value + 4) });
  const mixed = column('total', 'total_cases', [], { last: [...CASES].reverse() });
  expect(compare([before], [grown])).toEqual([]);
  expect(compare([before], [mixed])).toMatchObject([{ kind: 'meaning_changed' }]);
});

test('numbers that became text fail where a role uses them; whole numbers that got decimals do not', () => {
  const whole = column('tests', 'tests', CASES);
  expect(compare([whole], [column('tests', 'tests', CASES, { type: 'number' })])).toEqual([]);
  expect(compare([whole], [column('tests', 'tests', [], { type: 'text' })])).toMatchObject([
    { kind: 'type_changed', was: 'integer', severity: 'fail' },
  ]);
});

test('of two new columns the old one is the one that is the change of the same stock', () => {
  const last = { stock: [1169, 208, 1098, 602, 1739, 1109], next: [1191, 216, 1142, 606, 1871, 1160] };
  const change = last.next.map((value, i) => value - last.stock[i]);
  const before = [
    column('totale_attualmente_positivi', 'other', [], { last: last.stock }),
    column('nuovi_attualmente_positivi', 'other', [], { last: [0, 11, 64, 25, 183, -32] }),
  ];
  const after = [
    column('totale_positivi', 'other', [], { last: last.next }),
    column('variazione_totale_positivi', 'other', [], { last: change }),
    column('nuovi_positivi', 'new_cases', [], { last: [56, 12, 46, 12, 140, 92] }),
  ];
  before[1].stats.negative = 0.17;
  expect(compare(before, after).map(({ kind, column: name, was }) => [kind, name, was])).toEqual(
    expect.arrayContaining([
      ['renamed', 'totale_positivi', 'totale_attualmente_positivi'],
      ['renamed', 'variazione_totale_positivi', 'nuovi_attualmente_positivi'],
      ['added', 'nuovi_positivi', null],
    ]),
  );
});
