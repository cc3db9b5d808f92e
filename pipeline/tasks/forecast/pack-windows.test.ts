import { gunzipSync, gzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BundleFiles } from '../../contracts/bundle.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { PackForecasts } from '../../contracts/pack.ts';
import type { TargetPanel } from '../../contracts/panel.ts';
import { readBundle } from '../../registry/bundle-folder.ts';
import { digestOf } from '../../registry/manifest.ts';
import { sealPack } from '../../registry/pack.ts';
import { madePanel, wave } from './made-panel.testing.ts';
import { observe } from './observe.ts';
import { baseline } from './predict/baselines.ts';
import { bundleJson } from './predict/bundle-json.ts';
import { knownAt } from './predict/known.ts';
import { loadForecaster } from './predict/load.ts';
import { loadServed } from './predict/served.ts';
import { TREES, treesCandidate } from './trees.ts';
import { until } from './truth.ts';
import { withWarmUp } from './warm-up.ts';

const GOLDEN = new URL('../../../test/golden/fixtures/forecast-format-1', import.meta.url).pathname;
const IDS = ['44001', '44003', '44005', '44007', '44009'];

/** Four years and a half of five counties in two states, with gaps, one of them where the windows begin; the newest weeks
 *  were published too low at first. */
function panelOf({ length = 1650, delay = 0 } = {}): TargetPanel {
  const gap = (tract: number, t: number) => (t * 7 + tract) % 23 === 0 || Math.abs(t - (length - 1100)) < 4;
  const value = (tract: number, t: number) => (gap(tract, t) ? Number.NaN : wave(tract, t));
  const panel = madePanel({ tracts: 5, length, delay, country: 'US', value });
  panel.tracts.forEach((tract, index) => {
    Object.assign(tract, { id: IDS[index], parent: index < 3 ? 'north' : 'south', population: 1000 * index });
  });
  return { ...panel, revisions: revisionsOf(panel) };
}

/** Each of the last 40 steps was shown at two thirds of its value, and rightly from the fifth day after it on. */
function revisionsOf({ length, start, stepMs, values, observed }: TargetPanel): TargetPanel['revisions'] {
  const since = start + (length - 41) * stepMs;
  const rows = Array.from(values).flatMap((value, cell) => {
    const moment = start + (cell % length) * stepMs;
    if (observed[cell] === 0) return [];
    if (moment <= since) return [[cell, since, value]];
    return [
      [cell, moment, Math.round((2 * value) / 3)],
      [cell, moment + 5 * stepMs, value],
    ];
  });
  return {
    cell: Int32Array.from(rows, ([cell]) => cell),
    knownAt: Float64Array.from(rows, ([, moment]) => moment),
    value: Float64Array.from(rows, ([, , value]) => value),
    since,
  };
}

function manyTracts(tracts: number): TargetPanel {
  return madePanel({ tracts, length: 200, country: 'US', value: (tract, t) => wave(tract % 9, t) });
}

/** A bundle with one member, and the golden one's widths. */
function alone(member: string, files: BundleFiles, golden: BundleFiles): BundleFiles {
  const spec = {
    ...JSON.parse(Buffer.from(golden.get('spec.json')!).toString()),
    candidate: member,
    members: [member],
    weights: Array.from({ length: 9 }, () => [1]),
  };
  const intervals: [string, Uint8Array] = ['intervals.json', golden.get('intervals.json')!];
  const bundle = new Map([...bundleJson('spec.json', spec), intervals, ...files]);
  return withWarmUp(bundle, until(panelOf(), 200));
}

/** A pack of the panel, as publishing with a bundle leaves it. */
const packOf = (files: BundleFiles, panel: TargetPanel) =>
  sealPack(observe(files, panel).files, {
    model: 'infections',
    published_at: '2026-07-01T08:00:00.000Z',
    last_time: '2026-06-30T00:00:00.000Z',
    data_version: 'd'.repeat(32),
    snapshot: 'a'.repeat(64),
    bundle: digestOf(files),
  });

let golden: BundleFiles;
let bundles: Record<string, BundleFiles>;
beforeAll(async () => {
  golden = await readBundle(GOLDEN);
  const long = until(panelOf(), 1399);
  const candidate = treesCandidate('trees', { boosting: { ...TREES.boosting, rounds: 15 }, maxRows: 3000 });
  const trees = await candidate.fit({ known: knownAt(long, 1399), maxLead: 9, seed: 1 });
  const growth = baseline({ name: 'seasonal-naive-growth', season: 7, maxLead: 9 });
  const lstm = new Map([...golden].filter(([path]) => path.startsWith('lstm/')));
  bundles = {
    'a blend of LSTM and trees': golden,
    'an LSTM': alone('lstm', lstm, golden),
    'trees that know years': alone('trees', trees.files(), golden),
    'a baseline': alone('seasonal-naive-growth', growth.files(), golden),
  };
});

