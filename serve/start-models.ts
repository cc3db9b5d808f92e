import { setTimeout as wait } from 'node:timers/promises';
import type { BundleFiles } from '../pipeline/contracts/bundle.ts';
import { CorruptError, EXIT, PerennialError, UsageError } from '../pipeline/contracts/errors.ts';
import type { RegisteredVersion } from '../pipeline/contracts/registry.ts';
import type { Log } from './log.ts';
import type { Monitor } from './monitor/monitor.ts';
import { Follower, type Look } from './predictor/follow.ts';
import { loadModel } from './predictor/model.ts';
import { type LoadedPack, loadPack } from './predictor/pack.ts';
import type { Slot, Slots } from './predictor/slots.ts';
import { Swaps } from './predictor/swaps.ts';
import type { ServiceSettings } from './settings.ts';
import type { ReleasedSource } from './sources/released.ts';
import type { Source } from './sources/source.ts';
import { refuseDeadly } from './state/refuse-deadly.ts';
import type { State } from './state/state.ts';

export interface StartOptions {
  slots: Slots;
  /** What is followed; null: nothing. */
  source: Source | null;
  /** What the image holds; null: nothing. */
  baked: ReleasedSource | null;
  state: State;
  monitor: Monitor;
  settings: Pick<ServiceSettings, 'follow' | 'followMs' | 'trial' | 'pinned'>;
  log: Log;
  now: () => Date;
}

export type Followers = ReadonlyMap<string, Follower>;

/** How long a start waits for what is followed: where there is something at hand, and where there is nothing. */
const PATIENCE_MS = { ready: 500, empty: 10_000 };

/**
 * Fills every slot with what is at hand, then looks at what is followed, and goes on looking.
 * At hand is what was served last (from the state) or what was baked, whichever was decided on later: with it the service is ready
 * at once, whatever is away.
 * @throws what is wrong with the settings or the files, where nothing is at hand and waiting would not help
 */
export async function startModels(options: StartOptions): Promise<Followers> {
  const { slots, settings } = options;
  const all = await Promise.all(
    slots.all.map(async (slot) => {
      const swaps = new Swaps(slot, { ...options, trial: settings.trial });
      const pinned = Object.hasOwn(settings.pinned, slot.name) ? settings.pinned[slot.name] : null;
      const follower = new Follower({ ...options, slot, swaps, pinned, everyMs: settings.followMs });
      const found = await whatIsAtHand(slot.name, options);
      const pack = await newestPack(found, options.log);
      const atHand = found.map(({ version }) => version.digest);
      const last = options.source ? refuseDeadly(slot, { ...options, swaps, atHand }) : new Set();
      const isLast = ({ version }: AtHand) => last.has(version.digest);
      await fill(slot, swaps, { ...options, pack, found: found.filter((one) => !isLast(one)) });
      if (options.source) {
        const first = follower.look();
        const patience = pause(slot.current ? PATIENCE_MS.ready : PATIENCE_MS.empty);
        const look = await Promise.race([first, patience.over]);
        patience.cancel();
        if (!slot.current) await fill(slot, swaps, { ...options, pack, found: found.filter(isLast) });
        if (!slot.current && look) refuseToWait(slot, look, options);
        follower.start();
      } else if (!slot.current) throw nothingToServe(slot, 'the image');
      return [slot.name, follower] as const;
    }),
  );
  return new Map(all);
}

interface Filling extends StartOptions {
  found: AtHand[];
  pack: LoadedPack | null;
}

async function fill(slot: Slot, swaps: Swaps, { state, log, now, found, pack }: Filling): Promise<void> {
  for (const one of found) {
    const { version, digest } = one.version;
    if (state.isRefused(slot.name, digest)) continue;
    try {
      const files = await one.bundle();
      const what = { model: slot.name, version, digest, at: now().toISOString() };
      const load = async () => slot.current ?? swaps.restore(loadModel(files, one.version), pack);
      await state.attempts.load(what, load);
      await state.attempts.end(slot.name, digest);
      log.info(
        { model: slot.name, version: one.version.version, where: one.where },
        'loaded what was at hand',
      );
      return;
    } catch (error) {
      log.error({ err: error, model: slot.name, where: one.where }, 'what was at hand cannot be loaded');
    }
  }
}

interface AtHand {
  where: string;
  at: string;
  version: RegisteredVersion;
  bundle(): Promise<BundleFiles>;
  pack(): Promise<BundleFiles | null>;
}

/** What there is without what is followed, the latest decision first. */
async function whatIsAtHand(name: string, { state, baked, source, log }: StartOptions): Promise<AtHand[]> {
  const found: AtHand[] = [];
  // Where nothing is followed, the image was chosen for what it holds.
  const last = source && (await state.lastServed(name));
  if (last) {
    const { at, version, files, pack } = last;
    found.push({
      ...{ where: 'what was served last', at, version },
      bundle: async () => files,
      pack: async () => pack,
    });
  }
  try {
    const released = await baked?.released();
    const version = await baked?.version(name);
    if (baked && released && version)
      found.push({
        ...{ where: baked.where, at: released.released_at, version },
        bundle: () => baked.bundle(name, version),
        pack: async () => (await baked.pack(name, null))?.files ?? null,
      });
  } catch (error) {
    log.error({ err: error, model: name }, 'what was baked cannot be read');
  }
  return found.sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

/** Observations belong to no bundle: the newest ones are served, wherever they lie. */
async function newestPack(all: AtHand[], log: Log): Promise<LoadedPack | null> {
  const packs: LoadedPack[] = [];
  for (const one of all) {
    try {
      const files = await one.pack();
      if (files) packs.push(loadPack(files));
    } catch (error) {
      log.error({ err: error, where: one.where }, 'the observations at hand cannot be loaded');
    }
  }
  const published = ({ manifest }: LoadedPack) => Date.parse(manifest.published_at);
  return packs.sort((a, b) => published(b) - published(a))[0] ?? null;
}

/** A server that is away comes back; a setting that is wrong, or a run that was never made, does not by itself. */
function refuseToWait({ name }: Slot, { ok, error }: Look, { source, settings, state }: StartOptions): void {
  if (settings.follow !== 'registry') return;
  const refused = state.refused(name).at(-1);
  if (ok && refused)
    throw new CorruptError(`${name} ${refused.version} was refused: ${refused.reason}`, {
      hint: 'train another one: npm run pipeline -- run --train; or take the champion back: npm run pipeline -- rollback',
    });
  if (ok) throw nothingToServe({ name }, source!.where);
  if (error instanceof PerennialError && error.exitCode !== EXIT.upstreamDown) throw error;
}

function nothingToServe({ name }: Pick<Slot, 'name'>, where: string): UsageError {
  return new UsageError(`there is no champion of ${name} in ${where} yet`, {
    hint: 'run `npm start` first: it trains one and publishes what it forecasts',
  });
}

function pause(ms: number): { over: Promise<null>; cancel(): void } {
  const cancelled = new AbortController();
  const over = wait(ms, null, { signal: cancelled.signal }).catch(() => null);
  return { over, cancel: () => cancelled.abort() };
}
