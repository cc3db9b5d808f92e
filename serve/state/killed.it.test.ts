import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { UpstreamError } from '../../pipeline/contracts/errors.ts';
import { type MortalChild, mortalChild } from '../../test/mortal-child.ts';
import { samples, startService, temporaryFolder, workspaceIn } from '../following.testing.ts';
import type { Source } from '../sources/source.ts';

const AT_ONCE = 2;
const { one, two } = samples;
let base: Awaited<ReturnType<typeof temporaryFolder>>;
let child: MortalChild;

/** v0001 is the champion and was served; v0002 may become it. */
beforeAll(async () => {
  base = await temporaryFolder();
  child = await mortalChild(fileURLToPath(new URL('swaps-child.testing.ts', import.meta.url)));
  const home = workspaceIn(join(base.folder, 'base'));
  await home.register(one);
  await home.register(two);
  await home.promote('v0001');
  await home.publish(one.pack);
  const service = await startService({ source: home.source(), state: join(home.root, 'state') });
  await service.close();
});
afterAll(() => Promise.all([base?.remove(), child?.remove()]));

const away: Source = {
  where: 'nowhere',
  version: () => Promise.reject(new UpstreamError('nobody is there')),
  versionNamed: () => Promise.reject(new UpstreamError('nobody is there')),
  bundle: () => Promise.reject(new UpstreamError('nobody is there')),
  pack: () => Promise.reject(new UpstreamError('nobody is there')),
  close: async () => {},
};

it('killed at one write or another of a swap, a promotion and a rollback, serves one whole version at the next start', async () => {
  const copy = async (name: string) => {
    const root = join(base.folder, name);
    await cp(join(base.folder, 'base'), root, { recursive: true });
    return root;
  };
  const unharmed = await copy('0');
  const writes = (await child.run([unharmed], { dieAt: 0, under: unharmed })).writes ?? 0;
  expect(writes).toBeGreaterThan(20);
  const seen = new Set<string>();
  let [next, spared] = [1, 0];
  const worker = async () => {
    for (let at = next++; at <= writes; at = next++) {
      const root = await copy(String(at));
      const run = await child.run([root], { dieAt: at, under: root });
      // Two changes of a list are one write where the second comes while the first one waits: some runs have fewer.
      if (!run.killed) {
        expect(run.exitCode, `write ${at}`).toBe(0);
        expect(run.writes, `write ${at}`).toBeLessThan(at);
        spared++;
      }
      // While what it follows is away it serves what is remembered, whole; else the champion.
      const alone = await startService({ source: away, state: join(root, 'state') });
      expect(alone.slot.current?.headers, `write ${at}`).toMatchObject({ 'x-data-version': 'data-120' });
      seen.add(alone.served()!);
      await alone.close();
      const home = workspaceIn(root);
      const champion = await home.registry.pointer('champion');
      const service = await startService({ source: home.source(), state: join(root, 'state') });
      await service.follower.look();
      expect(service.served(), `write ${at}`).toBe(champion);
      expect(service.state.refused('infections')).toEqual([]);
      await service.close();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  expect(seen).toEqual(new Set(['v0001', 'v0002']));
  expect(spared).toBeLessThan(writes / 10);
}, 900_000);
