import type { RegisteredVersion } from '../../pipeline/contracts/registry.ts';
import { ProblemError } from '../problem.ts';
import type { Follower } from './follow.ts';
import { loadModel } from './model.ts';
import { withinMs } from './within.ts';

const LIMIT_MS = 60_000;

/** Goes back to the version before, for good: the one that answers now is never tried again by itself.
 *  @throws ProblemError 409 where there is nothing to go back to */
export async function rollBack(follower: Follower, why: string): Promise<void> {
  const { slot, swaps, state, now } = follower.options;
  const reason = `rolled back by a person: ${why}`;
  refusePinned(follower);
  if (swaps.takeBack(reason)) return;
  const { current } = slot;
  const before = current && (await versionBefore(follower, current.model.version));
  if (!before)
    throw conflict('nothing-before', `no version of ${slot.name} is known that was served before this one`);
  const files =
    (await state.bundle(before.digest)) ??
    (await follower.options.source?.bundle(slot.name, before)) ??
    missing(`the files of ${before.version} are not to be had`);
  const model = loadModel(files, before);
  const { version, digest } = current.model.version;
  await state.refuse({ model: slot.name, version, digest, reason, at: now().toISOString() });
  void state.store('bundles', before.digest, files);
  swaps.bundle(model, { trusted: 'rolled-back', reason });
}

/** Serves a version from now on, whatever is released.
 *  @throws ProblemError 404 for one that is not to be had, 409 for one that was refused */
export async function pin(follower: Follower, version: string): Promise<void> {
  const { slot, state, source } = follower.options;
  refusePinned(follower, { byHandToo: false });
  const known =
    (await withinMs(LIMIT_MS, follower.named(version))) ??
    missing(
      `there is no ${version} of ${slot.name} in ${source?.where ?? 'what was loaded'}`,
      await howToGet(follower),
    );
  if (state.isRefused(slot.name, known.digest))
    throw conflict('refused', `${version} of ${slot.name} was refused: lift that first`);
  await state.pin(slot.name, version);
  await follower.look();
}

/** @throws ProblemError 409 where nobody pinned it, or the environment did */
export async function unpin(follower: Follower): Promise<void> {
  const { slot, state } = follower.options;
  refusePinned(follower, { byHandToo: false });
  if (!state.pinned(slot.name)) throw conflict('not-pinned', `${slot.name} is not pinned`);
  await state.pin(slot.name, null);
  await follower.look();
}

async function versionBefore(follower: Follower, current: RegisteredVersion) {
  const { slot, state, source } = follower.options;
  const previous = state.previous(slot.name);
  if (previous && previous.digest !== current.digest) return previous;
  // Of a service that was started with this version: the champion of when it was trained.
  if (!current.parent || !source) return null;
  const parent = await withinMs(LIMIT_MS, source.versionNamed(slot.name, current.parent));
  return parent && !state.isRefused(slot.name, parent.digest) ? parent : null;
}

function refusePinned({ options, pinned }: Follower, { byHandToo = true } = {}): void {
  const { name } = options.slot;
  if (options.pinned)
    throw conflict('pinned', `${name} is pinned to ${options.pinned} by the setting PERENNIAL_PIN`);
  if (byHandToo && pinned) throw conflict('pinned', `${name} is pinned to ${pinned}: unpin it first`);
}

function conflict(kind: string, detail: string): ProblemError {
  return new ProblemError(kind, { status: 409, title: 'Not in this state', detail });
}

/** A `released.json` names one version; a registry all there are. */
async function howToGet({ options: { slot, state, source, swaps } }: Follower): Promise<string> {
  const trial = swaps.trial;
  const named = await source?.version(slot.name).catch(() => null);
  const known = [trial?.challenger, trial?.champion, slot.current].map((one) => one?.model.version);
  const all = [...known, state.previous(slot.name), named].flatMap((one) =>
    one && !state.isRefused(slot.name, one.digest) ? [one.version] : [],
  );
  const names = [...new Set(all)].sort().join(', ');
  return `at hand: ${names || 'none'}; for another one release it again (workflow rollback), start the image that holds it, or follow the registry, which has all of them`;
}

function missing(detail: string, hint?: string): never {
  const facts = hint === undefined ? {} : { hint };
  throw new ProblemError('unknown-version', { status: 404, title: 'No such version', detail, facts });
}
