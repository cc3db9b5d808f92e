import { expect, it } from 'vitest';
import { dataText, promotionText, saysTheSame, type TextInput } from './pull-text.ts';

const evil = '](javascript:alert(1)) <!-- @everyone | #1';
const files = (version: string, decided: string) =>
  new Map([
    [
      'reports/m/promotion.json',
      JSON.stringify({
        model: 'm',
        decided_at: decided,
        outcome: 'better',
        merge: true,
        promote: true,
        reason: `Better than before ${evil}`,
        rules: [],
        metric: 'wape',
        challenger: { name: 'trees', digest: 'a'.repeat(64), score: 0.121 },
        champion: { name: 'trees', version: 'v0001', digest: 'b'.repeat(64), score: 0.13 },
        baseline: { name: 'naive', score: 0.3 },
        improvement: { estimate: null, low: null, high: null, smallest_visible: null },
        cutoffs: 30,
        look: { number: 1, alpha: 0.1 },
        policy: {},
      }),
    ],
    [
      'reports/m/production.json',
      JSON.stringify({
        model: 'm',
        version,
        digest: 'a'.repeat(64),
        run: null,
        metrics: {},
        data_version: 'x',
        commit: 'c',
        train_end: decided,
        promoted_at: decided,
        candidate: 'trees',
        is_baseline: false,
      }),
    ],
    ['reports/m/report.md', '# report'],
  ]);
const input: TextInput = {
  files: files('v0002', '2026-07-02T06:00:00.000Z'),
  master: files('v0001', '2026-07-01T06:00:00.000Z'),
  models: ['m'],
  promoted: ['m'],
  tree: 'https://github.com/acme/perennial/blob/abc',
  page: 'https://github.com/acme/perennial/actions/runs/7',
  mode: 'pull-request',
};

it('names what is promoted, with both figures and a link to the report', () => {
  const { title, body } = promotionText(input);
  expect(title).toBe('promote m v0002');
  expect(body).toContain('WAPE 12.1 % against 13.0 % of v0001');
  expect(body).toContain('(https://github.com/acme/perennial/blob/abc/reports/m/report.md)');
  expect(body).not.toContain('is merged by itself');
  expect(promotionText({ ...input, mode: 'auto' }).body).toContain('merged by itself');
});

it('lets nothing in that a name could do harm with', () => {
  const { body } = promotionText(input);
  expect(body).not.toContain('](javascript:');
  expect(body.match(/<!--/g)).toHaveLength(1);
  expect(body).not.toContain('@everyone');
  expect(body).not.toContain('#1');
});

it('says of data what was not trained for it', () => {
  const untrained = { ...input, master: input.files, promoted: [] };
  expect(dataText(untrained).body).toContain('not trained');
  expect(dataText(untrained).title).toBe('data: m');
});

it('stays short with many models', () => {
  const many = {
    ...input,
    models: ['a', 'b', 'c', 'd', 'e', 'f'],
    files: new Map(),
    master: new Map(),
    promoted: [],
  };
  expect(dataText(many).title).toBe('data: a, b, c, d and 2 more');
});

it('is worth an edit for another verdict or commit, not for another run alone', () => {
  const text = promotionText(input);
  const later = promotionText({ ...input, page: 'https://github.com/acme/perennial/actions/runs/8' });
  expect(later.body).not.toBe(text.body);
  expect(saysTheSame(text, later)).toBe(true);
  expect(saysTheSame(text, promotionText({ ...input, tree: `${input.tree}d` }))).toBe(false);
  expect(saysTheSame(text, { ...text, title: 'promote m v0003' })).toBe(false);
});
