import { describe, expect, it } from 'vitest';
import type { BundleFiles } from '../contracts/bundle.ts';
import { ConflictError, CorruptError, UsageError } from '../contracts/errors.ts';
import type { Registry } from '../contracts/registry.ts';
import { about, sampleBundle, samplePack } from './sample-bundle.testing.ts';

export interface TestRegistry {
  registry: Registry;
  /** A second client of the same home, as another process has it. */
  another: Registry;
}

/** What every home of the registry must do; a test of a home calls this with a way to make a fresh one. */
export function registryContract(name: string, make: () => Promise<TestRegistry>): void {
  describe(`${name} as a registry`, () => {
    it('is empty at first', async () => {
      const { registry } = await make();
      expect(await registry.versions()).toEqual([]);
      expect(await registry.version('v0001')).toBeNull();
      expect(await registry.alias('champion')).toBeNull();
      await expect(registry.bundle('v0001')).rejects.toThrow(UsageError);
    });

    it('gives back what it was given, to another client as well', async () => {
      const { registry, another } = await make();
      const { files, digest } = sampleBundle('one');
      const version = await registry.register(files, about);
      expect(version).toMatchObject({ ...about, version: 'v0001', digest });
      expect(await another.version('v0001')).toEqual(version);
      expect(plain(await another.bundle('v0001'))).toEqual(plain(files));
    });

    it('numbers versions in the order they came', async () => {
      const { registry } = await make();
      for (const content of ['one', 'two', 'three'])
        await registry.register(sampleBundle(content).files, about);
      expect((await registry.versions()).map(({ version }) => version)).toEqual(['v0001', 'v0002', 'v0003']);
    });

    it('answers the same bundle with its first version', async () => {
      const { registry, another } = await make();
      const first = await registry.register(sampleBundle('one').files, about);
      await registry.register(sampleBundle('two').files, about);
      expect(await another.register(sampleBundle('one').files, { ...about, commit: 'later' })).toEqual(first);
      expect(await registry.versions()).toHaveLength(2);
    });

    it('gives bundles that come at once different numbers', async () => {
      const { registry, another } = await make();
      const made = await Promise.all(
        ['a', 'b', 'c', 'd', 'e'].map((content, i) =>
          [registry, another][i % 2].register(sampleBundle(content).files, about),
        ),
      );
      expect(new Set(made.map(({ version }) => version)).size).toBe(5);
      expect(await registry.versions()).toHaveLength(5);
    });

    it('refuses a bundle that is not what its manifest says', async () => {
      const { registry } = await make();
      const { files } = sampleBundle('one');
      files.set('model/weights.bin', Buffer.from('other'));
      await expect(registry.register(files, about)).rejects.toThrow(/model\/weights\.bin/);
      expect(await registry.versions()).toEqual([]);
    });

    it('moves an alias from where the caller believes it to be', async () => {
      const { registry, another } = await make();
      await twoVersions(registry);
      await registry.setAlias('champion', 'v0001', null);
      await another.setAlias('champion', 'v0002', 'v0001');
      expect((await registry.alias('champion'))?.version).toBe('v0002');
      expect(await registry.alias('challenger')).toBeNull();
      expect(await registry.pointer('champion')).toBe('v0002');
      expect(await registry.pointer('challenger')).toBeNull();
    });

    it('refuses to move an alias that somebody else moved first', async () => {
      const { registry, another } = await make();
      await twoVersions(registry);
      await registry.setAlias('champion', 'v0001', null);
      await expect(another.setAlias('champion', 'v0002', null)).rejects.toThrow(ConflictError);
      await expect(another.setAlias('champion', 'v0002', 'v0002')).rejects.toThrow(ConflictError);
      expect((await registry.alias('champion'))?.version).toBe('v0001');
    });

    it('lets one of two promoters win', async () => {
      const { registry, another } = await make();
      await twoVersions(registry);
      const outcomes = await Promise.allSettled([
        registry.setAlias('champion', 'v0001', null),
        another.setAlias('champion', 'v0002', null),
      ]);
      const lost = outcomes.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
      expect(lost).toHaveLength(1);
      expect(lost[0].reason).toBeInstanceOf(ConflictError);
      const winner = outcomes[0].status === 'fulfilled' ? 'v0001' : 'v0002';
      expect((await registry.alias('champion'))?.version).toBe(winner);
    });

    it('takes a version away, never one that an alias names or the newest, and gives its number to nobody', async () => {
      const { registry, another } = await make();
      for (const content of ['one', 'two', 'three'])
        await registry.register(sampleBundle(content).files, about);
      await registry.setAlias('champion', 'v0001', null);
      await expect(another.remove('v0001')).rejects.toThrow(ConflictError);
      await expect(another.remove('v0003')).rejects.toThrow(/newest/);
      await another.remove('v0002');
      await another.remove('v0002');
      expect(await registry.version('v0002')).toBeNull();
      expect((await registry.versions()).map(({ version }) => version)).toEqual(['v0001', 'v0003']);
      await expect(registry.setAlias('champion', 'v0002', 'v0001')).rejects.toThrow(UsageError);
      expect((await registry.register(sampleBundle('two').files, about)).version).toBe('v0004');
      expect(plain(await another.bundle('v0001'))).toEqual(plain(sampleBundle('one').files));
    });

    it('has no observation pack at first, then the newest one, and says nothing of the one that was seen', async () => {
      const { registry, another } = await make();
      expect(await registry.newestPack(null)).toBeNull();
      const { digest } = await registry.register(sampleBundle('one').files, about);
      const [monday, tuesday] = [samplePack('monday', digest), samplePack('tuesday', digest)];
      const id = await registry.publishPack(monday);
      expect(id).toMatch(/^[0-9a-f]{64}$/);
      const found = await another.newestPack(null);
      expect(found?.id).toBe(id);
      expect(plain(found!.files)).toEqual(plain(monday));
      expect(await another.newestPack(id)).toBeNull();

      const next = await another.publishPack(tuesday);
      expect(next).not.toBe(id);
      expect((await registry.newestPack(id))?.id).toBe(next);
      expect(plain((await registry.newestPack(null))!.files)).toEqual(plain(tuesday));
      // Versions and packs do not know of each other.
      expect(await registry.versions()).toHaveLength(1);
    });

    it('takes the same pack twice, an earlier one again, and one of a bundle that it does not have', async () => {
      const { registry, another } = await make();
      const packs = ['a', 'b', 'c', 'd', 'e'].map((content) => samplePack(content, 'f'.repeat(64)));
      for (const pack of packs) {
        const id = await registry.publishPack(pack);
        expect(await another.publishPack(pack)).toBe(id);
        expect(plain((await another.newestPack(null))!.files)).toEqual(plain(pack));
      }
      // Long gone, or still there: it is the newest again, and whole.
      for (const pack of [packs[0], packs[3], packs[4]]) {
        const id = await another.publishPack(pack);
        expect((await registry.newestPack(null))?.id).toBe(id);
        expect(plain((await registry.newestPack(null))!.files)).toEqual(plain(pack));
      }
    });

    it('refuses a pack that is not what its manifest says, and leaves the newest one', async () => {
      const { registry } = await make();
      const id = await registry.publishPack(samplePack('one'));
      const other = samplePack('two').set('forecasts.json', Buffer.from('{}'));
      await expect(registry.publishPack(other)).rejects.toThrow(/forecasts\.json/);
      const incomplete = samplePack('two');
      incomplete.delete('windows.f64.gz');
      await expect(registry.publishPack(incomplete)).rejects.toThrow(CorruptError);
      await expect(registry.publishPack(new Map())).rejects.toThrow(/pack\.json is missing/);
      expect((await registry.newestPack(null))?.id).toBe(id);
    });

    it('has one whole pack while several are published at once', async () => {
      const { registry, another } = await make();
      const packs = ['a', 'b', 'c', 'd'].map((content) => samplePack(content));
      const ids = await Promise.all(
        packs.map((pack, index) => [registry, another][index % 2].publishPack(pack)),
      );
      const newest = await registry.newestPack(null);
      expect(plain(newest!.files)).toEqual(plain(packs[ids.indexOf(newest!.id)]));
    });

    it('points no alias at a version that is not there', async () => {
      const { registry } = await make();
      await expect(registry.setAlias('champion', 'v0009', null)).rejects.toThrow(UsageError);
      await expect(registry.setAlias('champion', '../v0001', null)).rejects.toThrow(UsageError);
    });
  });
}

async function twoVersions(registry: Registry): Promise<void> {
  await registry.register(sampleBundle('one').files, about);
  await registry.register(sampleBundle('two').files, about);
}

function plain(files: BundleFiles): Record<string, string> {
  return Object.fromEntries([...files].map(([path, bytes]) => [path, Buffer.from(bytes).toString('base64')]));
}
