import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { UpstreamError } from '../../pipeline/contracts/errors.ts';
import { resealed, samples, startService, temporaryFolder, workspaceIn } from '../following.testing.ts';
import { MODEL, packOf, sampleOf } from '../sample-service.testing.ts';
import type { Source } from '../sources/source.ts';

const { one, two } = samples;
const nextDay = packOf({ ...two, digest: two.version.digest, panel: sampleOf({ days: 121 }).panel });
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function folder() {
  const made = await temporaryFolder();
  cleanups.push(made.remove);
  return made.folder;
}

/** v0001 is the champion, with a pack of its own. */
async function workspace() {
  const made = workspaceIn(await folder());
  await made.register(one);
  await made.promote('v0001');
  await made.publish(one.pack);
  return made;
}

async function started(options: Parameters<typeof startService>[0]) {
  const service = await startService(options);
  cleanups.push(service.close);
  return service;
}

/** A bundle whose golden answers are not what it answers. */
const wrong = resealed(two, (files) => {
  const warmUp = JSON.parse(Buffer.from(files.get('warm-up.json')!).toString());
  const text = JSON.stringify(warmUp, (key, value) =>
    key !== 'series' && typeof value === 'number' && !Number.isInteger(value) ? value * 1.01 : value,
  );
  files.set('warm-up.json', Buffer.from(text));
});

/** One that fails when it is told to. */
function moody(source: Source) {
  const mood: { fails: string | null } = { fails: null };
  const or = <T>(work: () => Promise<T>) =>
    mood.fails ? Promise.reject(new UpstreamError(mood.fails)) : work();
  const wrapped: Source = {
    ...source,
    version: (model) => or(() => source.version(model)),
    bundle: (model, version) => or(() => source.bundle(model, version)),
    pack: (model, seen) => or(() => source.pack(model, seen)),
  };
  return { source: wrapped, mood };
}

