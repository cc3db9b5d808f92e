import { describe, expect, it } from 'vitest';
import type { Errors, MetricsFile } from '../../contracts/metrics.ts';
import type { Promotion } from '../../contracts/promotion.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { reportText } from './report-text.ts';
import { runTable } from './run-table.ts';

const NASTY = [
  '](javascript:alert(1))',
  '<!-- hidden',
  '<img src=x onerror=alert(1)>',
  '@everyone',
  'a | b',
  'line\nbreak',
  '# heading',
  '`code`',
  '[x](http://evil.example)',
  'fixes #1',
  '</details>',
  '\u202Eesrever',
];

describe('escapeMarkdown', () => {
  it.each(NASTY)('makes %j harmless', (text) => {
    const safe = escapeMarkdown(text);
    expect(safe).not.toMatch(/[<>\n\u202e]/);
    expect(safe).not.toMatch(/(^|[^\\])[|`[\]]/);
    expect(safe).not.toMatch(/[@#]\w|:\/\//);
  });

  it('leaves ordinary names as they are, in every script', () => {
    for (const name of ['Valle d’Aosta', 'Friuli Venezia Giulia', '東京都', 'seasonal-naive', 'v0003'])
      expect(escapeMarkdown(name)).toBe(name);
  });

  it('cuts what is too long', () => {
    expect([...escapeMarkdown('x'.repeat(10_000))]).toHaveLength(200);
  });
});

describe('reportText', () => {
  it('says the verdict first, in words', () => {
    const [title, , reason] = reportText(promotion(), metrics()).split('\n');
    expect(title).toBe('## infections: Better: the challenger becomes the champion');
    expect(reason).toContain('because it is better');
  });

  it('shows both sides with the direction of each difference', () => {
    const report = reportText(promotion(), metrics());
    expect(report).toMatch(
      /WAPE \(lower\) +\| +15\.0 % \| +16\.0 % \| +▲ 6\.3 % better \| +20\.0 % \| +▲ 25\.0 % better/,
    );
    expect(report).toContain('R² (higher)');
    expect(report).toContain('interval +2.0 % to +10.0 %');
    expect(report).toContain('could have seen (in 80 of 100 cases): 4.1 %');
    expect(report).toMatch(/\| {2}✗ {2}\|.*No tract gets worse/);
  });

  it('keeps its tables and its structure whatever tracts and models are called', () => {
    const made = metrics();
    const names = new Map(NASTY.map((name, i) => [`id${i}`, name]));
    for (const model of made.models)
      model.by_tract = Object.fromEntries(NASTY.map((name, i) => [i % 2 ? name : `id${i}`, errors(0.3)]));
    made.models[3].name = NASTY[0];
    const report = reportText({ ...promotion(), reason: NASTY.join(' ') }, made, names);
    expect(report).not.toMatch(/<!--|<img|@everyone|\]\(/);
    expect(report.match(/<\/details>/g)).toHaveLength(1);
    for (const table of report.split('\n\n').filter((part) => part.startsWith('|'))) {
      const columns = table.split('\n').map((line) => line.replaceAll('\\|', '').split('|').length);
      expect(new Set(columns).size).toBe(1);
    }
  });

  it('reads without a champion and without intervals', () => {
    const first = { ...promotion(), champion: null, outcome: 'first' as const };
    first.improvement = { estimate: 0.1, low: null, high: null, smallest_visible: null };
    const made = metrics();
    made.models = made.models.filter(({ role }) => role !== 'champion');
    const report = reportText(first, made);
    expect(report).toContain('no interval: too few days');
    expect(report).not.toMatch(/undefined|NaN|null/);
  });
});

describe('runTable', () => {
  it('shows the models, the decision, why, and where the reports are', () => {
    const table = runTable(promotion(), metrics(), { report: 'reports/infections/report.md' });
    expect(table).toMatch(/challenger +trees +15\.0 %/);
    expect(table).toMatch(/champion +lstm +16\.0 % .*▲ 6\.3 % better/);
    expect(table).toContain('✓ Better: the challenger becomes the champion');
    expect(table).toContain('report  reports/infections/report.md');
    expect(table).not.toContain('blend');
  });

  it('lets no name move the cursor', () => {
    const made = metrics();
    made.models[0].name = '\u001b[2Jtrees';
    expect(runTable(promotion(), made)).not.toContain('\u001b');
  });
});

function errors(wape: number): Errors {
  return { n: 900, mse: 4, rmse: 2, mae: 1, mape: 0.2, wape, mase: 0.9, r2: 0.8, wis: 0.7, coverage90: 0.9 };
}

function metrics(): MetricsFile {
  const at = '2026-02-01T00:00:00.000Z';
  const model = (name: string, role: MetricsFile['models'][number]['role'], wape: number) => ({
    name,
    role,
    overall: errors(wape),
    by_horizon: { 1: errors(wape - 0.02), 7: errors(wape + 0.02) },
    by_tract: { '42001': errors(wape) },
    by_phase: { growth: errors(wape) },
    smoothed: {},
  });
  return {
    model: 'infections',
    made_at: at,
    commit: '0123456789abcdef',
    data_version: 'd'.repeat(32),
    windows: { tune: [at, at], select: [at, at], calibrate: [at, at], decide: [at, at] },
    cutoffs: 60,
    models: [
      model('trees', 'challenger', 0.15),
      model('lstm', 'champion', 0.16),
      model('seasonal-naive', 'baseline', 0.2),
      model('blend', 'candidate', 0.155),
    ],
  };
}

function promotion(): Promotion {
  return {
    model: 'infections',
    decided_at: '2026-02-01T00:00:00.000Z',
    outcome: 'better',
    merge: true,
    promote: true,
    reason: 'because it is better',
    rules: [
      { rule: 'same-days', passed: true, observed: 900, limit: 900, detail: '' },
      { rule: 'not-worse: tract', passed: false, observed: 0.03, limit: 0.01, detail: 'a | b' },
    ],
    metric: 'wape',
    challenger: { name: 'trees', digest: 'c'.repeat(64), score: 0.15 },
    champion: { name: 'lstm', version: 'v0003', digest: 'a'.repeat(64), score: 0.16 },
    baseline: { name: 'seasonal-naive', score: 0.2 },
    improvement: { estimate: 0.0625, low: 0.02, high: 0.1, smallest_visible: 0.041 },
    cutoffs: 60,
    look: { number: 1, alpha: 0.0304 },
    policy: {},
  };
}
