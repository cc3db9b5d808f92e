import { setTimeout as wait } from 'node:timers/promises';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { BundleFiles } from '../../pipeline/contracts/bundle.ts';
import type { RegisteredVersion, Registry } from '../../pipeline/contracts/registry.ts';
import { sealBundle } from '../../pipeline/registry/manifest.ts';

export interface StormSize {
  /** Different bundles to register. */
  bundles: number;
  /** Registrars at once. */
  registrars: number;
  seed: number;
}

/** What came of it. */
export interface StormResult {
  bundles: number;
  /** Registrars that were killed in the middle, or just after. */
  kills: number;
  /** Versions that some reader saw and that were not whole. */
  half: number;
  /** Bundles that are not there at the end, or under another number than was acknowledged. */
  lost: number;
  /** Versions more than there are bundles. */
  doubled: number;
  seconds: number;
}

/** The registrars' work: every bundle once, every tenth for two of them at the same time; what a killed one did not
 *  finish goes back. */
export class Storm {
  readonly random: () => number;
  kills = 0;
  half = 0;
  readonly #queue: number[];
  readonly #acknowledged: { content: number; version: string }[] = [];
  readonly #began = performance.now();

  constructor(readonly size: StormSize) {
    const generator = xoroshiro128plus(size.seed);
    this.random = () => uniformFloat64(generator);
    this.#queue = Array.from({ length: size.bundles }, (_, i) => i).flatMap((i) =>
      i % 10 === 0 ? [i, i] : [i],
    );
  }

  next(): number | undefined {
    return this.#queue.shift();
  }

  acknowledge(content: number, version: string): void {
    this.#acknowledged.push({ content, version });
  }

  killed(unfinished?: number): void {
    this.kills++;
    if (unfinished !== undefined) this.#queue.unshift(unfinished);
  }

  /** Looks again and again while others write: whoever reads must never see half a version. */
  async watch(reader: Registry, until: Promise<unknown>): Promise<void> {
    let over = false;
    until.then(
      () => (over = true),
      () => (over = true),
    );
    while (!over) {
      const began = performance.now();
      const newest = await reader.versions().then(
        (versions) => versions.at(-1),
        () => void this.half++,
      );
      if (newest && !(await isWhole(reader, newest))) this.half++;
      // A tenth of the time at most: what is measured is the registrars.
      const pause = Math.max(200, 9 * (performance.now() - began));
      await Promise.race([wait(pause), until.catch(() => {})]);
    }
  }

  /** @param stored how many versions the home itself knows, also where readers pass over some */
  async result(reader: Registry, stored: () => Promise<number>): Promise<StormResult> {
    const { bundles } = this.size;
    const seconds = (performance.now() - this.#began) / 1000;
    const versions = await reader.versions();
    for (let from = 0; from < versions.length; from += 4) {
      const some = versions.slice(from, from + 4);
      for (const whole of await Promise.all(some.map((version) => isWhole(reader, version))))
        this.half += Number(!whole);
    }
    const byDigest = new Map(versions.map(({ digest, version }) => [digest, version]));
    const gone = new Set<number>();
    for (let content = 0; content < bundles; content++)
      if (!byDigest.has(bundleOf(content).digest)) gone.add(content);
    for (const { content, version } of this.#acknowledged)
      if (byDigest.get(bundleOf(content).digest) !== version) gone.add(content);
    const doubled = Math.max(versions.length, await stored()) - byDigest.size;
    return { bundles, kills: this.kills, half: this.half, lost: gone.size, doubled, seconds };
  }
}

/** A small bundle of its own for each number. */
export function bundleOf(content: number): { files: BundleFiles; digest: string } {
  const files = new Map<string, Uint8Array>([
    ['model/weights.bin', Buffer.from(`${content} `.repeat(1000))],
    ['schema.json', Buffer.from('{"horizons":[1,7]}')],
  ]);
  const { train_end, data_version, commit, candidate, is_baseline, hyperparameters } = FACTS;
  return sealBundle(files, {
    ...{ train_end, data_version, commit, candidate, is_baseline, hyperparameters },
    task: 'forecast',
    model: 'infections',
    created_at: '2026-02-01T00:00:00.000Z',
  });
}

export const FACTS: Parameters<Registry['register']>[1] = {
  metrics: { wape: 0.15, wis: null },
  hyperparameters: { units: 32 },
  commit: '0123abc',
  data_version: 'd'.repeat(32),
  run: null,
  parent: null,
  train_end: '2026-01-31T00:00:00.000Z',
  candidate: 'trees',
  is_baseline: false,
};

async function isWhole(reader: Registry, version: RegisteredVersion): Promise<boolean> {
  // What is read is checked against its digest; what is wrong is refused.
  return (await reader.version(version.version).catch(() => null)) !== null;
}
