import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { BundleFiles } from '../../../contracts/bundle.ts';
import { LEVELS } from '../../../contracts/forecast.ts';
import type { Row, ServedModel } from '../../../contracts/serving.ts';
import { readBundle } from '../../../registry/bundle-folder.ts';
import { madePanel, wave } from '../made-panel.testing.ts';
import { bundleJson } from './bundle-json.ts';
import { knownAt } from './known.ts';
import { type Forecaster, loadForecaster } from './load.ts';
import { momentOf } from './rows.ts';
import { loadServed } from './served.ts';

/** A blend of an LSTM and two forests over five counties, of before `learnt.json`. */
const GOLDEN = new URL('../../../../test/golden/fixtures/forecast-format-1', import.meta.url).pathname;

let files: BundleFiles;
let forecaster: Forecaster;
let served: ServedModel;
beforeAll(async () => {
  files = await readBundle(GOLDEN);
  forecaster = loadForecaster(files);
  served = loadServed(files);
});

const week = (length: number) => Array.from({ length }, (_, t) => 50 + 10 * (t % 7));
const predictOne = (row: Row, by = served) => by.predict([row])[0];
const learnt = (tracts: object[], from = '2024-01-01T00:00:00.000Z') =>
  new Map([
    ...files,
    ...bundleJson('learnt.json', { format: 1, from, until: '2026-06-30T00:00:00.000Z', tracts }),
  ]);

describe('predict', () => {
  it('answers a row of a panel’s whole history as the panel itself is forecast, interval too', () => {
    const history = fc.array(fc.option(fc.integer({ min: 0, max: 5000 }), { freq: 8 }), {
      minLength: 14,
      maxLength: 500,
    });
    const day = fc.integer({ min: 0, max: 1500 });
    fc.assert(
      fc.property(history, day, (values, shift) => {
        const start = new Date(Date.UTC(2021, 0, 4 + shift)).toISOString();
        const value = (_: number, t: number) => values[t] ?? Number.NaN;
        const panel = madePanel({ length: values.length, value, country: 'US', start });
        panel.tracts[0].id = '44003';
        const expected = forecaster.forecast(knownAt(panel, values.length - 1));
        const newest = new Date(panel.start + (values.length - 1) * panel.stepMs).toISOString().slice(0, 10);
        const { outputs } = predictOne({ tract: '44003', time: newest, values });
        expect(outputs.point).toEqual([...expected.point]);
        for (const [name, level] of [['low', 0.05] as const, ['high', 0.95] as const]) {
          const at = LEVELS.indexOf(level);
          expect(outputs[name]).toEqual(
            [...expected.point].map((_, horizon) => expected.quantiles[horizon * LEVELS.length + at]),
          );
        }
      }),
      { numRuns: 40 },
    );
  }, 60_000);

  it('answers a row alike whatever stands beside it, two of one tract as well', () => {
    const rows: Row[] = [
      { tract: '44001', time: '2026-06-30', values: week(30) },
      { tract: '44001', time: '2026-06-30', values: week(30).map((value) => 3 * value) },
      { tract: '44001', time: '2026-05-01', values: week(90) },
      { tract: '44009', time: '2026-06-30', values: week(30).map((value, t) => (t % 5 ? value : null)) },
    ];
    const before = structuredClone(rows);
    const alone = rows.map((row) => predictOne(row));
    expect(served.predict(rows)).toEqual(alone);
    expect(served.predict(rows.toReversed())).toEqual(alone.toReversed());
    expect(new Set(alone.map(({ outputs }) => outputs.point[0])).size).toBe(4);
    expect(rows).toEqual(before);
    expect(served.predict([])).toEqual([]);
  });

  it('tells the days after the newest value, and reads a moment as the wall clock it shows', () => {
    const at = (time: string) => predictOne({ tract: '44001', time, values: week(28) }).outputs;
    expect(at('2026-06-30').time.slice(0, 2)).toEqual([
      '2026-07-01T00:00:00.000Z',
      '2026-07-02T00:00:00.000Z',
    ]);
    for (const time of ['2026-06-30T00:00Z', '2026-06-30T23:59:59+02:00', '2026-06-30 08', '20260630'])
      if (time === '20260630') expect(() => at(time)).toThrow(RangeError);
      else expect(at(time)).toEqual(at('2026-06-30'));
    expect(momentOf('2026-06-30T12:30:15.5-05:00')).toBe(Date.UTC(2026, 5, 30, 12, 30));
    expect(() => momentOf('2026-02-30')).toThrow(/2026-02-30/);
  });

  it('asks for what it answers', () => {
    const { outputs } = predictOne(served.request.example as Row);
    for (const { name, length } of served.request.outputs) expect(outputs[name]).toHaveLength(length);
    expect(Object.keys(outputs)).toHaveLength(served.request.outputs.length);
    outputs.low.forEach((low, index) => {
      expect(Number(low)).toBeLessThan(Number(outputs.point[index]));
      expect(Number(outputs.point[index])).toBeLessThan(Number(outputs.high[index]));
    });
  });

  it('answers whatever its request allows with numbers in their order', () => {
    const value = fc.option(
      fc.oneof(fc.constantFrom(0, 1e10, 1e-300), fc.double({ min: 0, max: 1e10, noNaN: true })),
      { freq: 3 },
    );
    const { earliest, latest } = served.request.fields[1] as { earliest: string; latest: string };
    const time = fc.oneof(
      fc.constantFrom(earliest, latest),
      fc
        .date({ min: new Date(earliest), max: new Date(latest), noInvalidDate: true })
        .map((date) => date.toISOString()),
    );
    const tract = fc.constantFrom(...forecaster.intervals.tracts);
    fc.assert(
      fc.property(
        fc.record({ tract, time, values: fc.array(value, { minLength: 14, maxLength: 60 }) }),
        (row) => {
          const { point, low, high } = predictOne(row).outputs as Record<string, number[]>;
          point.forEach((median, index) => {
            expect(0 <= low[index] && low[index] <= median && median <= high[index]).toBe(true);
            expect(high[index]).toBeLessThan(Number.POSITIVE_INFINITY);
          });
        },
      ),
      { numRuns: 80 },
    );
  }, 60_000);

  it('ignores the newest steps where they are published incomplete', () => {
    const spec = JSON.parse(Buffer.from(files.get('spec.json')!).toString());
    const late = loadServed(new Map([...files, ...bundleJson('spec.json', { ...spec, delay: 2 })]));
    const row = { tract: '44001', time: '2026-06-30', values: week(40) };
    const low = { ...row, values: row.values.with(-1, 0).with(-2, 3) };
    expect(late.predict([low])).toEqual(late.predict([row]));
    expect(predictOne(low)).not.toEqual(predictOne(row));
    expect(late.predict([row])[0].outputs.time[0]).toBe('2026-07-01T00:00:00.000Z');
  });
});

