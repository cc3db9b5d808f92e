import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MlflowHome } from '../../pipeline/contracts/homes.ts';
import { modelOn } from '../../pipeline/registry/mlflow-home.testing.ts';
import { FaultProxy } from '../../test/servers/fault-proxy.ts';
import { sharedMlflow } from '../../test/servers/shared-mlflow.ts';
import { samples, startService, temporaryFolder, workspaceIn } from '../following.testing.ts';
import { MODEL } from '../sample-service.testing.ts';
import { workspaceSource } from './workspace.ts';

const { one, two } = samples;
let home: MlflowHome;
beforeAll(async () => {
  home = await sharedMlflow('3');
}, 600_000);

describe('a registry on MLflow', () => {
  const cleanups: (() => Promise<unknown>)[] = [];
  afterAll(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  it('is followed by its alias, through an outage, and after a rollback', async () => {
    const { folder, remove } = await temporaryFolder();
    cleanups.push(remove);
    const model = modelOn(home);
    cleanups.push(() => model.close());
    const named = { model: MODEL, prefix: `${model.name}-` };
    const registry = model.open(named);
    const proxy = await FaultProxy.start(home.url);
    cleanups.push(() => proxy.close());
    for (const { files, version } of [one, two]) {
      const { model: _model, version: _version, digest: _digest, registered_at: _at, ...about } = version;
      await registry.register(files, about);
    }
    await registry.setAlias('champion', 'v0001', null);
    await workspaceIn(folder).publish(one.pack);

    const through = model.client({}, { ...home, url: proxy.url, retries: 0, timeoutMs: 3000 });
    const source = workspaceSource(folder, () => model.open(named, through));
    const service = await startService({ source });
    cleanups.push(service.close);
    expect(service.served()).toBe('v0001');

    await registry.setAlias('champion', 'v0002', 'v0001');
    proxy.fail({ fault: { kind: 'reset', forwarded: false }, times: Number.POSITIVE_INFINITY });
    expect((await service.follower.look()).ok).toBe(false);
    expect(service.served()).toBe('v0001');
    proxy.heal();
    expect(await service.follower.look()).toMatchObject({ ok: true });
    expect(service.served()).toBe('v0002');
    expect(service.state.refused(MODEL)).toEqual([]);

    await registry.setAlias('champion', 'v0001', 'v0002');
    await service.follower.look();
    expect(service.served()).toBe('v0001');
  });
});
