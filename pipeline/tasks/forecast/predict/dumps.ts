/** One day with months of old cases must not become the next week's base: a value far above everything of the
 *  two windows before it is cut. If it stays that high, the second value passes: then it was real. */
export function withoutDumps(raw: Float64Array, window: number): Float64Array {
  const cleaned = Float64Array.from(raw);
  for (let t = 2 * window; t < raw.length; t++) {
    let highest = 0;
    for (let back = 1; back <= 2 * window; back++) if (raw[t - back] > highest) highest = raw[t - back];
    const limit = 6 * highest + 30;
    if (cleaned[t] > limit) cleaned[t] = limit;
  }
  return cleaned;
}
