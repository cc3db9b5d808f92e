import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { sharedMlflow } from '../../../test/servers/shared-mlflow.ts';
import { readHistory } from '../../clients/history-folder.ts';
import { ConflictError } from '../../contracts/errors.ts';
import { Production } from '../../contracts/promotion.ts';
import { readJson } from '../../files.ts';
import { Killed, modelOn, type TestModel } from '../../registry/mlflow-home.testing.ts';
import { rollback } from './rollback.ts';
import { completeRegister, register } from './run.ts';
import { leaveDecision, sampleContext } from './sample-run.testing.ts';

const versions = { commit: 'c', dataVersion: 'd' };
/** More requests than register or rollback make. */
const MANY = 80;
/** The registry's own tests die at every single request; here every other one is enough. */
const EVERY = 2;
let model: TestModel;
let root: string;

beforeAll(async () => {
  model = modelOn(await sharedMlflow('2'));
  root = await mkdtemp(join(tmpdir(), 'register-mlflow-'));
}, 600_000);
afterAll(async () => {
  await model?.close();
  if (root) await rm(root, { recursive: true });
});

/** What everybody sees: the champion of the registry, of `production.json`, of MLflow's page. */
async function champions(): Promise<(string | null | undefined)[]> {
  const { context, registry } = await sampleContext(root, model.open());
  return [
    (await registry.alias('champion'))?.version,
    (await readJson(context.paths.production, Production))?.version,
    await model.shown('champion'),
  ];
}

async function history(): Promise<string[]> {
  const { context } = await sampleContext(root);
  return (await readHistory(context.paths.history)).map(({ kind, to }) => `${kind} ${to}`);
}

async function survives(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof Killed) return false;
    throw error;
  }
}

it('a registration with its promotion, killed before one request or another, is completed by the next run', async () => {
  let alive = false;
  for (let n = 1; !alive; n++) {
    const killAt = EVERY * n;
    expect(killAt).toBeLessThan(MANY);
    const champion = await model.open().alias('champion');
    const at = new Date(Date.UTC(2026, 1, n)).toISOString();
    await leaveDecision(root, { content: `bundle ${n}`, champion, at });
    const killed = model.openKilledAt(killAt).registry;
    const { context, registry, promotion } = await sampleContext(root, killed);
    alive = await survives(register(context, { registry, promotion, ...versions }));
    const next = `v${String(n).padStart(4, '0')}`;
    expect([champion?.version, next]).toContain((await model.open().alias('champion'))?.version);

    const fresh = await sampleContext(root, model.open());
    await completeRegister(fresh.context, { registry: fresh.registry, ...versions });
    expect(await champions()).toEqual([next, next, next]);
    expect((await model.open().alias('challenger'))?.version).toBe(next);
    expect(await history()).toHaveLength(n);
    expect(await model.made()).toMatchObject({ versions: n, bundles: n, ledgers: 1 });
  }
  // Every time one move of each alias.
  expect(await model.moves('champion')).toBe(await model.moves('challenger'));
}, 300_000);

it('a rollback, killed before one request or another, is done by asking again', async () => {
  let alive = false;
  for (let n = 1; !alive; n++) {
    const killAt = EVERY * n;
    expect(killAt).toBeLessThan(MANY);
    const to = n % 2 === 1 ? 'v0001' : 'v0002';
    const done = (await history()).length;
    const moves = await model.moves('champion');
    const options = { to, by: 'a person', why: `reason ${n}` };
    // A clock that goes on: each entry of the history is a file named by its moment.
    const now = (second: number) => () => new Date(Date.UTC(2026, 6, 1, 0, n, second));
    const killed = model.openKilledAt(killAt).registry;
    const { context } = await sampleContext(root);
    alive = await survives(rollback({ ...context, now: now(0) }, { registry: killed, ...options }));
    const whole = (await model.open().pointer('champion')) === to;
    if (!whole) await rollback({ ...context, now: now(1) }, { registry: model.open(), ...options });
    else await completeRegister(context, { registry: model.open(), ...versions });
    expect(await champions()).toEqual([to, to, to]);
    expect(await model.moves('champion')).toBe(moves + 1);
    expect((await history()).length).toBeGreaterThan(done);
  }
}, 300_000);

it('of two promoters one wins, the other leaves production and history alone', async () => {
  const champion = (await model.open().alias('champion'))!;
  await leaveDecision(root, { content: 'late', champion, at: '2027-01-01T00:00:00.000Z' });
  const other = champion.version === 'v0001' ? 'v0002' : 'v0001';
  await model.open().setAlias('champion', other, champion.version);
  const before = await history();
  const { context, registry, promotion } = await sampleContext(root, model.open());
  await expect(register(context, { registry, promotion, ...versions })).rejects.toThrow(ConflictError);
  expect(await history()).toEqual(before);
  expect((await model.open().alias('champion'))?.version).toBe(other);
});

it('takes back a champion that was deleted on MLflow’s page', async () => {
  const champion = await model.open().pointer('champion');
  await model.client().deleteModelVersion(model.name, Number(champion?.slice(1)));
  const { context, registry } = await sampleContext(root, model.open());
  const options = { registry, to: 'v0003', by: 'a person', why: 'it is gone' };
  expect((await rollback(context, options)).version).toBe('v0003');
  expect(await champions()).toEqual(['v0003', 'v0003', 'v0003']);
});
