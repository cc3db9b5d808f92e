import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { UpstreamError } from '../../pipeline/contracts/errors.ts';
import { resealed, samples, startService, temporaryFolder, workspaceIn } from '../following.testing.ts';
import { MODEL, packOf, sampleOf } from '../sample-service.testing.ts';
import type { Source } from '../sources/source.ts';

const { one, two } = samples;
const cleanups: (() => Promise<void>)[] = [];
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
    await home.publish(packOf({ ...two, digest: two.version.digest, panel: sampleOf({ days: 121 }).panel }));
    await service.follower.look();
    expect(service.slot.current?.model).toBe(model);
    expect(service.slot.current?.headers['x-data-version']).toBe('data-121');
  });
});
