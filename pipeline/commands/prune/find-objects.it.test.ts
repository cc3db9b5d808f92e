import { createHash } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { keyOf, REMOTES, type RemoteInTest } from '../../clients/dvc-remotes.testing.ts';
import { stepsOn } from '../../clients/dvc-store.ts';
import { findObjects } from './find-objects.ts';
import type { Needs } from './read-needs.ts';

let remote: RemoteInTest;
afterEach(() => remote.close());

const md5 = (text: string) => createHash('md5').update(text).digest('hex');
const DAY_MS = 86_400_000;

it.each(['S3', 'Azure Blob'])(
  'finds and removes objects on %s by their age and by who needs them',
  async (kind) => {
    remote = await REMOTES[kind]();
    const list = JSON.stringify([{ md5: md5('needed'), relpath: 'a' }]);
    const hashes = { list: `${md5(list)}.dir`, needed: md5('needed'), free: md5('free') };
    const texts = { list, needed: 'needed', free: 'free' };
    const steps = Object.entries(texts).map(([name, text]) => ({
      do: 'write' as const,
      key: keyOf(hashes[name as keyof typeof hashes]),
      text,
    }));
    await stepsOn(remote.home, steps, { timeoutMs: 120_000 });
    const ref = { name: 'branch master', kind: 'branch' as const, commit: '0'.repeat(40) };
    const needs: Needs[] = [{ ref, production: new Map(), data: null, objects: new Set([hashes.list]) }];
    const at = (now: Date) => findObjects(remote.home, { needs, dataOf: [], now });
    const counts = (part: Awaited<ReturnType<typeof at>>) =>
      part.items.map(({ goes, count }) => [goes, count]);
    expect(counts(await at(new Date()))).toEqual([
      [false, 2],
      [false, 1],
    ]);
    const later = new Date(Date.now() + 30 * DAY_MS);
    const part = await at(later);
    expect(counts(part)).toEqual([
      [false, 2],
      [true, 1],
    ]);
    await part.remove();
    expect(counts(await at(later))).toEqual([[false, 2]]);
  },
  300_000,
);