describe('following a registry', () => {
  it('serves what is promoted while it runs, and the observations alone where they alone are new', async () => {
    const home = await workspace();
    const service = await started({ source: home.source() });
    expect(service.served()).toBe('v0001');

    await home.register(two);
    expect(await service.follower.look()).toMatchObject({ ok: true, said: [] });
    await home.promote('v0002');
    await service.follower.look();
    expect(service.served()).toBe('v0002');
    expect(service.slot.current?.pack?.manifest.data_version).toBe('data-120');

    const { model } = service.slot.current!;
    await home.publish(nextDay);
    await service.follower.look();
    expect(service.slot.current?.model).toBe(model);
    expect(service.slot.current?.headers['x-data-version']).toBe('data-121');
  });

  it('follows a rollback as any other swap', async () => {
    const home = await workspace();
    await home.register(two);
    await home.promote('v0002');
    const service = await started({ source: home.source() });
    await home.promote('v0001');
    await service.follower.look();
    expect(service.served()).toBe('v0001');
    expect(service.swapsOf()).toEqual(['bundle swapped v0002', 'bundle swapped v0001']);
  });

  it('refuses for good a bundle that answers its warm-up requests wrongly, and tells it', async () => {
    const home = await workspace();
    const state = await folder();
    const service = await started({ source: home.source(), state });
    await home.register(wrong);
    await home.promote('v0002');
    expect((await service.follower.look()).ok).toBe(true);
    expect(service.served()).toBe('v0001');
    await service.follower.look();
    expect(service.state.refused(MODEL)).toMatchObject([{ version: 'v0002', digest: wrong.version.digest }]);
    expect(service.swapsOf()).toEqual(['bundle swapped v0001', 'bundle refused v0002']);
    expect(await service.monitor.registry.metrics()).toContain(
      `perennial_swaps_total{model="${MODEL}",kind="bundle",result="refused"} 1`,
    );
    await service.close();

    const next = await started({ source: home.source(), state });
    await next.follower.look();
    expect(next.served()).toBe('v0001');
    expect(next.swapsOf()).toHaveLength(2);
    await next.state.lift(MODEL, wrong.version.digest);
    await next.follower.look();
    expect(next.swapsOf()).toHaveLength(3);
  });

  it('tries bytes that are not those of the digest again later, and serves them once they are', async () => {
    const home = await workspace();
    let minute = 0;
    const now = () => new Date(Date.UTC(2026, 6, 1, 0, minute));
    const service = await started({ source: home.source(), now });
    await home.register(two);
    await home.promote('v0002');
    const file = join(home.paths.registry, 'v0002', 'bundle', 'spec.json');
    await writeFile(file, '{');
    expect((await service.follower.look()).ok).toBe(false);
    await service.follower.look();
    expect(service.served()).toBe('v0001');
    expect(service.state.refused(MODEL)).toEqual([]);
    expect(service.swapsOf()).toEqual(['bundle swapped v0001', 'bundle refused v0002']);

    await writeFile(file, two.files.get('spec.json')!);
    await service.follower.look();
    expect(service.served()).toBe('v0001');
    minute = 61;
    await service.follower.look();
    expect(service.served()).toBe('v0002');
  });

  it('goes on with what it has while its source is away, and tells since when', async () => {
    const home = await workspace();
    const { source, mood } = moody(home.source());
    const service = await started({ source });
    mood.fails = 'nobody is there';
    await home.register(two);
    await home.promote('v0002');
    expect(await service.follower.look()).toMatchObject({ ok: false, said: ['nobody is there'] });
    expect(service.served()).toBe('v0001');
    expect(service.slot.following).toMatchObject({ failing: { reason: 'nobody is there' } });
    expect(service.slot.following?.lastSuccess).toBeInstanceOf(Date);
    mood.fails = null;
    await service.follower.look();
    expect(service.served()).toBe('v0002');
    expect(service.slot.following?.failing).toBeNull();
    expect(service.state.refused(MODEL)).toEqual([]);
  });

  it('takes new observations though the bundle fails, and asks once for all who ask', async () => {
    const home = await workspace();
    const service = await started({ source: home.source() });
    await home.register(wrong);
    await home.promote('v0002');
    await home.publish(nextDay);
    const looks = [service.follower.look(), service.follower.look()];
    expect(looks[0]).toBe(looks[1]);
    await looks[0];
    expect(service.slot.current?.headers).toEqual({
      'x-model-version': 'v0001',
      'x-data-version': 'data-121',
    });
  });

  it('refuses observations that are not whole, and keeps those of before', async () => {
    const home = await workspace();
    const service = await started({ source: home.source() });
    await home.publish(new Map([...nextDay, ['forecasts.json', Buffer.from('{}')]]));
    expect((await service.follower.look()).ok).toBe(false);
    expect(service.slot.current?.headers['x-data-version']).toBe('data-120');
    expect(service.swapsOf().at(-1)).toMatch(/^pack refused/);
  });

  it('serves a pinned version whatever is promoted, until it is not pinned any more', async () => {
    const home = await workspace();
    const state = await folder();
    const service = await started({ source: home.source(), state });
    await service.state.pin(MODEL, 'v0001');
    await home.register(two);
    await home.promote('v0002');
    await service.follower.look();
    expect(service.served()).toBe('v0001');
    await service.close();

    const next = await started({ source: home.source(), state });
    expect(next.served()).toBe('v0001');
    await next.state.pin(MODEL, null);
    await next.follower.look();
    expect(next.served()).toBe('v0002');
    const fixed = await started({ source: home.source(), env: { PERENNIAL_PIN: `${MODEL}=v0001` } });
    expect(fixed.served()).toBe('v0001');
  });
});

describe('a start', () => {
  it('serves what was served last while the source is away', async () => {
    const home = await workspace();
    const state = await folder();
    const { source, mood } = moody(home.source());
    await (await started({ source, state })).close();
    mood.fails = 'nobody is there';
    const next = await started({ source, state });
    expect(next.slot.current?.headers).toEqual({
      'x-model-version': 'v0001',
      'x-data-version': 'data-120',
    });
  });

  it('says what is missing where nothing was trained', async () => {
    const home = workspaceIn(await folder());
    await expect(started({ source: home.source() })).rejects.toThrow(/no champion of infections/);
  });

  it('waits, not ready, where nothing is at hand and the source is away', async () => {
    const { source, mood } = moody((await workspace()).source());
    mood.fails = 'nobody is there';
    const service = await started({ source });
    expect(service.served()).toBeNull();
    expect(() => service.slot.choose()).toThrow(/not loaded yet/);
    mood.fails = null;
    await service.follower.look();
    expect(service.served()).toBe('v0001');
    expect(service.slot.current?.headers['x-data-version']).toBe('data-120');
  });
});
