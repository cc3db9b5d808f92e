import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Clone } from './clone.ts';

const LIMIT_MS = 15 * 60_000;

/** The same small run on other machines: in a workflow, and without the native addon. */
describe('the same run elsewhere', { timeout: LIMIT_MS }, () => {
  let clone: Clone;
  beforeAll(async () => {
    clone = await Clone.make();
  }, LIMIT_MS);
  afterAll(() => clone.remove());

  it('trains the same network where the native addon is hidden', async () => {
    const plain = await clone.copy();
    plain.env = { PERENNIAL_TENSORFLOW: 'wasm' };
    try {
      const [native, wasm] = [
        await clone.perennial('start', '--json', '--quiet'),
        await plain.perennial('start', '--json', '--quiet'),
      ];
      expect([native.exitCode, wasm.exitCode]).toEqual([0, 0]);
      const score = ({ stdout }: { stdout: string }): number =>
        JSON.parse(stdout)[0].metrics.models.find(({ name }: { name: string }) => name === 'lstm').overall
          .wape;
      expect(score(wasm)).toBeGreaterThan(0);
      expect(Math.abs(score(wasm) / score(native) - 1)).toBeLessThan(0.15);
    } finally {
      await plain.remove();
    }
  });

  it('writes what the robot commits into the repository itself, and nothing else', async () => {
    const workflow = await clone.copy();
    try {
      await workflow.removeExample();
      const { exitCode, stderr } = await workflow.perennial(
        ...['run', '--mode', 'pull-request', '--quiet', '--now', '2026-06-30T23:00:00Z'],
      );
      expect(exitCode, stderr).toBe(0);
      const changed = (await workflow.status())
        .split('\n')
        .map((line) => line.slice(3))
        .sort();
      expect(changed).toEqual(['data.dvc', 'dvc.lock', 'reports/']);
    } finally {
      await workflow.remove();
    }
  });
});
