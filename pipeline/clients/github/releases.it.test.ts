import { afterAll, beforeAll, expect, it } from 'vitest';
import { GitHost } from '../../../test/servers/git-host.ts';
import type { Github } from './github.ts';
import { githubAt } from './github-at.ts';

let host: GitHost;
let github: Github;
let sha: string;

beforeAll(async () => {
  host = await GitHost.start();
  const { bare } = host.state.repository;
  const tree = await bare.git(['mktree'], { input: '' });
  sha = await bare.commitTree(tree, [], 'first', { name: 'ada', email: 'ada@localhost' });
  await bare.move('refs/heads/master', sha, '');
  github = githubAt(host.home({ timeoutMs: 10_000, retries: 2, longestWaitMs: 1_000 }));
});
afterAll(() => host?.stop());

it('gives a tag once: who comes second is told that it is taken', async () => {
  expect(await github.createTag('v1.0.0', sha)).toBe(true);
  expect(await github.createTag('v1.0.0', sha)).toBe(false);
});

it('publishes a release with its files only when told to, and then as the latest', async () => {
  const draft = await github.createRelease({ tag: 'v1.0.0', commit: sha, title: 'v1.0.0', body: 'first' });
  expect(await github.latestRelease()).toBeNull();
  const bytes = new Uint8Array([0, 255, 10, 13, 0, 128]);
  await github.uploadAsset(draft, { name: 'bundle infections.zip', bytes, type: 'application/zip' });
  await github.updateRelease(draft.id, { publish: true });
  const latest = await github.latestRelease();
  expect(latest).toMatchObject({ tag: 'v1.0.0', commit: sha, draft: false });
  const [asset] = latest!.assets;
  expect(asset).toMatchObject({ name: 'bundle infections.zip', bytes: 6, whole: true });
  expect(await github.downloadAsset(asset.id, { maxBytes: 100 })).toEqual(Buffer.from(bytes));
});

it('takes an upload for done where only its answer was lost', async () => {
  const draft = await github.createRelease({ tag: 'v1.0.1', commit: sha, title: 'v1.0.1', body: '' });
  host.fail({ method: 'POST', path: /assets$/, cut: 'after', times: 1 });
  const file = { name: 'released.json', bytes: Buffer.from('{}'), type: 'application/json' };
  await github.uploadAsset(draft, file);
  const [again] = (await github.releases()).filter(({ tag }) => tag === 'v1.0.1');
  expect(again.assets.map(({ name, bytes }) => [name, bytes])).toEqual([['released.json', 2]]);
  await github.deleteAsset(again.assets[0].id);
  await github.deleteAsset(again.assets[0].id);
});
