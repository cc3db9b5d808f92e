import { describe, expect, it } from 'vitest';
import type { Issue } from '../../clients/github/github.ts';
import type { GateReport } from '../../contracts/gate.ts';
import { gateIssueOf, gateIssueStep } from './gate-issue.ts';

const report = (change: Partial<GateReport> = {}): GateReport => ({
  passed: false,
  source: 'cases.csv',
  collected_at: '2026-07-01T06:17:00.000Z',
  columns: [],
  expectations: [
    {
      expectation: 'roles-found',
      severity: 'fail',
      passed: false,
      observed: 'no date',
      limit: null,
      examples: [],
    },
  ],
  anomalies: [],
  repairs: [],
  rows: 10,
  quarantined: 0,
  tracts: 1,
  first_time: null,
  last_time: null,
  ...change,
});
const step = (change: Partial<Parameters<typeof gateIssueStep>[0]> = {}) =>
  gateIssueStep({
    model: 'infections',
    report: report(),
    text: '## Gate: failed',
    open: null,
    page: null,
    ...change,
  });
const opened = () => {
  const made = step();
  if (made.do !== 'open') throw new Error('expected an issue');
  return { title: made.title, body: made.body };
};

describe('the issue of refused data', () => {
  it('is opened once, whenever the same is collected again', () => {
    const open = opened();
    expect(open.body).toContain('## Gate: failed');
    expect(step({ open, report: report({ collected_at: '2026-07-02T06:17:00.000Z' }) })).toEqual({
      do: 'nothing',
    });
  });

  it('is written anew when the gate says something else', () => {
    expect(step({ open: opened(), report: report({ rows: 11 }) })).toMatchObject({ do: 'edit' });
  });

  it('is closed with a word when the gate passes, and nothing is said where there is none', () => {
    const passed = report({ passed: true, rows: 12, last_time: '2026-07-03' });
    expect(step({ report: passed })).toEqual({ do: 'nothing' });
    const close = step({ report: passed, open: opened() });
    expect(close).toMatchObject({ do: 'close', word: expect.stringContaining('12 rows until 2026-07-03') });
  });

  it('is cut before the host refuses it', () => {
    const made = step({ text: 'a line of the report\n'.repeat(10_000) });
    expect(made).toMatchObject({ do: 'open', body: expect.stringContaining('cut here') });
    if (made.do === 'open') expect(made.body.length).toBeLessThan(65_536);
  });
});

it('knows its own issue of that model alone, and the oldest of several', () => {
  const issue = (number: number, change: Partial<Issue> = {}): Issue => ({
    number,
    ...opened(),
    state: 'open',
    author: 'robot[bot]',
    page: '',
    ...change,
  });
  const issues = [
    issue(9),
    issue(4, { author: 'mallory' }),
    issue(7),
    issue(3, { body: opened().body.replace('gate:infections', 'gate:italy') }),
  ];
  expect(gateIssueOf('infections', issues, 'robot[bot]')?.number).toBe(7);
  expect(gateIssueOf('italy', issues, 'robot[bot]')?.number).toBe(3);
  expect(gateIssueOf('infections', issues, null)).toBeNull();
});
