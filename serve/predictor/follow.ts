import type { BundleFiles, BundleManifest } from '../../pipeline/contracts/bundle.ts';
import { CorruptError, UpstreamError } from '../../pipeline/contracts/errors.ts';
import type { RegisteredVersion } from '../../pipeline/contracts/registry.ts';
import { verifyBundle } from '../../pipeline/registry/manifest.ts';
import type { Log } from '../log.ts';
import type { Monitor } from '../monitor/monitor.ts';
import type { Source } from '../sources/source.ts';
import type { State } from '../state/state.ts';
import { pauseMs } from './backoff.ts';
import { prepareEdition } from './edition.ts';
import { type LoadedModel, openModelInTurns } from './model.ts';
import { othersFirst, othersMostly } from './others-first.ts';
import { type LoadedPack, loadPack } from './pack.ts';
import type { Slot } from './slots.ts';
import type { Swaps } from './swaps.ts';
import { withinMs } from './within.ts';

/** A question about names, and one about files. */
const LIMITS_MS = { name: 60_000, files: 600_000 };

export interface FollowOptions {
  slot: Slot;
  swaps: Swaps;
  /** null: what was loaded first stays. */
  source: Source | null;
  state: State;
  monitor: Monitor;
  log: Log;
  /** Between two questions. */
  everyMs: number;
  /** From the environment; wins over what a person pinned while it ran. */
  pinned: string | null;
  now: () => Date;
  random?: () => number;
  limitsMs?: { name: number; files: number };
}

/** Files that are those of their digest. */
interface Bytes {
  files: BundleFiles;
  manifest: BundleManifest;
}

/** What one look at the source led to. */
export interface Look {
  ok: boolean;
  /** For people: what has changed, or what is wrong. */
  said: string[];
  error?: unknown;
}

/** Follows what was verified for one model: asks its source again and again, one question at a time, loads what is new and gives it
 *  to the swaps. Whatever the source does, what is served goes on. */
export class Follower {
  readonly options: FollowOptions;
  #timer: NodeJS.Timeout | null = null;
  #looking: Promise<Look> | null = null;
  #closed = false;
  #failures = 0;
  /** Identity of the pack that was looked at last, as the source names it. */
  #seenPack: string | null = null;
  #packRefused = false;
  /** Whose bytes are not what they should be now, and may be later: bundles by digest, packs by id. */
  readonly #later = new Map<string, { failures: number; notBefore: number }>();

  constructor(options: FollowOptions) {
    this.options = options;
    if (options.source)
      options.slot.following = { where: options.source.where, lastSuccess: null, failing: null };
  }

  /** The version that must be served, whatever is released; null: what is released. */
  get pinned(): string | null {
    return this.options.pinned ?? this.options.state.pinned(this.options.slot.name);
  }