const MODELS = ['a blend of LSTM and trees', 'an LSTM', 'trees that know years', 'a baseline'];
const pointsOf = ({ tracts }: PackForecasts) =>
  tracts.flatMap(({ forecasts }) => forecasts.map(({ point }) => point));

describe.each([0, 2])('the windows of a pack, %i steps not complete yet', (delay) => {
  const panel = panelOf({ delay });

  it.each(MODELS)('%s forecasts from a stranger’s pack what it would from the whole history', (name) => {
    const stranger = bundles[name === 'a baseline' ? 'an LSTM' : 'a baseline'];
    const pack = packOf(stranger, panel);
    const here = loadServed(bundles[name]).forecastPack!(pack);
    const there = PackForecasts.parse(
      JSON.parse(Buffer.from(observe(bundles[name], panel).files.get('forecasts.json')!).toString()),
    );
    expect(pointsOf(here)).toHaveLength(5 * 7);
    pointsOf(here).forEach((point, index) => {
      const expected = pointsOf(there)[index];
      expect(Math.abs(point - expected) / Math.max(1, Math.abs(expected))).toBeLessThanOrEqual(1e-9);
    });
    // All but the widths, which only its own pack has followed.
    const bare = ({ tracts, ...about }: PackForecasts) => ({
      ...about,
      tracts: tracts.map(({ forecasts, ...tract }) => ({
        ...tract,
        times: forecasts.map(({ time }) => time),
      })),
    });
    expect(bare(here)).toEqual(bare(there));
    expect(pointsOf(here)).not.toEqual(pointsOf(loadServed(stranger).forecastPack!(pack)));
  });
});

it('forecasts of its own pack are those that are in it, widths too', () => {
  const panel = panelOf();
  const pack = packOf(golden, panel);
  const there = JSON.parse(Buffer.from(pack.get('forecasts.json')!).toString());
  expect(loadServed(golden).forecastPack!(pack)).toEqual(there);
  const strange = packOf(bundles['a baseline'], panel);
  const { quantiles } = loadForecaster(golden).forecast(knownAt(panel, panel.length - 1));
  // The second of nine levels of the first tract's first horizon.
  expect(loadServed(golden).forecastPack!(strange).tracts[0].forecasts[0].low).toBe(quantiles[1]);
});

it('gives way to others every few milliseconds, and comes to the same', async () => {
  const pack = packOf(bundles['a baseline'], manyTracts(60));
  const served = loadServed(golden);
  let turns = 0;
  const turn = async () => {
    turns++;
  };
  const opened = await served.openPackInTurns!(pack, turn);
  expect(await opened.forecasts()).toEqual(served.forecastPack!(pack));
  expect(turns).toBeGreaterThan(1);
  const given = PackForecasts.parse(JSON.parse(Buffer.from(pack.get('forecasts.json')!).toString()));
  expect(await opened.forecasts(given)).toEqual(served.forecastPack!(pack));
  expect(opened.outOfRange()).toEqual(served.outOfRangeTracts!(pack));
  const broken = new Map([...pack].filter(([path]) => path !== 'windows.json'));
  await expect(served.openPackInTurns!(broken, turn)).rejects.toThrow(CorruptError);
  const packed = new Map(pack).set('windows.f64.gz', Buffer.from('no gzip'));
  await expect(served.openPackInTurns!(packed, turn)).rejects.toThrow(CorruptError);
});

it('holds at most 1,100 steps, and is the same bytes twice', () => {
  const { files } = observe(golden, panelOf());
  const about = JSON.parse(Buffer.from(files.get('windows.json')!).toString());
  expect(about).toMatchObject({ length: 1100, delay: 0, step: 'day', scale: 'count', target: 'new_cases' });
  expect(Date.parse(about.start)).toBe(panelOf().start + 550 * 86_400_000);
  expect(about.tracts[1]).toEqual({
    ...{ id: '44003', name: 'Tract 1', country: 'US', parent: 'north', population: 1000 },
  });
  expect(gunzipSync(files.get('windows.f64.gz')!)).toHaveLength(9 * 5 * 1100);
  expect(observe(golden, panelOf()).files.get('windows.f64.gz')).toEqual(files.get('windows.f64.gz'));
});

