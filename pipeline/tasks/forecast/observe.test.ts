import { beforeAll, expect, it } from 'vitest';
import type { BundleFiles } from '../../contracts/bundle.ts';
import { PackForecasts } from '../../contracts/pack.ts';
import { readBundle } from '../../registry/bundle-folder.ts';
import { madePanel } from './made-panel.testing.ts';
import { observe } from './observe.ts';
import { bundleJson } from './predict/bundle-json.ts';

const GOLDEN = new URL('../../../test/golden/fixtures/forecast-format-1', import.meta.url).pathname;
const DAY_MS = 86_400_000;

let golden: BundleFiles;
beforeAll(async () => {
  golden = await readBundle(GOLDEN);
});

/** 100 days: t0 has 10 a day and a gap on its last one, t1 begins on its day 90 with 7 a day. */
const panel = madePanel({
  tracts: 2,
  length: 100,
  start: '2026-01-01T00:00:00Z',
  value: (tract, t) => (tract === 0 ? (t === 99 ? Number.NaN : 10) : t < 90 ? Number.NaN : 7),
});
panel.values.fill(Number.NaN, 100, 190);
Object.assign(panel.tracts[0], { population: 5000 });
Object.assign(panel.tracts[1], { population: 0 });

const packOf = (...[files, of, totals]: Parameters<typeof observe>) =>
  PackForecasts.parse(
    JSON.parse(Buffer.from(observe(files, of, totals).files.get('forecasts.json')!).toString()),
  );

it('tells step, delay, population and the sum of what was observed, with its newest moment', () => {
  const { tracts, ...about } = packOf(golden, panel);
  expect(about).toEqual({
    target: 'new_cases',
    step: 'day',
    delay: 0,
    last_time: '2026-04-10T00:00:00.000Z',
  });
  expect(tracts[0]).toMatchObject({
    population: 5000,
    total: { value: 990, time: '2026-04-09T00:00:00.000Z', from: 'summed' },
  });
  expect(tracts[1].total).toEqual({ value: 70, time: '2026-04-10T00:00:00.000Z', from: 'summed' });
  expect(tracts[1]).not.toHaveProperty('population');
});

it('carries nine weeks of each tract, nothing of before its first value', () => {
  const { tracts } = packOf(golden, panel);
  expect(tracts[0].recent).toHaveLength(63);
  expect(tracts[0].recent[0].time).toBe('2026-02-07T00:00:00.000Z');
  expect(tracts[0].recent.at(-1)).toMatchObject({ observed: false });
  expect(tracts[1].recent).toHaveLength(10);
});

it('tells the portal’s own total where there is one, on the panel’s days', () => {
  const evening = panel.start + 98 * DAY_MS + 17 * 3_600_000;
  const { tracts } = packOf(golden, panel, new Map([['t0', { value: 12_345, time: evening }]]));
  expect(tracts[0].total).toEqual({ value: 12_345, time: '2026-04-09T00:00:00.000Z', from: 'published' });
  expect(tracts[1].total?.from).toBe('summed');
});

it('adds up no real numbers', () => {
  const spec = { ...JSON.parse(Buffer.from(golden.get('spec.json')!).toString()), scale: 'real' };
  const intervals = { ...JSON.parse(Buffer.from(golden.get('intervals.json')!).toString()), scale: 'real' };
  const files = new Map([
    ...golden,
    ...bundleJson('spec.json', { ...spec, members: ['trees'], weights: spec.weights.map(() => [1]) }),
    ...bundleJson('intervals.json', intervals),
  ]);
  expect(packOf(files, { ...panel, scale: 'real' }).tracts[0].total).toBeUndefined();
});
