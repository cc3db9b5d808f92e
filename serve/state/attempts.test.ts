import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { attemptsOf } from './attempts.ts';
import type { Attempt } from './records.ts';

const at = '2026-07-01T00:00:00.000Z';
const what = (letter: string) => ({
  ...{ model: 'infections', version: `v-${letter}`, digest: letter.repeat(64) },
  at,
});
const never = new Promise<never>(() => {});

/** What the disk holds as the process dies. */
function diskOf(list: Attempt[] = []) {
  let disk = structuredClone(list);
  const live = structuredClone(list);
  const attempts = attemptsOf(live, async () => {
    disk = structuredClone(live);
  });
  return { attempts, disk: () => disk };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('a bundle with which the process dies', () => {
  it('may be tried once more, and not a third time', async () => {
    const first = diskOf();
    void first.attempts.load(what('a'), () => never);
    await turn();
    const second = diskOf(first.disk());
    expect(second.attempts.deadly('infections')).toEqual([]);
    void second.attempts.load(what('a'), () => never);
    await turn();
    const third = diskOf(second.disk());
    expect(third.attempts.deadly('infections')).toMatchObject([{ version: 'v-a', deaths: 2 }]);
    expect(third.attempts.deadly('deaths')).toEqual([]);
  });

  it('is to blame on trial too, but not where another one was being loaded', async () => {
    const first = diskOf();
    await first.attempts.load(what('a'), async () => 'loaded');
    await turn();
    const second = diskOf(first.disk());
    await second.attempts.load(what('a'), async () => 'loaded');
    void second.attempts.load(what('b'), () => never);
    await turn();
    const deaths = (list: Attempt[]) => {
      const counted = structuredClone(list);
      attemptsOf(counted, async () => {});
      return Object.fromEntries(counted.map(({ version, deaths }) => [version, deaths]));
    };
    expect(deaths(second.disk())).toEqual({ 'v-a': 1, 'v-b': 1 });
  });

  it('has nothing held against it once its load or its trial ended, well or not', async () => {
    const first = diskOf();
    void first.attempts.load(what('a'), () => never);
    await turn();
    const second = diskOf(first.disk());
    await expect(second.attempts.load(what('a'), () => Promise.reject(new Error('no')))).rejects.toThrow(
      'no',
    );
    expect(second.disk()).toEqual([]);
    await second.attempts.load(what('a'), async () => 'loaded');
    expect(second.disk()).toHaveLength(1);
    await second.attempts.end('infections', what('a').digest);
    expect(second.disk()).toEqual([]);
  });

  it('is not to blame where the service was told to end, nor is it acquitted', async () => {
    const first = diskOf();
    void first.attempts.load(what('a'), () => never);
    await turn();
    const second = diskOf(first.disk());
    await second.attempts.load(what('a'), async () => 'loaded');
    await second.attempts.leave('infections');
    // What it was doing goes on until the process ends.
    await second.attempts.end('infections', what('a').digest);
    await second.attempts.load(what('c'), async () => 'loaded');
    expect(second.disk()).toMatchObject([{ version: 'v-a', deaths: 1, phase: null, process: null }]);
  });

  it('is not to blame where another service on this machine tries it still', () => {
    const of = (process: string): Attempt[] => [{ ...what('a'), deaths: 1, phase: 'loading', process }];
    const counted = (process: string) => diskOf(of(process)).attempts.deadly('infections').length;
    expect(counted(`${process.ppid} ${hostname()}`)).toBe(0);
    expect(counted(`${process.ppid} another-host`)).toBe(1);
    expect(counted(`${process.pid} ${hostname()}`)).toBe(1);
    expect(counted(`4194305 ${hostname()}`)).toBe(1);
  });

  it('is loaded while no other is', async () => {
    const { attempts } = diskOf();
    const seen: string[] = [];
    const load = (letter: string) =>
      attempts.load(what(letter), async () => {
        seen.push(`${letter} begins`);
        await turn();
        seen.push(`${letter} ends`);
      });
    await Promise.all([load('a'), load('b')]);
    expect(seen).toEqual(['a begins', 'a ends', 'b begins', 'b ends']);
  });
});
