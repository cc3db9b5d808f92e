/** A power of two. */
const SLOTS = 8192;
/** In a degree: some ten metres, as most coordinates are told. */
const STEPS = 10_000;

/** What was found at the coordinates that were asked before: who looks at a place looks at it again. Each has one slot, and takes it
 *  from whatever has it: so there is a bound, and nothing to tidy up. */
export class PlacesAsked<T> {
  readonly #coordinates = new Float64Array(2 * SLOTS).fill(Number.NaN);
  readonly #found: (T | undefined)[] = new Array(SLOTS).fill(undefined);

  /** @returns undefined where it was not asked, or forgotten */
  get(latitude: number, longitude: number): T | undefined {
    const slot = slotOf(latitude, longitude);
    const isIt = this.#coordinates[2 * slot] === latitude && this.#coordinates[2 * slot + 1] === longitude;
    return isIt ? this.#found[slot] : undefined;
  }

  set(latitude: number, longitude: number, found: T): void {
    const slot = slotOf(latitude, longitude);
    this.#coordinates[2 * slot] = latitude;
    this.#coordinates[2 * slot + 1] = longitude;
    this.#found[slot] = found;
  }
}

function slotOf(latitude: number, longitude: number): number {
  // Odd numbers far from any pattern of coordinates: the golden ratio, and pi, as parts of 2^32.
  const mixed =
    Math.imul(Math.round(latitude * STEPS), 0x9e3779b1) ^
    Math.imul(Math.round(longitude * STEPS), 0x243f6a89);
  return (mixed ^ (mixed >>> 15)) & (SLOTS - 1);
}