describe('out of the range of what was learnt', () => {
  const bounds = { id: '44001', name: 'Bristol', country: 'US', minimum: 40, maximum: 100 };
  const by = () => loadServed(learnt([bounds, { id: '44003', name: 'Kent', minimum: null, maximum: null }]));
  const fieldsOf = (row: Partial<Row>) =>
    predictOne({ tract: '44001', time: '2026-06-30', values: week(28), ...row }, by()).outOfRange;

  it('names the values that no margin allows for, on both sides of it', () => {
    // 100 + 3·√101 = 130.15; 40 − 3·√41 = 20.79.
    expect(fieldsOf({ values: week(28).with(-1, 130) })).toEqual([]);
    expect(fieldsOf({ values: week(28).with(-1, 131) })).toEqual(['values']);
    expect(fieldsOf({ values: week(28).with(5, 21) })).toEqual([]);
    expect(fieldsOf({ values: week(28).with(5, 20) })).toEqual(['values']);
  });

  it('looks at the newest 28 known values alone', () => {
    expect(fieldsOf({ values: [9999, ...week(28)] })).toEqual([]);
    expect(fieldsOf({ values: [9999, ...week(28).with(3, null as unknown as number)] })).toEqual(['values']);
  });

  it('names a series of which nothing is known, a tract never observed, and times it has not learnt from', () => {
    expect(fieldsOf({ values: week(28).map(() => null) })).toEqual(['values']);
    expect(fieldsOf({ tract: '44003' })).toEqual(['tract']);
    expect(fieldsOf({ time: '2023-12-31' })).toEqual(['time']);
    expect(fieldsOf({ time: '2024-01-01' })).toEqual([]);
    // Until 30 June 2026 and 366 days.
    expect(fieldsOf({ time: '2027-07-01' })).toEqual([]);
    expect(fieldsOf({ time: '2027-07-02' })).toEqual(['time']);
  });

  it('finds nothing where an old bundle does not say what it has learnt from', () => {
    const row = { tract: '44001', time: '2026-06-30', values: week(28).map((value) => 1000 * value) };
    expect(predictOne(row).outOfRange).toEqual([]);
  });
});

it('forecasts a series of three times the size some three times as high', () => {
  const values = Array.from({ length: 200 }, (_, t) => wave(1, t));
  const row = { tract: '44005', time: '2026-06-30', values };
  const low = predictOne(row).outputs.point as number[];
  const high = predictOne({ ...row, values: values.map((value) => 3 * value) }).outputs.point as number[];
  high.forEach((value, index) => {
    expect(value / low[index]).toBeGreaterThan(2.5);
    expect(value / low[index]).toBeLessThan(3.5);
  });
});
