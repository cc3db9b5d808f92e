import type { BundleFiles } from '../../contracts/bundle.ts';

const KEPT_BYTES = 200 * 2 ** 20;

/** What this process has read and checked: a loop asks for the champion several times, and downloads it once. */
export class BundleMemory {
  /** Ever read and found true. */
  readonly #checked = new Set<string>();
  /** The newest last; the oldest go where it becomes too much. */
  readonly #kept = new Map<string, BundleFiles>();

  knows(key: string): boolean {
    return this.#checked.has(key);
  }

  async files(key: string, read: () => Promise<BundleFiles>): Promise<BundleFiles> {
    const files = this.#kept.get(key) ?? (await read());
    this.#checked.add(key);
    this.#kept.delete(key);
    this.#kept.set(key, files);
    for (const oldest of this.#kept.keys()) {
      if (this.#bytes() <= KEPT_BYTES) break;
      this.#kept.delete(oldest);
    }
    return files;
  }

  #bytes(): number {
    let sum = 0;
    for (const files of this.#kept.values()) for (const bytes of files.values()) sum += bytes.byteLength;
    return sum;
  }
}
