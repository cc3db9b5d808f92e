import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fault, FaultProxy } from '../../test/servers/fault-proxy.ts';
import { sharedMlflow } from '../../test/servers/shared-mlflow.ts';
import type { MlflowHome } from '../contracts/homes.ts';
import { modelOn, remembering, type TestModel } from './mlflow-home.testing.ts';
import { about, sampleBundle } from './sample-bundle.testing.ts';

/** On MLflow 2, the nearer to Dagshub: what a network does to requests is the same on both. */
describe('the registry on MLflow behind a bad network', () => {
  let home: MlflowHome;
  const models: TestModel[] = [];
  const fresh = () => {
    const model = modelOn(home);
    models.push(model);
    return model;
  };
  /** v0001 is the champion. */
  const promoted = async () => {
    const model = fresh();
    await model.open().register(sampleBundle('one').files, about);
    await model.open().setAlias('champion', 'v0001', null);
    return model;
  };
  beforeAll(async () => {
    home = await sharedMlflow('2');
  }, 600_000);
  afterAll(() => Promise.all(models.map((model) => model.close())));

  const passing: [string, Fault, (method: string, path: string) => boolean][] = [
    [
      'the answer to a new version is lost',
      { kind: 'reset', forwarded: true },
      (_, path) => path.includes('versions/create'),
    ],
    [
      'the answer to a new model is lost',
      { kind: 'reset', forwarded: true },
      (_, path) => path.includes('models/create'),
    ],
    [
      'the answer to a new run is lost',
      { kind: 'reset', forwarded: true },
      (_, path) => path.includes('runs/create'),
    ],
    [
      'the answer to a move is lost',
      { kind: 'reset', forwarded: true },
      (_, path) => path.includes('log-parameter'),
    ],
    ['an upload breaks', { kind: 'reset', forwarded: false }, (method) => method === 'PUT'],
    [
      'a server error comes once',
      { kind: 'status', status: 500, body: '{"error_code":"INTERNAL_ERROR"}' },
      (_, path) => path.includes('versions/create'),
    ],
    [
      'a proxy asks to wait',
      { kind: 'status', status: 429, headers: { 'retry-after': '0' } },
      (_, path) => path.includes('versions/create'),
    ],
    [
      'an answer breaks off',
      { kind: 'truncated' },
      (method, path) => method === 'GET' && path.includes('bundle.json'),
    ],
    ['it is slow', { kind: 'slow', ms: 300 }, () => true],
  ];

  it.each(passing)('is got over where %s: one version, one move', async (_what, fault, when) => {
    const model = fresh();
    const proxy = await FaultProxy.start(home.url);
    try {
      proxy.fail({ when, fault, times: fault.kind === 'slow' ? 3 : 1 });
      const registry = model.open({}, model.client({}, { ...home, url: proxy.url }));
      const made = await registry.register(sampleBundle('one').files, about);
      await registry.setAlias('champion', 'v0001', null);
      expect(await registry.alias('champion')).toEqual(made);
      expect(await model.open().versions()).toEqual([made]);
      expect(await model.made()).toEqual({ versions: 1, ledgers: 1, bundles: 1 });
      expect(await model.moves('champion')).toBe(1);
    } finally {
      await proxy.close();
    }
  });

  const lasting: [string, Fault, RegExp][] = [
    ['a log-in page answers', { kind: 'html' }, /answered/],
    ['the token expires', { kind: 'status', status: 401, body: 'expired' }, /401/],
    ['the server is gone', { kind: 'reset', forwarded: false }, /MLflow at/],
  ];

  it.each(lasting)('is told where %s in the middle, and leaves nothing half', async (_what, fault, says) => {
    const model = await promoted();
    const proxy = await FaultProxy.start(home.url);
    try {
      proxy.fail({ when: (method) => method === 'PUT', fault, times: Number.POSITIVE_INFINITY });
      proxy.fail({
        when: (_, path) => path.includes('log-parameter'),
        fault,
        times: Number.POSITIVE_INFINITY,
      });
      const registry = model.open({}, model.client({}, { ...home, url: proxy.url, retries: 1 }));
      await expect(registry.register(sampleBundle('two').files, about)).rejects.toThrow(says);
      expect(await model.open().versions()).toHaveLength(1);
      await model.open().register(sampleBundle('two').files, about);
      await expect(registry.setAlias('champion', 'v0002', 'v0001')).rejects.toThrow(says);
      expect((await model.open().alias('champion'))?.version).toBe('v0001');
    } finally {
      await proxy.close();
    }
  });

  it('leaves the champion where it was put although MLflow’s own alias could not be moved', async () => {
    const model = await promoted();
    await model.open().register(sampleBundle('two').files, about);
    const proxy = await FaultProxy.start(home.url);
    try {
      const { log, lines } = remembering();
      proxy.fail({
        when: (method, path) => method !== 'GET' && path.includes('registered-models/alias'),
        fault: { kind: 'status', status: 403 },
        times: Number.POSITIVE_INFINITY,
      });
      const registry = model.open({ log }, model.client({}, { ...home, url: proxy.url }));
      await registry.setAlias('champion', 'v0002', 'v0001');
      expect((await registry.alias('champion'))?.version).toBe('v0002');
      expect(lines.join()).toMatch(/does not show where champion is/);
      expect(await model.shown('champion')).toBe('v0001');
      expect((await model.open().alias('champion'))?.version).toBe('v0002');
      expect(await model.shown('champion')).toBe('v0002');
    } finally {
      await proxy.close();
    }
  });
});
