import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { GOLDEN_TOLERANCE } from '../../pipeline/contracts/serving.ts';
import { readBundle } from '../../pipeline/registry/bundle-folder.ts';
import { verifyBundle } from '../../pipeline/registry/manifest.ts';
import { taskFor } from '../../pipeline/tasks/index.ts';

/** Bundles as they were born, `<task>-format-<n>`: this code and these libraries must read each and answer what it
 *  answered then. A format that is no longer read takes its bundle away with it. */
const FOLDER = join(import.meta.dirname, 'fixtures');
const bundles = readdirSync(FOLDER);

it.each(bundles)('%s answers as on the day it was made', async (name) => {
  const files = await readBundle(join(FOLDER, name));
  verifyBundle(files);
  const task = taskFor(name.split('-')[0] as Parameters<typeof taskFor>[0]);
  expect(task.warmUp(files)).toBeLessThanOrEqual(GOLDEN_TOLERANCE);
});

it('tells a bundle whose answers have moved by a thousandth', async () => {
  const files = await readBundle(join(FOLDER, 'forecast-format-1'));
  const weights = Buffer.from(files.get('lstm/weights.f32')!);
  for (let at = 0; at < weights.length; at += 4) weights.writeFloatLE(weights.readFloatLE(at) * 1.001, at);
  const difference = taskFor('forecast').warmUp(new Map([...files, ['lstm/weights.f32', weights]]));
  expect(difference).toBeGreaterThan(10 * GOLDEN_TOLERANCE);
});
