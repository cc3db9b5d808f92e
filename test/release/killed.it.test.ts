import { createHash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageHome, imageRegistryAt } from '../../pipeline/clients/image-registry.ts';
import { writeArchives } from '../../pipeline/commands/release/released-folder.ts';
import { RELEASE_FOLDER } from '../../pipeline/commands/release/room.ts';
import { nextTag } from '../../pipeline/commands/release/version-number.ts';
import type { RegisteredVersion } from '../../pipeline/contracts/registry.ts';
import { Released } from '../../pipeline/contracts/released.ts';
import { writeJson } from '../../pipeline/files.ts';
import { MODEL, type Sample, sampleOf } from '../../serve/sample-service.testing.ts';
import { type Death, killedStep } from './killed-step.ts';
import { canRelease, REGISTRY, ReleaseTeam } from './release-team.ts';

interface Version {
  sample: Sample;
  registered: RegisteredVersion;
}

describe.skipIf(!(await canRelease()))('a publication that is killed', { timeout: 15 * 60_000 }, () => {
  let team: ReleaseTeam;
  const versions: Version[] = [];
  /** Of the same commit, built twice. */
  let images: string[];
  let rounds = 0;

  beforeAll(async () => {
    team = await ReleaseTeam.start(REGISTRY);
    for (const days of [120, 150]) {
      const sample = sampleOf({ days });
      versions.push({ sample, registered: await team.register(sample) });
    }
    images = await Promise.all(['first', 'anew'].map((content) => emptyImage(team.images, content)));
  });
  afterAll(async () => {
    for (const image of images ?? []) await registry().remove(image.split('@')[1]);
    await team?.end();
  });

  const registry = () => imageRegistryAt(imageHome(team.images));
  const champion = () => team.registry.pointer('champion');
  const latest = () => team.host.state.releases.find((release) => release.latest);
  const tags = async () =>
    (await team.git('--git-dir', team.host.bare, 'tag')).stdout.split('\n').filter(Boolean);

  /** What is to be released next. */
  async function promoted() {
    const next = versions[rounds++ % versions.length];
    const commit = await team.promote(next.registered);
    await leave(team, commit, next);
    const tag = nextTag(await tags(), 'patch');
    const publish = (image: string) => [
      ...['release-publish', '--released', RELEASE_FOLDER, '--version', tag],
      ...['--commit', commit, '--image', image],
    ];
    return { version: next.registered.version, commit, tag, publish };
  }
  type Promoted = Awaited<ReturnType<typeof promoted>>;

  /** Files of a release, whole: those that its job left, each once, with what they are of. */
  async function expectWhole(
    release: ReturnType<typeof latest>,
    { version, commit, tag }: Promoted,
    image: string,
  ) {
    expect(release?.tag).toBe(tag);
    const names = release!.assets.map(({ name }) => name).sort();
    expect(names).toEqual((await readdir(join(team.clone.root, RELEASE_FOLDER))).sort());
    const { bytes } = release!.assets.find(({ name }) => name === 'released.json')!;
    expect(Released.parse(JSON.parse(bytes.toString()))).toMatchObject({
      ...{ tag, commit, image },
      models: { [MODEL]: { version: { version } } },
    });
  }

  /** What those who follow a release may meet at any moment: what was before, or the new one. */
  async function expectNeverHalf(
    next: Promoted,
    before: { champion: string | null; tag?: string },
    image: string,
  ) {
    const now = await champion();
    expect([before.champion, next.version]).toContain(now);
    if (latest()?.tag === before.tag) expect(latest()?.draft ?? false).toBe(false);
    else await expectWhole(latest(), next, image);
    // Published last: whoever follows the one or the other is served the same.
    if (latest()?.tag === next.tag) expect(now).toBe(next.version);
    if (now !== next.version) return;
    const draft = team.host.state.releases.filter(({ tag }) => tag === next.tag);
    expect(draft).toHaveLength(1);
    await expectWhole(draft[0], next, image);
    expect(`@${await registry().digest(next.tag)}`).toBe(image.slice(image.indexOf('@')));
  }

  async function expectReleased(next: Promoted, image: string) {
    await expectWhole(latest(), next, image);
    expect(await champion()).toBe(next.version);
    const ours = team.host.state.releases.filter(({ commit }) => commit === next.commit);
    expect(ours.map(({ tag, draft }) => ({ tag, draft }))).toEqual([{ tag: next.tag, draft: false }]);
    const { stdout } = await team.git('--git-dir', team.host.bare, 'tag', '--points-at', next.commit);
    expect(stdout).toBe(next.tag);
    for (const name of [next.tag, 'latest', `${MODEL}-${next.version}`])
      expect(`@${await registry().digest(name)}`).toBe(image.slice(image.indexOf('@')));
  }

  it('is one whole release once it is run again, with the same image or one built anew', async () => {
    const began = performance.now();
    const first = await promoted();
    const lived = await killedStep(team, {}, first.publish(images[0]));
    await expectReleased(first, images[0]);
    const { writes, requests } = lived!;
    // The tag, the draft, three files, four names of the image, the end; a lock and an alias.
    expect(requests).toBeGreaterThanOrEqual(10);
    expect(writes).toBeGreaterThanOrEqual(4);
    const deaths: Death[] = [
      ...Array.from({ length: requests }, (_, at) => ({ request: at + 1 })),
      // Moves of an alias have a test at each write of their own: here it is about what stands around them.
      ...Array.from({ length: Math.ceil(writes / 2) }, (_, at) => ({ write: writes - 2 * at })),
    ];
    for (const [at, death] of deaths.entries()) {
      const where = JSON.stringify(death);
      const before = { champion: await champion(), tag: latest()?.tag };
      const next = await promoted();
      expect(await killedStep(team, death, next.publish(images[0])), where).toBeNull();
      await expectNeverHalf(next, before, images[0]);
      // Where it was published already nothing is built any more.
      const image = images[latest()?.tag === next.tag ? 0 : at % 2];
      await killedStep(team, {}, next.publish(image));
      await expectReleased(next, image);
      const seconds = Math.round((performance.now() - began) / 1000);
      process.stderr.write(`killed at ${where}, ${next.tag} is whole: ${seconds} s\n`);
    }
    expect(team.host.state.releases).toHaveLength(1 + deaths.length);
    expect(await tags()).toHaveLength(1 + deaths.length);
  });
});

