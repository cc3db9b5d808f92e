import { expect, test } from 'vitest';
import { expectFewMissingDays, expectFresh, expectNoFuture, milliseconds } from './calendar.ts';
import { expectPlausible, expectRanges, expectTypes } from './cells.ts';
import { expectUniqueKeys } from './keys.ts';
import { expectFewNulls } from './nulls.ts';
import { expectClearRoles } from './roles.ts';
import { expectRows } from './rows.ts';
import { expectSteadyLevels, expectTotalsToGrow } from './series.ts';
import { expectHistory, expectKnownTracts } from './tracts.ts';

const counts = { read: 1000, accepted: 1000, collapsed: 0, setAside: 0, quarantined: 0, rejected: 0 };

test('one null in a hundred passes, a little more fails', () => {
  const nulls = (n: number, role = 'new_cases') => [
    { column: 'c', role, cells: 1000, nulls: n, examples: [] },
  ];
  expect(expectFewNulls({ nulls: nulls(10) }, { max_null_share: 0.01 })[0]).toMatchObject({
    passed: true,
    observed: 0.01,
  });
  expect(expectFewNulls({ nulls: nulls(11) }, { max_null_share: 0.01 })[0]).toMatchObject({
    passed: false,
    severity: 'fail',
  });
});

test('a sensor with holes warns up to a tenth, then fails', () => {
  const nulls = (n: number) => [{ column: 'pm', role: 'value', cells: 1000, nulls: n, examples: [] }];
  expect(expectFewNulls({ nulls: nulls(100) }, { max_null_share: 0.01 })[0]).toMatchObject({
    passed: false,
    severity: 'warn',
  });
  expect(expectFewNulls({ nulls: nulls(101) }, { max_null_share: 0.01 })[0]).toMatchObject({
    passed: false,
    severity: 'fail',
  });
});

test('one contradicting key is one too many', () => {
  expect(expectUniqueKeys({ conflicts: { keys: 0, rows: 0, examples: [] } }, ['code']).passed).toBe(true);
  const failed = expectUniqueKeys({ conflicts: { keys: 1, rows: 2, examples: ['01: lines 2, 9'] } }, [
    'code',
  ]);
  expect(failed).toMatchObject({ passed: false, severity: 'fail', examples: ['01: lines 2, 9'] });
  expect(failed.hint).toContain('If code does not name the place');
});

test('bad and rejected rows are allowed up to the limit, rows may shrink by theirs', () => {
  const policy = { max_quarantined_share: 0.02, max_row_loss: 0.05 };
  const names = (changed: Partial<typeof counts>, previous: number | null) =>
    expectRows({ counts: { ...counts, ...changed }, quarantine: [] }, policy, previous)
      .filter(({ passed }) => !passed)
      .map(({ expectation }) => expectation);
  expect(names({ quarantined: 20, rejected: 20 }, null)).toEqual([]);
  expect(names({ quarantined: 21 }, null)).toEqual(['quarantined-rows']);
  expect(names({ rejected: 21 }, null)).toEqual(['rejected-rows']);
  expect(names({}, 1052)).toEqual([]);
  expect(names({}, 1053)).toEqual(['row-count']);
  expect(names({ accepted: 0 }, null)).toEqual(['some-rows']);
});

test('missing days are allowed up to the limit, overall and per tract', () => {
  const judge = (missing: number, tractMissing: number, tracts = 20) =>
    expectFewMissingDays(
      {
        calendar: {
          step: 'day',
          missing,
          examples: [],
          worst: [{ id: '1', name: 'A', missing: tractMissing, first: '2021-01-01' }],
        },
        tracts: { count: tracts, short: [] },
      },
      { max_missing_days: 31 },
    ).map(({ passed, severity }) => [passed, severity]);
  expect(judge(31, 31).map(([passed]) => passed)).toEqual([true, true]);
  expect(judge(32, 0)[0]).toEqual([false, 'fail']);
  expect(judge(0, 32)[1]).toEqual([false, 'warn']);
  expect(judge(0, 32, 5)[1]).toEqual([false, 'fail']);
});

test('a week-old file is fresh, a day more is stale, and nobody asks a file that is only looked at', () => {
  const judge = (last: string, asked: boolean) =>
    expectFresh(
      { lastTime: last },
      { max_age: '7d', on_stale: 'warn' },
      { now: new Date('2022-01-08T00:00:00Z'), asked },
    );
  expect(judge('2022-01-01T00:00:00Z', true)).toMatchObject({ passed: true, observed: '7d' });
  expect(judge('2021-12-31T00:00:00Z', true)).toMatchObject({ passed: false, severity: 'warn' });
  expect(judge('2021-12-31T00:00:00Z', false).severity).toBe('ignore');
});

