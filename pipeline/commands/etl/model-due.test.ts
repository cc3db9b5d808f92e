import { expect, it } from 'vitest';
import { ModelParams } from '../../contracts/params.ts';
import { modelDue } from './model-due.ts';

const params = ModelParams.parse({ task: 'forecast', source: { urls: ['x.csv'] } });
const NOW = new Date('2026-07-29T06:00:00Z');
const daysAgo = (days: number) => new Date(NOW.getTime() - days * 86_400_000).toISOString();

const collected = (days: number): [string, string] => {
  const at = daysAgo(days);
  const snapshot = { collected_at: at, sha256: '0'.repeat(64) };
  return ['reports/m/source.json', JSON.stringify({ urls: {}, snapshot, last_new_at: at, checked_at: at })];
};
const decided = (days: number): [string, string] => [
  'reports/m/promotion.json',
  JSON.stringify({
    model: 'm',
    decided_at: daysAgo(days),
    outcome: 'first',
    merge: true,
    promote: true,
    reason: '',
    rules: [],
    metric: 'wape',
    challenger: { name: 'x', digest: 'a'.repeat(64), score: null },
    champion: null,
    baseline: { name: 'y', score: null },
    improvement: { estimate: null, low: null, high: null, smallest_visible: null },
    cutoffs: 0,
    look: { number: 1, alpha: 0.1 },
    policy: {},
  }),
];
const ask = (state: [string, string][], change: Partial<Parameters<typeof modelDue>[1]> = {}) =>
  modelDue('m', { state: new Map(state), pending: [], params, now: NOW, forced: false, ...change }).due;

it('trains a first model, and none without data', () => {
  expect(ask([collected(0)])).toBe(true);
  expect(ask([])).toBe(false);
  expect(ask([], { forced: true })).toBe(false);
});

it('trains when the period is over and something was collected since', () => {
  expect(ask([collected(0), decided(27)])).toBe(false);
  expect(ask([collected(0), decided(28)])).toBe(true);
  expect(ask([collected(30), decided(28)])).toBe(false);
});

it('catches up a training that was dropped with its run, also days later', () => {
  expect(ask([collected(3), decided(31)])).toBe(true);
});

it('does not train again what waits for its reviewer', () => {
  expect(ask([collected(0), decided(28)], { pending: [new Map([decided(1)])] })).toBe(false);
});