/** The files of a release without an image of its own, as the job that builds leaves them. */
async function leave(team: ReleaseTeam, commit: string, { registered, sample }: Version): Promise<void> {
  const folder = join(team.clone.root, RELEASE_FOLDER);
  await rm(folder, { recursive: true, force: true });
  const archives = await writeArchives(folder, { ...sample, version: registered });
  await writeJson(join(folder, 'released.json'), Released, {
    ...{ format: 1, released_at: '2026-07-01T00:00:00.000Z', commit, tag: null, image: null },
    models: { [MODEL]: archives },
  });
}

/** An image of no layer, for what is done with names and digests alone. @returns `name@sha256:…` */
async function emptyImage(images: string, content: string): Promise<string> {
  const { origin, repository } = imageHome(images);
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', author: content });
  const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;
  const began = await request(`${origin}/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  await began.body.dump();
  const at = new URL(String(began.headers.location), origin);
  at.searchParams.set('digest', sha256(config));
  await put(at, { type: 'application/octet-stream', text: config });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: {
      mediaType: 'application/vnd.oci.image.config.v1+json',
      ...{ size: Buffer.byteLength(config), digest: sha256(config) },
    },
    layers: [],
  });
  const digest = sha256(manifest);
  await put(new URL(`/v2/${repository}/manifests/${digest}`, origin), { type: MANIFEST, text: manifest });
  return `${images.replace('http://', '')}@${digest}`;
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

async function put(address: URL, { type, text }: { type: string; text: string }): Promise<void> {
  const { statusCode, body } = await request(address, {
    method: 'PUT',
    headers: { 'content-type': type },
    body: text,
  });
  const said = await body.text();
  if (statusCode !== 201) throw new Error(`PUT ${address.pathname}: ${statusCode} ${said}`);
}
