import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { samples, startService, temporaryFolder } from '../following.testing.ts';
import { MODEL, packOf, sampleOf } from '../sample-service.testing.ts';
import { newerPack, releaseOf, releaseServer } from './release-server.testing.ts';
import { releasedSource } from './released.ts';

const { one, two } = samples;
const nextDay = packOf({ ...two, digest: two.version.digest, panel: sampleOf({ days: 121 }).panel });
/** Long enough for a machine that is busy, short enough to wait for. */
const quick = { limitMs: { json: 1500, archive: 1500 } };
const FIRST = { 'x-model-version': 'v0001', 'x-data-version': 'data-120' };

let server: Awaited<ReturnType<typeof releaseServer>>;
const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  server = await releaseServer();
  cleanups.push(server.close);
  server.put(await releaseOf(one));
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function started(options: Parameters<typeof startService>[0]) {
  const service = await startService(options);
  cleanups.push(service.close);
  return service;
}

function followed(
  url = `${server.url}/released.json`,
  options: Parameters<typeof releasedSource>[1] = quick,
) {
  const source = releasedSource(url, options);
  cleanups.push(() => source.close());
  return source;
}

/** Answers are shared for a moment. */
const later = () => new Promise((resolve) => setTimeout(resolve, 120));

describe('a released.json on a web server', () => {
  it('is asked by its ETag, and followed when it changes', async () => {
    const service = await started({ source: followed() });
    expect(service.slot.current?.headers).toEqual(FIRST);
    await later();
    server.asked.length = 0;
    expect(await service.follower.look()).toMatchObject({ ok: true, said: [] });
    // More often than once where the machine is busy.
    expect(new Set(server.asked.map(({ path, status }) => `${path} ${status}`))).toEqual(
      new Set(['released.json 304', `${MODEL}-pack.json 404`]),
    );

    server.put(await releaseOf(two, { name: 'v0002' }));
    await later();
    await service.follower.look();
    expect(service.served()).toBe('v0002');
  });

  it('brings a newer pack without a release, and leaves one that is older than the release', async () => {
    const service = await started({ source: followed() });
    server.put(await newerPack(nextDay, '2026-06-30T23:00:00Z'));
    await later();
    await service.follower.look();
    expect(service.slot.current?.headers).toEqual(FIRST);
    server.put(await newerPack(nextDay, '2026-07-02T00:00:00Z'));
    await later();
    await service.follower.look();
    expect(service.slot.current?.headers).toEqual({ ...FIRST, 'x-data-version': 'data-121' });
    server.asked.length = 0;
    await later();
    await service.follower.look();
    expect(new Set(server.asked.map(({ status }) => status))).toEqual(new Set([304]));
  });

  it.each<[string, string, (response: import('node:http').ServerResponse) => void]>([
    ['500', 'released.json', (response) => response.writeHead(500).end('broken')],
    ['silence', 'released.json', () => {}],
    ['a page in place of JSON', 'released.json', (response) => response.writeHead(200).end('<html>')],
    ['half a file', 'v0002.zip', (response) => cutOff(response)],
    ['an archive without end', 'v0002.zip', (response) => drip(response)],
    ['more than it names', 'v0002.zip', (response) => response.writeHead(200).end(Buffer.alloc(9_000_000))],
    ['other bytes', 'v0002.zip', (response) => response.writeHead(200).end('nothing of the kind')],
    [
      'a circle',
      'released.json',
      (response) => response.writeHead(302, { location: '/released.json' }).end(),
    ],
    [
      'a file of this machine',
      'v0002.zip',
      (response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
    ],
    ['nothing', 'v0002.zip', (response) => response.writeHead(404).end()],
  ])('leaves what is served, and is asked again, where it answers with %s', async (_what, path, fault) => {
    let minute = 0;
    const now = () => new Date(Date.UTC(2026, 6, 1, 0, minute));
    const service = await started({ source: followed(), now });
    server.put(await releaseOf(two, { name: 'v0002' }));
    server.faults.set(path, fault);
    await later();
    expect((await service.follower.look()).ok).toBe(false);
    expect(service.slot.current?.headers).toEqual(FIRST);
    expect(service.state.refused(MODEL)).toEqual([]);
    server.faults.clear();
    minute = 61;
    await later();
    await service.follower.look();
    expect(service.served()).toBe('v0002');
  });

  it('gives name and password to that server alone, and to no message', async () => {
    const other = await releaseServer();
    cleanups.push(other.close);
    other.put(server.files);
    const secret = followed(`${server.url.replace('//', '//someone:s3cret@')}/released.json`);
    const redirect = `${other.url.replace('127.0.0.1', 'localhost')}/v0001.zip`;
    server.faults.set('v0001.zip', (response) => response.writeHead(307, { location: redirect }).end());
    const service = await started({ source: secret });
    expect(service.slot.current?.headers).toEqual(FIRST);
    expect(server.asked[0].authorization).toBe(`Basic ${Buffer.from('someone:s3cret').toString('base64')}`);
    expect(other.asked[0].authorization).toBeUndefined();
    server.faults.set('', (response) => response.writeHead(503).end());
    await later();
    expect(JSON.stringify(await service.follower.look())).not.toContain('s3cret');
    expect(service.slot.following?.where).not.toContain('s3cret');
  });
});

describe('what is baked', () => {
  async function baked(files: Map<string, Buffer>) {
    const { folder, remove } = await temporaryFolder();
    cleanups.push(remove);
    await write(folder, files);
    return { folder, source: followed(join(folder, 'released.json')) };
  }

  it('is served while what is followed is away, which takes over once it is back', async () => {
    server.put(await releaseOf(two, { name: 'v0002' }));
    server.faults.set('', (response) => response.writeHead(503).end());
    const image = await baked(await releaseOf(one));
    const service = await started({ source: followed(), baked: image.source });
    expect(service.slot.current?.headers).toEqual(FIRST);
    server.faults.clear();
    await service.follower.look();
    expect(service.served()).toBe('v0002');
  });

  it('is served alone where nothing is followed', async () => {
    const service = await started({ source: null, baked: (await baked(await releaseOf(one))).source });
    expect(service.slot.current?.headers).toEqual(FIRST);
    expect(await service.follower.look()).toEqual({ ok: true, said: ['nothing is followed'] });
  });

  it.each([
    ['released before that', '2000-01-01T00:00:00Z', 'v0002'],
    ['released since', '2100-01-01T00:00:00Z', 'v0001'],
  ])('%s and what was served last: the later decision is served', async (_what, at, version) => {
    const { folder: state, remove } = await temporaryFolder();
    cleanups.push(remove);
    server.put(await releaseOf(two, { name: 'v0002' }));
    await (await started({ source: followed(), state })).close();
    server.faults.set('', (response) => response.writeHead(503).end());
    const image = await baked(await releaseOf(one, { at }));
    const next = await started({ source: followed(), baked: image.source, state });
    expect(next.served()).toBe(version);
  });

  it('is followed as a file as well', async () => {
    const image = await baked(await releaseOf(one));
    const service = await started({ source: image.source });
    await write(image.folder, await releaseOf(two, { name: 'v0002' }));
    await later();
    await service.follower.look();
    expect(service.served()).toBe('v0002');
  });

  it('reads nothing outside of its folder', async () => {
    const files = await releaseOf(one);
    const text = files.get('released.json')!.toString().replace('"v0001.zip"', '"../v0001.zip"');
    const image = await baked(files.set('released.json', Buffer.from(text)));
    await expect(image.source.bundle(MODEL, one.version)).rejects.toThrow(/cannot be part/);
  });
});

async function write(folder: string, files: Map<string, Buffer>) {
  for (const [name, bytes] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), bytes);
  }
}

function cutOff(response: import('node:http').ServerResponse) {
  response.writeHead(200, { 'content-length': 5000 });
  response.write(Buffer.alloc(100), () => response.destroy());
}

function drip(response: import('node:http').ServerResponse) {
  response.writeHead(200);
  const timer = setInterval(() => response.write('x'), 20);
  response.on('close', () => clearInterval(timer));
}
