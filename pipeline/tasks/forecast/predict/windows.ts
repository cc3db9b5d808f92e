import { gunzipSync } from 'node:zlib';
import type { BundleFiles } from '../../../contracts/bundle.ts';
import { CorruptError } from '../../../contracts/errors.ts';
import { PackWindows } from '../../../contracts/pack.ts';
import type { Known } from './fitted.ts';

export const WINDOWS_ABOUT = 'windows.json';
export const WINDOWS = 'windows.f64.gz';

/** What an observation pack knows at its newest step. The values are those that the whole history gave, filled before it was
 *  cut: so a forecast from here is the forecast from there.
 *  @throws CorruptError where the pack has no windows, or ones that nobody wrote so */
export function readWindows(pack: BundleFiles): Known {
  const about = readPackJson(pack, WINDOWS_ABOUT, PackWindows);
  const { length, delay, tracts, step, target, scale } = about;
  const cells = tracts.length * length;
  const bytes = unpacked(pack, 9 * cells);
  const values = new Float64Array(bytes.buffer, bytes.byteOffset, cells);
  const observed = bytes.subarray(8 * cells);
  const cutoff = length - 1;
  const last = cutoff - delay;
  refuseUnlikely(values, observed, { length, last });
  const axis = { step, start: Date.parse(about.start), stepMs: about.step_ms, length };
  return {
    panel: { ...axis, tracts, target, scale, values, observed, delay },
    values,
    observed,
    cutoff,
    last,
  };
}

/** @throws CorruptError if the file is missing or not what it should be */
export function readPackJson<T>(pack: BundleFiles, path: string, schema: { parse(value: unknown): T }): T {
  const bytes = pack.get(path);
  if (!bytes) throw corrupt(path, 'is missing');
  try {
    return schema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw corrupt(path, 'cannot be read', cause);
  }
}

/** A copy at an address where float64 may start.
 *  @param expected bytes; never are more unpacked */
function unpacked(pack: BundleFiles, expected: number): Uint8Array<ArrayBuffer> {
  const packed = pack.get(WINDOWS);
  if (!packed) throw corrupt(WINDOWS, 'is missing');
  let bytes: Uint8Array;
  try {
    bytes = gunzipSync(packed, { maxOutputLength: Math.max(1, expected) });
  } catch (cause) {
    throw corrupt(WINDOWS, `is no gzip of the ${expected} bytes that ${WINDOWS_ABOUT} tells`, cause);
  }
  if (bytes.length === expected) return Uint8Array.from(bytes);
  throw corrupt(WINDOWS, `holds ${bytes.length} bytes, ${WINDOWS_ABOUT} tells ${expected}`);
}

function refuseUnlikely(
  values: Float64Array,
  observed: Uint8Array,
  { length, last }: { length: number; last: number },
): void {
  for (let cell = 0; cell < values.length; cell++) {
    const isKnown = cell % length <= last;
    if (Number.isFinite(values[cell]) === isKnown && observed[cell] <= Number(isKnown)) continue;
    throw corrupt(
      WINDOWS,
      `has the value ${values[cell]}, observed ${observed[cell]}, in its cell ${cell}: expected ${isKnown ? 'a number' : 'none, so new a step is not published yet'}`,
    );
  }
}

function corrupt(path: string, what: string, cause?: unknown): CorruptError {
  return new CorruptError(`the observation pack's ${path} ${what}`, {
    cause,
    hint: 'the next run publishes a new one',
    facts: { file: path },
  });
}
