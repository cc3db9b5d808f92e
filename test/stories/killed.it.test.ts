import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderRegistry } from '../../pipeline/registry/folder.ts';
import { Clone } from './clone.ts';

const LIMIT_MS = 15 * 60_000;
/** Shares of a whole run's time at which it is killed; what was finished is skipped, so later ones reach further. */
const MOMENTS = [0.3, 0.7, 0.95];

describe('a run that is killed', { timeout: LIMIT_MS }, () => {
  let clone: Clone;
  let wholeMs: number;
  beforeAll(async () => {
    clone = await Clone.make();
    const trial = await clone.copy();
    const began = performance.now();
    expect((await trial.perennial('start', '--quiet')).exitCode).toBe(0);
    wholeMs = performance.now() - began;
    await trial.remove();
  }, LIMIT_MS);
  afterAll(() => clone.remove());

  it('is gone on with by the next, whenever SIGKILL struck', async () => {
    for (const share of MOMENTS) {
      const child = clone.start('start', '--quiet');
      await Promise.race([wait(wholeMs * share), child]);
      // What was finished before is not done again: a later run may be through by then.
      if (child.exitCode === null) process.kill(-child.pid!, 'SIGKILL');
      expect([undefined, 0]).toContain((await child).exitCode);
    }
    const { exitCode, stdout, stderr } = await clone.perennial('start', '--quiet');

    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Forecast by v');
    await expectWhole(clone);
  });

  it('ends with 130 on Ctrl-C, and the next goes on', async () => {
    const child = clone.start('run', '--train', '--quiet');
    await clone.untilAtWork();
    await wait(wholeMs * 0.3);
    process.kill(-child.pid!, 'SIGINT');
    const { exitCode, stderr } = await child;

    expect(exitCode).toBe(130);
    expect(stderr).toContain('the next run goes on from there');
    expect(existsSync(join(clone.home, 'artifacts', 'run.lock'))).toBe(false);
    expect((await clone.perennial('run', '--train', '--quiet')).exitCode).toBe(0);
    await expectWhole(clone);
  });
});

/** Every version verifies, the champion is what production.json says, and nothing half-made is left. */
async function expectWhole(clone: Clone): Promise<void> {
  const directory = join(clone.home, 'models', 'infections');
  const registry = folderRegistry(directory, { model: 'infections', now: () => new Date() });
  for (const { version } of await registry.versions()) {
    expect((await registry.bundle(version)).has('spec.json'), version).toBe(true);
  }
  const champion = await registry.alias('champion');
  const production = await clone.json('reports', 'infections', 'production.json');
  expect(production.digest).toBe(champion?.digest);
  const names = await readdir(directory);
  expect(names.filter((name) => !/^(v\d{4}|champion\.json|challenger\.json|pack)$/.test(name))).toEqual([]);
  const leftovers = (await readdir(clone.home, { recursive: true })).filter(
    (path) =>
      /\.part(\/|$)|\.tmp$|run\.lock/.test(path) && !path.startsWith('.git/') && !path.startsWith('.dvc/'),
  );
  expect(leftovers).toEqual([]);
  expect(await clone.status()).toBe('');
}
