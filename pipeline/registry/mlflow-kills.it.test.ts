import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FaultProxy } from '../../test/servers/fault-proxy.ts';
import type { MlflowVersion } from '../../test/servers/mlflow.ts';
import { sharedMlflow } from '../../test/servers/shared-mlflow.ts';
import { ConflictError } from '../contracts/errors.ts';
import type { MlflowHome } from '../contracts/homes.ts';
import type { Registry } from '../contracts/registry.ts';
import { Killed, modelOn, type TestModel } from './mlflow-home.testing.ts';
import { about, sampleBundle } from './sample-bundle.testing.ts';

/** More requests than any of these works makes: the loops below end by themselves before. */
const MANY = 100;
const AT_ONCE = 5;

/** How a client ends: before its n-th request, or after that one was done and before its answer came. */
type Death = 'before a request' | 'before its answer';

describe.each<[MlflowVersion, Death]>([
  ['3', 'before a request'],
  ['3', 'before its answer'],
  ['2', 'before a request'],
])('MLflow %s, a client killed %s', (version, death) => {
  let home: MlflowHome;
  const models: TestModel[] = [];
  const fresh = () => {
    const model = modelOn(home);
    models.push(model);
    return model;
  };
  beforeAll(async () => {
    home = await sharedMlflow(version);
  }, 600_000);
  afterAll(() => Promise.all(models.map((model) => model.close())));

  /** @returns false where the work made fewer than n requests, and was done */
  async function killedAt(n: number, model: TestModel, work: (registry: Registry) => Promise<unknown>) {
    if (death === 'before a request') return await died(work(model.openKilledAt(n).registry));
    const proxy = await FaultProxy.start(home.url);
    try {
      let seen = 0;
      proxy.fail({ when: () => ++seen === n, fault: { kind: 'reset', forwarded: true } });
      proxy.passOnly(n);
      return await died(
        work(model.open({}, model.client({}, { ...home, url: proxy.url, retries: 0, timeoutMs: 5000 }))),
      );
    } finally {
      await proxy.close();
    }
  }

  it('leaves no version or a whole one, and the next call completes it', async () => {
    const { files, digest } = sampleBundle('one');
    const deaths = await atEveryRequest(async (n) => {
      const model = fresh();
      const wasKilled = await killedAt(n, model, (registry) => registry.register(files, about));
      const seen = await model.open().versions();
      if (seen.length > 0) expect(seen).toMatchObject([{ ...about, version: 'v0001', digest }]);
      for (const one of seen) expect(await model.open().version(one.version)).toEqual(one);
      if (!wasKilled) expect(seen).toHaveLength(1);

      const again = await model.open().register(files, about);
      expect(again).toMatchObject({ version: 'v0001', digest });
      expect(await model.open().versions()).toEqual([again]);
      expect(new Map(await model.open().bundle('v0001'))).toEqual(files);
      expect(await model.made()).toEqual({ versions: 1, ledgers: 1, bundles: 1 });
      return wasKilled;
    });
    expect(deaths).toBeGreaterThan(20);
  }, 300_000);

  it('leaves the old champion or the new one, and the next call completes it', async () => {
    const model = fresh();
    const healthy = model.open();
    for (const content of ['one', 'two']) await healthy.register(sampleBundle(content).files, about);
    await healthy.setAlias('champion', 'v0001', null);
    let moves = 1;
    let deaths = 0;
    // Six requests: the last two only move MLflow's own alias, and a promotion is done without them.
    for (let n = 1; n <= 8; n++) {
      const wasKilled = await killedAt(n, model, (registry) =>
        registry.setAlias('champion', 'v0002', 'v0001'),
      );
      deaths += Number(wasKilled);
      const seen = await model.open().alias('champion');
      expect(['v0001', 'v0002']).toContain(seen?.version);
      expect(await model.shown('champion')).toBe(seen?.version);
      if (seen?.version === 'v0001') await model.open().setAlias('champion', 'v0002', 'v0001');
      else await expect(model.open().setAlias('champion', 'v0002', 'v0001')).rejects.toThrow(ConflictError);
      expect((await model.open().alias('champion'))?.version).toBe('v0002');
      await model.open().setAlias('champion', 'v0001', 'v0002');
      moves += 2;
      expect(await model.moves('champion')).toBe(moves);
    }
    expect(deaths).toBe(death === 'before a request' ? 6 : 4);
  }, 300_000);
});

/** @returns how many were killed */
async function atEveryRequest(test: (n: number) => Promise<boolean>): Promise<number> {
  let deaths = 0;
  for (let from = 1; from < MANY; from += AT_ONCE) {
    const batch = await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => test(from + i)));
    deaths += batch.filter(Boolean).length;
    if (batch.includes(false)) return deaths;
  }
  throw new Error('it never ends');
}

async function died(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    const cut = error instanceof Killed || (error as Error).name === 'MlflowError';
    if (cut) return true;
    throw error;
  }
}
