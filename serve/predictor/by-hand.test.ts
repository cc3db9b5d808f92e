import { afterEach, beforeEach, expect, it } from 'vitest';
import { samples, startService, temporaryFolder } from '../following.testing.ts';
import { releaseInto } from '../service-process.testing.ts';
import { releasedSource } from '../sources/released.ts';
import { pin, unpin } from './by-hand.ts';

const { one } = samples;
const two = { ...samples.two, version: { ...samples.two.version, version: 'v0002' } };
let home: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  home = await temporaryFolder();
});
afterEach(() => home.remove());

it('where a released.json is followed, pins what was served before, and says of any other how it is got', async () => {
  const source = releasedSource(await releaseInto(home.folder, one));
  const env = { PERENNIAL_TRIAL_REQUESTS: '5' };
  const service = await startService({ source, state: `${home.folder}/state`, env });
  await new Promise((resolve) => setTimeout(resolve, 110)); // Its answers are fresh for so long.
  await releaseInto(home.folder, two);
  await service.follower.look();
  service.answer(5);
  expect(service.served()).toBe('v0002');
  await pin(service.follower, 'v0001');
  expect(service.served()).toBe('v0001');
  expect((await service.follower.look()).ok).toBe(true);
  await expect(pin(service.follower, 'v0003')).rejects.toMatchObject({
    kind: 'unknown-version',
    problem: { status: 404, facts: { hint: expect.stringContaining('at hand: v0001, v0002;') } },
  });
  await unpin(service.follower);
  expect(service.served()).toBe('v0002');
  await service.close();
  await source.close();
});
