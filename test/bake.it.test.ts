import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeEnvironment } from '../pipeline/commands/environment.ts';
import { type BakeOptions, bakeCommand } from '../pipeline/commands/release/bake.ts';
import type { BundleFiles } from '../pipeline/contracts/bundle.ts';
import { Production } from '../pipeline/contracts/promotion.ts';
import type { RegisteredVersion } from '../pipeline/contracts/registry.ts';
import { Released } from '../pipeline/contracts/released.ts';
import { readJson, writeJson } from '../pipeline/files.ts';
import { writeBundle } from '../pipeline/registry/bundle-folder.ts';
import { unzipBundle } from '../pipeline/registry/bundle-zip.ts';
import { folderRegistry } from '../pipeline/registry/folder.ts';
import { sealBundle, verifyBundle } from '../pipeline/registry/manifest.ts';
import { paths, workspaceAt } from '../pipeline/workspace.ts';
import { MODEL, sampleOf } from '../serve/sample-service.testing.ts';

const NOW = '2026-07-01T12:00:00.000Z';
const sample = sampleOf();

let root: string;
let target: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'perennial-bake-'));
  target = join(root, 'released');
  vi.stubEnv('MLFLOW_TRACKING_URI', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

const at = () => paths(workspaceAt(root), MODEL);
const registry = () => folderRegistry(at().registry, { model: MODEL, now: () => new Date(NOW) });
const bake = (options: BakeOptions = {}) =>
  bakeCommand(makeEnvironment({ quiet: true, now: NOW }, new AbortController().signal), target, {
    model: [MODEL],
    from: 'production',
    commit: '0123abc',
    workspace: workspaceAt(root),
    ...options,
  });

/** Registers a bundle, and lets git name it. */
async function promoted(files: BundleFiles = sample.files, named: Partial<Production> = {}) {
  const { model: _, version: __, digest: ___, registered_at: ____, ...about } = sample.version;
  const version = await registry().register(files, about);
  await writeJson(at().production, Production, { ...productionOf(version), ...named });
  return version;
}

function productionOf({
  hyperparameters: _,
  registered_at,
  parent: __,
  ...rest
}: RegisteredVersion): Production {
  return { ...rest, promoted_at: registered_at };
}

/** With answers in it that its code does not give. */
function otherwiseAnswered(): BundleFiles {
  const { format: _, files: __, ...about } = verifyBundle(sample.files).manifest;
  const warmUp = JSON.parse(Buffer.from(sample.files.get('warm-up.json')!).toString()) as { point: number[] };
  const changed = JSON.stringify({ ...warmUp, point: warmUp.point.map((value) => value + 1) });
  return sealBundle(new Map(sample.files).set('warm-up.json', Buffer.from(changed)), about).files;
}

describe('perennial bake', () => {
  it('writes what git names, with the newest observations, the same bytes each time', async () => {
    const version = await promoted();
    await writeBundle(at().pack, sample.pack);
    await bake({ tag: 'v1.2.3', image: 'ghcr.io/owner/perennial' });
    const first = await contents();
    const released = (await readJson(join(target, 'released.json'), Released))!;
    expect(released).toMatchObject({
      released_at: NOW,
      commit: '0123abc',
      tag: 'v1.2.3',
      image: 'ghcr.io/owner/perennial',
    });
    const { bundle, pack, version: written } = released.models[MODEL];
    expect(written).toEqual(version);
    expect(bundle.url).toBe('infections-v0001.zip');
    for (const [archive, files] of [
      [bundle, sample.files],
      [pack!, sample.pack],
    ] as const) {
      const bytes = await readFile(join(target, archive.url));
      expect(createHash('sha256').update(bytes).digest('hex')).toBe(archive.sha256);
      expect(bytes.byteLength).toBe(archive.bytes);
      const unpacked = await unzipBundle(bytes);
      expect([...unpacked.keys()].sort()).toEqual([...files.keys()].sort());
      for (const [name, content] of files)
        expect(Buffer.from(unpacked.get(name)!).equals(content), name).toBe(true);
    }
    await bake({ tag: 'v1.2.3', image: 'ghcr.io/owner/perennial' });
    expect(await contents()).toEqual(first);
  });

  it('takes the registry’s champion, or a version by its name, where that is asked for', async () => {
    await promoted();
    const second = await registry().register(otherwiseSealed(), aboutSecond());
    await expect(bake({ from: 'champion' })).rejects.toThrow('infections has no champion yet');
    await registry().setAlias('champion', second.version, null);
    expect((await bake({ from: 'champion' })).models[MODEL].version.version).toBe('v0002');
    expect((await bake({ pick: 'v0001' })).models[MODEL].version.version).toBe('v0001');
    await expect(bake({ pick: 'v0009' })).rejects.toThrow('the registry has no version v0009');
    expect((await bake()).models[MODEL].pack).toBeNull();
  });

  it('keeps what was there when a version is not what git names', async () => {
    await promoted();
    await bake();
    const before = await contents();
    await promoted(sample.files, { digest: 'e'.repeat(64) });
    await expect(bake()).rejects.toThrow(/the registry holds .*, production.json names eeeeeeeeeeee/);
    expect(await contents()).toEqual(before);
    expect(await readdir(root)).not.toContain('released.new');
  });

  it('refuses a bundle that answers otherwise than at its birth', async () => {
    await promoted(otherwiseAnswered());
    await expect(bake()).rejects.toThrow(/answers its warm-up requests otherwise than when it was made/);
    expect(await readdir(root)).not.toContain('released');
  });

  it('refuses observations that are not what their manifest says', async () => {
    await promoted();
    await writeBundle(at().pack, new Map(sample.pack).set('intervals.json', Buffer.from('{}')));
    await expect(bake()).rejects.toThrow(
      'the observation pack of infections is not what its manifest says: intervals.json',
    );
  });

  it('replaces no folder that holds other files', async () => {
    await promoted();
    await mkdir(target);
    await writeFile(join(target, 'thesis.docx'), '');
    await expect(bake()).rejects.toThrow('holds other files than a release');
    expect(await readdir(target)).toEqual(['thesis.docx']);
  });

  it('says that nothing was promoted', async () => {
    await expect(bake()).rejects.toThrow('infections has no production.json: nothing was promoted yet');
  });
});

/** A second bundle: the same model, born later. */
function otherwiseSealed(): BundleFiles {
  const { format: _, files: __, ...about } = verifyBundle(sample.files).manifest;
  return sealBundle(new Map(sample.files), { ...about, created_at: NOW }).files;
}

function aboutSecond() {
  const { model: _, version: __, digest: ___, registered_at: ____, ...about } = sample.version;
  return about;
}

async function contents(): Promise<Record<string, string>> {
  const names = (await readdir(target)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(join(target, name), 'latin1')])),
  );
}
