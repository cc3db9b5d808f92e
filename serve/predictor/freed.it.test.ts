import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';

it('frees the bundle and the pack before, once nothing can go back to them', async () => {
  const child = fileURLToPath(new URL('freed-child.testing.ts', import.meta.url));
  const { stdout } = await execa('node', ['--expose-gc', '--import', 'tsx', child], { timeout: 100_000 });
  const { served, onTrial, after } = JSON.parse(stdout.split('\n').at(-1)!);
  expect(served).toBe('v0002');
  // The way back is kept as long as the new one is on trial.
  expect(onTrial).toContain('model');
  expect(after).toEqual([]);
});
