import { expect, it } from 'vitest';
import { RequestSchema } from '../../contracts/serving.ts';
import { madePanel } from './made-panel.testing.ts';
import { baseline } from './predict/baselines.ts';
import { bundleJson, readBundleJson } from './predict/bundle-json.ts';
import { loadServed } from './predict/served.ts';
import { withServing } from './serving-files.ts';
import { withWarmUp } from './warm-up.ts';

/** t0 counts 0 … 100 and misses day 50; t1 was never seen. */
const panel = madePanel({
  tracts: 2,
  length: 101,
  country: 'IT',
  value: (tract, t) => (tract === 1 || t === 50 ? Number.NaN : t),
});

function bundle(scale: 'count' | 'real' = 'count') {
  const spec = {
    format: 1,
    candidate: 'persistence',
    isBaseline: true,
    members: ['persistence'],
    weights: [[1], [1]],
    maxHorizon: 2,
    step: 'day',
    scale,
    target: 'new_cases',
    delay: 0,
    trainEnd: Date.UTC(2021, 3, 14),
  };
  const horizon = {
    relative: 0.1,
    counting: 1,
    offsets: [-4, -3, -2, -1, 0, 1, 2, 3, 4],
    typical: 1,
    breadth: 1,
  };
  const intervals = {
    scale,
    tracts: ['t0', 't1'],
    tractScale: [1, 1],
    horizons: [horizon, horizon],
    settledUntil: null,
  };
  const files = new Map([
    ...bundleJson('spec.json', spec),
    ...bundleJson('intervals.json', intervals),
    ...baseline({ name: 'persistence', season: 1, maxLead: 2 }).files(),
  ]);
  return withWarmUp(files, panel);
}

it('tells of what was learnt: range, quantiles and gaps over all tracts, and the range of each', () => {
  const files = withServing(bundle(), panel);
  const served = loadServed(files);
  // 0 … 100 without 50, in steps of five hundredths: the 100 values have 99 gaps between them.
  const { values } = served.reference!.fields;
  expect(values).toMatchObject({ n: 100, missing: 102, minimum: 0, maximum: 100, mean: 50 });
  expect(values.quantiles).toHaveLength(21);
  expect(values.quantiles[1]).toBeCloseTo(4.95, 10);
  expect(values.quantiles[10]).toBe(50);
  expect(values.quantiles[20]).toBe(100);
  // Σ (x − 50)² over 0 … 100 is 85,850; 50 itself adds nothing.
  expect(values.deviation).toBeCloseTo(Math.sqrt(85_850 / 99), 10);
  expect(readBundleJson(files, 'learnt.json')).toEqual({
    format: 1,
    from: '2021-01-04T00:00:00.000Z',
    until: '2021-04-14T00:00:00.000Z',
    tracts: [
      { id: 't0', name: 'Tract 0', country: 'IT', minimum: 0, maximum: 100 },
      { id: 't1', name: 'Tract 1', country: 'IT', minimum: null, maximum: null },
    ],
  });
  expect(withServing(bundle(), panel)).toEqual(files);
});

it('writes the request that an older bundle is read to have, and says it in the schema’s words', () => {
  const files = withServing(bundle(), panel);
  const { request } = loadServed(files);
  expect(request).toEqual(loadServed(bundle()).request);
  expect(request).toEqual(RequestSchema.parse(readBundleJson(files, 'request.json')));
  expect(request.fields[1]).toEqual({
    kind: 'time',
    name: 'time',
    nullable: false,
    earliest: '1991-04-14T00:00:00.000Z',
    latest: '2051-04-14T00:00:00.000Z',
  });
  expect(loadServed(bundle()).reference).toBeNull();
});

it.each(['request.json', 'reference.json', 'learnt.json'])('refuses a %s that is another file', (path) => {
  const files = withServing(bundle(), panel);
  expect(() => loadServed(files.set(path, Buffer.from('{"format":2}')))).toThrow(
    expect.objectContaining({ name: 'CorruptError', message: expect.stringContaining(path) }),
  );
  expect(() => loadServed(files.set(path, Buffer.from('{')))).toThrow(path);
});
