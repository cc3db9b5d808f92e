import { expect, test } from 'vitest';
import type { GateReport } from '../../contracts/gate.ts';
import { markdownReport, terminalReport } from './report-text.ts';

const report: GateReport = {
  passed: false,
  source: 'a.csv',
  columns: [
    { name: 'da|ta', role: 'date', confidence: 0.99, evidence: 'its name <b>says</b> so' },
    { name: 'note', role: 'other', confidence: 1, evidence: '' },
  ],
  expectations: [
    {
      expectation: 'null-share',
      severity: 'fail',
      passed: false,
      observed: 0.034,
      limit: 0.01,
      column: 'cases',
      examples: ['line 7'],
      hint: 'mend it',
    },
    { expectation: 'freshness', severity: 'warn', passed: false, observed: '9d', limit: '7d', examples: [] },
    { expectation: 'unique-keys', severity: 'fail', passed: true, observed: 0, limit: 0, examples: [] },
  ],
  anomalies: [{ kind: 'renamed', column: 'new', was: 'old', severity: 'warn', evidence: 'same values' }],
  repairs: [{ repair: 'rows folded', count: 1200, examples: [] }],
  rows: 18018,
  quarantined: 3,
  tracts: 21,
  first_time: '2020-02-24T00:00:00.000Z',
  last_time: '2022-06-30T00:00:00.000Z',
};

test('the terminal has the verdict first, then what stops the run with observed, limit, place and remedy', () => {
  const lines = terminalReport(report).split('\n');
  expect(lines[0]).toBe(
    'FAILED  a.csv · 18,018 rows, 21 tracts, 2020-02-24 to 2022-06-30 · 3 in quarantine · 1 reason to stop · 2 warnings',
  );
  expect(lines[2]).toBe('What stops the run');
  expect(lines.slice(4, 7)).toEqual([
    '  FAIL null-share (cases): 3.4 %, limit 1 %',
    '    seen: line 7',
    '    do: mend it',
  ]);
  expect(terminalReport(report)).not.toContain('\u001b[');
  expect(terminalReport(report, { colour: true })).toContain('\u001b[1;31mFAILED');
});

test('Markdown lets nothing of a strange file become markup', () => {
  const text = markdownReport(report);
  expect(text).toMatch(/^## Gate: failed\n/);
  expect(text).toContain('da\\|ta');
  expect(text).toContain('\\<b\\>');
  expect(text).not.toContain('<b>');
});

test('a report that passed lists what it looked at', () => {
  const text = terminalReport({
    ...report,
    passed: true,
    expectations: [report.expectations[2]],
    anomalies: [],
  });
  expect(text).toMatch(/^PASSED {2}a\.csv/);
  expect(text).toContain('unique-keys');
  expect(text).not.toContain('What stops');
});