test('durations have four units', () => {
  expect(['30m', '6h', '1.5d', '2w'].map(milliseconds)).toEqual([
    1_800_000, 21_600_000, 129_600_000, 1_209_600_000,
  ]);
});

test('a future row warns, many of them fail', () => {
  const judge = (rows: number) =>
    expectNoFuture({ futureRows: { rows, latest: '2099-01-01' }, counts }, { max_quarantined_share: 0.02 });
  expect(judge(0).passed).toBe(true);
  expect(judge(20)).toMatchObject({ passed: false, severity: 'warn' });
  expect(judge(21)).toMatchObject({ passed: false, severity: 'fail' });
});

test('totals may be corrected; deep falls warn, and what falls at every tenth step is no total', () => {
  const judge = (falls: number, deep: number) =>
    expectTotalsToGrow(
      { totals: [{ column: 't', steps: 1000, falls, deep, masked: 0, examples: [] }] },
      { on_falling_total: 'warn' },
    )[0];
  expect(judge(50, 0).passed).toBe(true);
  expect(judge(50, 1)).toMatchObject({ passed: false, severity: 'warn' });
  expect(judge(51, 0)).toMatchObject({ passed: false, severity: 'fail' });
});

test('a level shift is told with its factor, under the severity of the policy', () => {
  const levels = [{ column: 'tamponi', at: '2021-01-11', ratio: 1.9, score: 8, tracts: 21 }];
  expect(expectSteadyLevels({ levels: [] }, { on_level_shift: 'fail' })[0].passed).toBe(true);
  expect(expectSteadyLevels({ levels }, { on_level_shift: 'fail' })[0]).toMatchObject({
    passed: false,
    severity: 'fail',
    column: 'tamponi',
    observed: '× 1.90 from 2021-01-11',
  });
});

test('a tract that vanishes warns, more than a tenth of them fails, new ones never do', () => {
  const ids = Array.from({ length: 20 }, (_, i) => `t${i}`);
  const judge = (gone: number) => expectKnownTracts(new Set([...ids.slice(gone), 'new']), ids);
  expect(judge(0)).toMatchObject([
    { passed: true },
    { passed: false, severity: 'warn', observed: 1, examples: ['new'] },
  ]);
  expect(judge(2)[0]).toMatchObject({ passed: false, severity: 'warn', examples: ['t0', 't1'] });
  expect(judge(3)[0]).toMatchObject({ passed: false, severity: 'fail' });
  expect(expectKnownTracts(new Set(ids), null)).toEqual([]);
});

test('a short history is told, not refused', () => {
  const tracts = { count: 2, short: [{ id: '7', name: 'New', steps: 30 }] };
  expect(expectHistory({ tracts })).toMatchObject({
    passed: false,
    severity: 'warn',
    examples: ['New (7): 30'],
  });
});

test('cells outside what can be warn; when many are, the column is not what it seems', () => {
  const judge = (outside: number) =>
    expectRanges({
      outside: [{ column: 'c', role: 'new_cases', rule: 'not negative', cells: 1000, outside, examples: [] }],
    })[0];
  expect(judge(0).passed).toBe(true);
  expect(judge(50)).toMatchObject({ passed: false, severity: 'warn' });
  expect(judge(51)).toMatchObject({ passed: false, severity: 'fail' });
});

test('cells that are no numbers are allowed up to the limit', () => {
  const judge = (bad: number) =>
    expectTypes(
      { unreadable: [{ column: 'c', role: 'tests', cells: 1000, bad, examples: [] }] },
      { max_quarantined_share: 0.02 },
    )[0];
  expect(judge(20).passed).toBe(true);
  expect(judge(21)).toMatchObject({ passed: false, severity: 'fail' });
  expect(judge(21).hint).toContain('roles: { c: other }');
});

test('implausible pairs only ever warn', () => {
  const judge = (exceeding: number) =>
    expectPlausible({ exceeds: [{ rule: 'tests-cover-cases', cells: 100, exceeding, examples: [] }] })[0];
  expect(judge(5).passed).toBe(true);
  expect(judge(6)).toMatchObject({ passed: false, severity: 'warn', expectation: 'tests-cover-cases' });
});

test('an unclear role fails with the line for params.yaml', () => {
  const line = 'roles: { datum: date }';
  expect(expectClearRoles([], { min_confidence: 0.6 })[0].passed).toBe(true);
  const [failed] = expectClearRoles([{ column: 'datum', role: 'date', confidence: 0.4, line }], {
    min_confidence: 0.6,
  });
  expect(failed).toMatchObject({ passed: false, observed: 0.4, limit: 0.6, column: 'datum' });
  expect(failed.hint).toContain(line);
});