describe('tracts that came and went', () => {
  it('forecasts a tract that the model has not learnt from, with the usual width, and none that is gone', () => {
    const panel = panelOf();
    panel.tracts[1] = { id: 'new', name: 'New Town', country: 'US' };
    const made = loadServed(golden).forecastPack!(packOf(bundles['a baseline'], panel));
    expect(made.tracts.map(({ id }) => id)).toEqual(['44001', 'new', '44005', '44007', '44009']);
    expect(made.tracts[1].forecasts).toHaveLength(7);
    for (const { low, point, high } of made.tracts[1].forecasts)
      expect(0 <= low && low < point && point < high && Number.isFinite(high)).toBe(true);
  });

  it('forecasts a tract that has never published, as nothing', () => {
    const panel = panelOf();
    panel.observed.fill(0, 2 * panel.length, 3 * panel.length);
    panel.values.fill(Number.NaN, 2 * panel.length, 3 * panel.length);
    const pack = packOf(golden, { ...panel, revisions: undefined });
    const { tracts } = loadServed(golden).forecastPack!(pack);
    expect(tracts[2].total).toBeUndefined();
    expect(tracts[2].recent).toEqual([]);
    for (const { point } of tracts[2].forecasts) expect(Number.isFinite(point)).toBe(true);
  });
});

describe('out of range', () => {
  it('names the tracts whose newest values the model has not seen the like of, and those it does not know', () => {
    const panel = panelOf();
    panel.tracts[3] = { id: 'new', name: 'New Town' };
    const tracts = panel.tracts
      .slice(0, 3)
      .map(({ id, name }, index) => ({ id, name, minimum: 0, maximum: index === 1 ? 20 : 5000 }));
    const facts = { format: 1, from: '2021-01-04T00:00:00.000Z', until: '2025-01-01T00:00:00.000Z', tracts };
    const served = loadServed(new Map([...golden, ...bundleJson('learnt.json', facts)]));
    const pack = packOf(golden, panel);
    expect(served.outOfRangeTracts!(pack)).toEqual(new Set(['44003', 'new', '44009']));
    expect(loadServed(golden).outOfRangeTracts!(pack)).toEqual(new Set());
  });
});

describe('a pack that is damaged', () => {
  const cases: [string, (files: BundleFiles) => BundleFiles][] = [
    ['windows.json', without('windows.json')],
    ['windows.f64.gz', without('windows.f64.gz')],
    ['pack.json', without('pack.json')],
    ['forecasts.json', without('forecasts.json')],
    ['intervals.json', without('intervals.json')],
    ['windows.json', changed('windows.json', (bytes) => bytes.subarray(0, 40))],
    ['windows.json', changed('windows.json', replace('"length":1100', '"length":1101'))],
    ['windows.f64.gz', changed('windows.json', replace('"length":1100', '"length":1000'))],
    ['windows.f64.gz', changed('windows.json', replace('"length":1100', '"length":900'))],
    ['windows.f64.gz', changed('windows.json', replace('"delay":0', '"delay":1'))],
    ['windows.f64.gz', changed('windows.f64.gz', (bytes) => bytes.subarray(0, 999))],
    ['windows.f64.gz', changed('windows.f64.gz', () => Buffer.from('no gzip'))],
    ['windows.f64.gz', changed('windows.f64.gz', () => gzipSync(Buffer.alloc(50_000_000)))],
    ['windows.f64.gz', changed('windows.f64.gz', (bytes) => gzipSync(gunzipSync(bytes).fill(0xff, 0, 8)))],
    ['target', changed('windows.json', replace('"target":"new_cases"', '"target":"deaths"'))],
    ['step', changed('windows.json', replace('"step":"day"', '"step":"hour"'))],
  ];
  let pack: BundleFiles;
  beforeAll(() => {
    pack = packOf(golden, panelOf());
  });

  it.each(cases)('is refused, naming its %s (%#)', (name, damage) => {
    expect(() => loadServed(golden).forecastPack!(damage(new Map(pack)))).toThrow(
      expect.objectContaining({ name: CorruptError.name, message: expect.stringContaining(name) }),
    );
  });
});

function without(path: string) {
  return (files: BundleFiles) => {
    files.delete(path);
    return files;
  };
}

function changed(path: string, change: (bytes: Uint8Array) => Uint8Array) {
  return (files: BundleFiles) => files.set(path, change(files.get(path)!));
}

function replace(from: string, to: string) {
  return (bytes: Uint8Array) => Buffer.from(Buffer.from(bytes).toString().replace(from, to));
}