  /** Looks again and again from now on. */
  start(): void {
    if (this.#closed || !this.options.source) return;
    const { everyMs, random = Math.random } = this.options;
    this.#timer = setTimeout(
      () => void this.look().finally(() => this.start()),
      pauseMs({ usualMs: everyMs, failures: this.#failures, random: random() }),
    );
    this.#timer.unref();
  }

  /** Looks now; whoever asks while it looks waits for the same. Never throws. */
  look(): Promise<Look> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#timer) clearTimeout(this.#timer);
    this.options.swaps.close();
    void this.options.state.attempts.leave(this.options.slot.name);
    await this.options.state.settled();
  }

  async #look(): Promise<Look> {
    const { slot, source, log, monitor, now } = this.options;
    if (!source) return { ok: true, said: ['nothing is followed'] };
    const said: string[] = [];
    try {
      await this.#followBoth(source, said);
      this.#failures = 0;
      slot.following = { where: source.where, lastSuccess: now(), failing: null };
      monitor.followedAt.set({ model: slot.name }, now().getTime() / 1000);
      return { ok: true, said };
    } catch (error) {
      this.#failures++;
      const reason = error instanceof Error ? error.message : String(error);
      const failing = { since: slot.following?.failing?.since ?? now(), reason };
      slot.following = { where: source.where, lastSuccess: slot.following?.lastSuccess ?? null, failing };
      log.warn(
        { err: error, model: slot.name, failures: this.#failures },
        'what is followed cannot be read; what is served stays',
      );
      return { ok: false, said: [...said, reason], error };
    }
  }

  /** A bundle that fails must not keep new observations away, nor the other way round. */
  async #followBoth(source: Source, said: string[]): Promise<void> {
    const model = await settle(() => this.#newModel(source));
    await this.#turn();
    const pack = await settle(() => this.#newPack(source));
    await this.#turn();
    if (model.value) said.push(...(await this.#take(model.value, pack.value)));
    if (this.options.slot.current) {
      if (pack.value) said.push(...(await this.#takePack(pack.value)));
    } else this.#seenPack = null; // Nobody could take it yet.
    if (model.error) throw model.error;
    if (pack.error) throw pack.error;
  }

  /** @returns null where what is named is served, on trial, or refused */
  async #newModel(source: Source): Promise<LoadedModel | null> {
    const { slot, state, swaps } = this.options;
    const { name, files } = this.options.limitsMs ?? LIMITS_MS;
    const { pinned } = this;
    const wanted = await withinMs(name, pinned ? this.named(pinned) : source.version(slot.name));
    if (!wanted) {
      if (!pinned) return null;
      throw new UpstreamError(`${slot.name} is pinned to ${pinned}, which ${source.where} does not have`, {
        hint: 'unpin it, or name a version that there is',
      });
    }
    const { digest } = wanted;
    const trial = swaps.trial?.challenger.model.version.digest;
    if (pinned && trial === digest) swaps.accept(`pinned to ${pinned}`);
    // Taken back at the source: what was on trial answers no more.
    if (trial && trial !== digest) swaps.withdraw(`${source.where} names ${wanted.version} now`);
    if (slot.current?.model.version.digest === digest || trial === digest) return null;
    if (state.isRefused(slot.name, digest) || this.#isForLater(digest)) return null;
    const found = await this.#bytes(wanted, async () => {
      const kept = pinned ? await state.bundle(digest) : null;
      return kept ?? (await withinMs(files, source.bundle(slot.name, wanted)));
    });
    return await this.#open(found, wanted);
  }

  /** What is served or was is known, whatever the source has by now: a `released.json` names one version. */
  async named(version: string): Promise<RegisteredVersion | null> {
    const { slot, state, source } = this.options;
    const known = [slot.current?.model.version, state.current(slot.name), state.previous(slot.name)];
    return (
      known.find((one) => one?.version === version) ??
      (await source?.versionNamed(slot.name, version)) ??
      null
    );
  }

  /** @throws CorruptError where they are not those of the digest: then it is not to blame, and they may be right later */
  async #bytes(wanted: RegisteredVersion, fetch: () => Promise<BundleFiles>): Promise<Bytes> {
    try {
      const files = await fetch();
      const { manifest } = verifyBundle(files, wanted.digest);
      await this.#turn();
      return { files, manifest };
    } catch (error) {
      if (!(error instanceof CorruptError)) {
        this.options.monitor.swaps.inc({ model: wanted.model, kind: 'bundle', result: 'failed' });
        throw error;
      }
      const again = this.#postpone(wanted.digest);
      this.options.swaps.refused('bundle', { to: wanted.version, reason: error.message, again });
      throw error;
    }
  }

  /** Whole, and the right one: what fails now fails always. */
  async #open({ files, manifest }: Bytes, version: RegisteredVersion): Promise<LoadedModel | null> {
    const { slot, state, swaps, now } = this.options;
    try {
      const { version: name, digest } = version;
      const what = { model: slot.name, version: name, digest, at: now().toISOString() };
      const before = slot.current?.model ?? null;
      const load = () => openModelInTurns(files, { version, manifest, before }, () => this.#turn());
      const model = await state.attempts.load(what, load);
      this.#later.delete(version.digest);
      void state.store('bundles', version.digest, files);
      return model;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      const { version: name, digest } = version;
      const at = now().toISOString();
      void state.refuse({ model: slot.name, version: name, digest, reason, at }, { unreadable: true });
      swaps.refused('bundle', { to: version.version, reason });
      return null;
    }
  }

  async #take(model: LoadedModel, pack: LoadedPack | null): Promise<string[]> {
    const { swaps, state, source } = this.options;
    const { version, digest } = model.version;
    try {
      if (pack) void state.store('packs', pack.id, pack.files);
      await prepareEdition(model, this.options.slot.current?.pack ?? pack, () => this.#turn());
      swaps.bundle(model, {
        pack,
        trusted: this.pinned ? 'swapped' : null,
        reason: this.pinned ? `pinned to ${version}` : `${source?.where} names ${version}`,
      });
      // What the one before could not read, this one may.
      if (this.#packRefused) this.#seenPack = null;
      return [`bundle ${version}`];
    } catch (error) {
      // Today's observations may be what is wrong.
      const again = this.#postpone(digest);
      state.drop(digest);
      const reason = error instanceof Error ? error.message : String(error);
      swaps.refused('bundle', { to: version, reason, again });
      return [`bundle ${version} refused: ${reason}`];
    } finally {
      if (swaps.trial?.challenger.model !== model) void state.attempts.end(this.options.slot.name, digest);
    }
  }

  /** @returns null where there is none that was not seen */
  async #newPack(source: Source): Promise<LoadedPack | null> {
    const { slot, swaps } = this.options;
    const files = (this.options.limitsMs ?? LIMITS_MS).files;
    const found = await withinMs(files, source.pack(slot.name, this.#seenPack));
    if (!found) return null;
    if (this.#isForLater(found.id)) return null;
    try {
      const pack = loadPack(found.files);
      this.#seenPack = found.id;
      return pack.id === slot.current?.pack?.id ? null : pack;
    } catch (error) {
      const again = this.#postpone(found.id);
      const reason = error instanceof Error ? error.message : String(error);
      swaps.refused('pack', { to: found.id.slice(0, 12), reason, again });
      throw error;
    }
  }

  async #takePack(pack: LoadedPack): Promise<string[]> {
    const { slot, swaps, state } = this.options;
    if (slot.current?.pack?.id === pack.id) return [];
    try {
      void state.store('packs', pack.id, pack.files);
      for (const model of swaps.models) await prepareEdition(model, pack, () => this.#turn());
      swaps.pack(pack);
      this.#packRefused = false;
      return [`observations ${pack.manifest.data_version}`];
    } catch (error) {
      this.#packRefused = true;
      state.drop(pack.id);
      const reason = error instanceof Error ? error.message : String(error);
      swaps.refused('pack', { to: pack.manifest.data_version, reason });
      return [`observations ${pack.manifest.data_version} refused: ${reason}`];
    }
  }

  /** Where nothing is served yet, everybody waits for this. */
  #turn(): Promise<void> {
    return this.options.slot.current ? othersMostly() : othersFirst();
  }

  #isForLater(name: string): boolean {
    const { now } = this.options;
    return (this.#later.get(name)?.notBefore ?? 0) > now().getTime();
  }

  /** @returns whether it was before */
  #postpone(name: string): boolean {
    const { everyMs, now, random = Math.random } = this.options;
    const failures = (this.#later.get(name)?.failures ?? 0) + 1;
    if (this.#later.size > MOST_POSTPONED) this.#later.clear();
    const pause = pauseMs({ usualMs: everyMs, failures, random: random() });
    this.#later.set(name, { failures, notBefore: now().getTime() + pause });
    return failures > 1;
  }
}

const MOST_POSTPONED = 1000;

async function settle<T>(work: () => Promise<T>): Promise<{ value: T | null; error: unknown }> {
  try {
    return { value: await work(), error: null };
  } catch (error) {
    return { value: null, error };
  }
}
