import { Worker } from 'node:worker_threads';
import type { LoadedModel } from '../predictor/model.ts';
import type { Level, Outlines } from './data.ts';
import { LEVELS } from './outline.ts';
import { type Packed, packed } from './packed.ts';

const LIMIT_MS = 60_000;

type PackedOutlines = Record<Level, Packed>;
/** With the model its outlines go. */
const made = new WeakMap<LoadedModel, Promise<PackedOutlines>>();

/** The outlines of a model with polygons, made once on a thread beside the one that answers. */
export function outlines(model: LoadedModel): Promise<PackedOutlines> {
  const known = made.get(model);
  if (known) return known;
  const making = onThread(model.geojson!).then(packedAll);
  made.set(model, making);
  // What failed for want of memory or time may be asked for again.
  making.catch(() => made.delete(model));
  return making;
}

async function packedAll(levels: Record<Level, Outlines>): Promise<PackedOutlines> {
  const pairs = LEVELS.map(
    async (level) => [level, await packed(JSON.stringify(levels[level]), 'application/json')] as const,
  );
  return Object.fromEntries(await Promise.all(pairs)) as PackedOutlines;
}

function onThread(geojson: Uint8Array): Promise<Record<Level, Outlines>> {
  const workerData = geojson;
  const worker = import.meta.url.endsWith('.ts')
    ? new Worker(new URL('./outline-thread.mjs', import.meta.url), { workerData })
    : // As `serve/entries.mjs` finds it: in the image it is a file of its own.
      new Worker(new URL('./outline-worker.ts', import.meta.url), { workerData });
  return new Promise<Record<Level, Outlines>>((resolve, reject) => {
    const limit = setTimeout(() => reject(new Error(`outlines took more than ${LIMIT_MS} ms`)), LIMIT_MS);
    limit.unref();
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', () => {
      clearTimeout(limit);
      reject(new Error('the thread that makes outlines ended without them'));
    });
  }).finally(() => worker.terminate());
}
