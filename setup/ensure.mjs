import { join } from 'node:path';
import { withLock } from './lock.mjs';
import { dvc, packages, parts, tensorflow, venv } from './parts.mjs';
import { SETUP_HOME } from './places.mjs';
import { say, seconds, timed } from './say.mjs';
import { removeStamp, stamped, writeStamp } from './stamp.mjs';

/** Longer than the slowest set-up that is still alive: each command in it has a limit of its own. */
const LOCK_LIMIT_MS = 30 * 60_000;

/** Sets up whatever is missing, each part once; quiet and quick when nothing is.
 *  @param {{ retry?: boolean }} [options] `retry`: tries native TensorFlow again where only wasm was had
 *  @throws {import('./setup-error.mjs').SetupError} */
export async function ensureSetup({ retry = false } = {}) {
  if (retry && stamped(tensorflow) === 'wasm') removeStamp(tensorflow);
  if (parts.every((part) => stamped(part) !== null)) return false;

  const started = performance.now();
  const onWait = () => say('another set-up of this clone is at work; waiting for it …');
  await withLock(join(SETUP_HOME, 'lock'), { limitMs: LOCK_LIMIT_MS, onWait }, async () => {
    // TensorFlow's library may come by pip, DVC by uv: both stand on the environment. npm works beside them.
    const environment = ensure(venv);
    await all([
      Promise.all([environment, ensure(packages)]).then(() => ensure(tensorflow)),
      environment.then(() => ensure(dvc)),
    ]);
  });
  say(`all done in ${seconds(performance.now() - started)}; the next start skips this`);
  return true;
}

/** @param {import('./parts.mjs').SaidPart} part */
async function ensure(part) {
  if (stamped(part) !== null) return;
  const result = await timed(part.title, part.expected, part.provide);
  writeStamp(part, result);
}

/** Waits for every piece of work before it passes the first failure on, so that nothing is still writing when the
 *  lock is given back.
 *  @param {Promise<unknown>[]} work */
async function all(work) {
  for (const outcome of await Promise.allSettled(work)) {
    if (outcome.status === 'rejected') throw outcome.reason;
  }
}
