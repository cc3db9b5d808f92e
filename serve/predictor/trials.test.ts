import { afterEach, describe, expect, it, vi } from 'vitest';
import { samples, startService, temporaryFolder, workspaceIn } from '../following.testing.ts';
import { MODEL, packOf, sampleOf } from '../sample-service.testing.ts';
import { isInShare } from './canary-share.ts';
import { differenceOf } from './shadow.ts';

const { one, two } = samples;
const nextDay = packOf({ ...two, digest: two.version.digest, panel: sampleOf({ days: 121 }).panel });
const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** v0001 served, v0002 on trial. */
async function onTrial(env: NodeJS.ProcessEnv = {}) {
  const { folder, remove } = await temporaryFolder();
  cleanups.push(remove);
  const home = workspaceIn(folder);
  await home.register(one);
  await home.register(two);
  await home.promote('v0001');
  await home.publish(one.pack);
  const service = await startService({
    source: home.source(),
    env: { PERENNIAL_TRIAL_REQUESTS: '100', ...env },
  });
  cleanups.push(service.close);
  service.answer(200);
  await home.promote('v0002');
  await service.follower.look();
  return { ...service, home };
}

describe('a bundle that takes over at once', () => {
  it('stays once its first requests were answered as well as before', async () => {
    const service = await onTrial();
    expect(service.served()).toBe('v0002');
    service.answer(99);
    expect(service.follower.options.swaps.trial).not.toBeNull();
    service.answer(1);
    expect(service.follower.options.swaps.trial).toBeNull();
    expect(service.swapsOf().at(-1)).toBe('bundle kept v0002');
  });

  it('is taken back and never tried again where it fails', async () => {
    const service = await onTrial();
    await service.home.publish(nextDay);
    await service.follower.look();
    service.answer(1);
    service.answer(2, { failed: true });
    expect(service.slot.current?.headers).toEqual({
      'x-model-version': 'v0001',
      // Observations belong to no bundle: the way back keeps the newest ones.
      'x-data-version': 'data-121',
    });
    await service.follower.look();
    expect(service.served()).toBe('v0001');
    expect(service.state.refused(MODEL)).toMatchObject([
      { version: 'v0002', reason: '2 of 3 requests failed, 1 % may (the one before: 0 %)' },
    ]);
    const metrics = await service.monitor.registry.metrics();
    expect(metrics).toContain('result="rolled-back"} 1');
    expect(metrics.match(/^perennial_model_info\{.*/gm)).toHaveLength(1);
  });

  it('is taken back where it is slow', async () => {
    const service = await onTrial();
    service.answer(100, { ms: 20 });
    expect(service.served()).toBe('v0001');
    expect(service.state.refused(MODEL)[0].reason).toContain('half of its answers on /forecast');
  });

  it('ends without a verdict where the source names the one before again', async () => {
    const service = await onTrial();
    await service.home.promote('v0001');
    await service.follower.look();
    expect(service.served()).toBe('v0001');
    expect(service.state.refused(MODEL)).toEqual([]);
  });

  it('is over in time though nobody asks', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const service = await onTrial({ PERENNIAL_TRIAL_SECONDS: '60' });
      vi.advanceTimersByTime(60_001);
      expect(service.follower.options.swaps.trial).toBeNull();
      expect(service.served()).toBe('v0002');
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('a canary', () => {
  const env = { PERENNIAL_CANARY: '20%' };
  const keys = Array.from({ length: 2000 }, (_, at) => `client ${at}`);

  it('answers its share of the keys, always the same ones, and new observations reach both', async () => {
    const { slot, home, follower, monitor } = await onTrial(env);
    const of = () => keys.map((key) => slot.choose(key).model.version.version);
    const first = of();
    const share = first.filter((version) => version === 'v0002').length / keys.length;
    expect(share).toBeGreaterThan(0.16);
    expect(share).toBeLessThan(0.24);
    await home.publish(nextDay);
    await follower.look();
    expect(of()).toEqual(first);
    expect(new Set(keys.map((key) => slot.choose(key).headers['x-data-version']))).toEqual(
      new Set(['data-121']),
    );
    expect(slot.choose().model.version.version).toBe('v0001');
    expect(await monitor.registry.metrics()).toMatch(/version="v0002".*role="canary"\} 1/);
  });

  it('takes over where it holds', async () => {
    const service = await onTrial(env);
    service.answer(2000);
    expect(service.served()).toBe('v0002');
    expect(service.slot.canary).toBeNull();
  });

  it('goes where it fails, and only its share has seen it', async () => {
    const service = await onTrial(env);
    for (const key of keys) {
      const edition = service.slot.choose(key);
      const failed = edition.model.version.version === 'v0002';
      service.slot.observe(edition, { route: '/predict', ms: 1, failed });
    }
    expect(service.slot.canary).toBeNull();
    expect(service.served()).toBe('v0001');
    expect(service.state.refused(MODEL)).toHaveLength(1);
  });

  it('has other keys than the canary before', () => {
    const of = (salt: string) => new Set(keys.filter((key) => isInShare(key, { share: 0.2, salt })));
    const [a, b] = [of('a'), of('b')];
    const both = [...a].filter((key) => b.has(key)).length;
    // Of 2,000 keys a fifth of a fifth: 80.
    expect(both).toBeGreaterThan(45);
    expect(both).toBeLessThan(120);
  });
});

describe('a shadow', () => {
  const env = { PERENNIAL_SHADOW: 'true', PERENNIAL_TRIAL_REQUESTS: '20' };
  const ask = (service: Awaited<ReturnType<typeof onTrial>>, answers: Record<string, number[] | null>) =>
    vi.waitFor(
      () => {
        if (!service.follower.options.swaps.trial) return;
        service.slot.watcher?.again(({ model }) => {
          const answer = answers[model.version.version];
          if (!answer) throw new Error('cannot');
          return answer;
        }, '/predict');
        throw new Error('still on trial');
      },
      { timeout: 8000, interval: 2 },
    );

  it('is never answered from, and takes over where its answers hold', async () => {
    const service = await onTrial(env);
    expect(service.slot.choose('anybody').model.version.version).toBe('v0001');
    await ask(service, { v0001: [10, 20], v0002: [11, 21] });
    expect(service.served()).toBe('v0002');
  });

  it.each([
    ['other answers', [100, 20], /differ by/],
    ['no number', [Number.NaN, 1], /no number/],
    ['a failure', null, /failed/],
  ])('is refused for %s', async (_what, answer, reason) => {
    const service = await onTrial(env);
    await ask(service, { v0001: [10, 20], v0002: answer });
    expect(service.served()).toBe('v0001');
    expect(service.state.refused(MODEL)[0].reason).toMatch(reason);
  });

  it('measures differences by the larger side', () => {
    // |10 − 20| + |20 − 20| = 10, of 40.
    expect(differenceOf([10, 20], [20, 20])).toBe(0.25);
    expect(differenceOf([0], [0])).toBe(0);
    expect(differenceOf([0], [5])).toBe(1);
    expect(differenceOf([1, 2], [1])).toBe(Number.POSITIVE_INFINITY);
    expect(differenceOf([Number.NaN, 1], [3, 1])).toBe(0);
  });
});
