import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';
import type { BundleFiles } from '../../../contracts/bundle.ts';
import { CorruptError } from '../../../contracts/errors.ts';
import { PackWindows } from '../../../contracts/pack.ts';
import type { Known } from './fitted.ts';
import { drained, inTurns, type Turns } from './turns.ts';

export const WINDOWS_ABOUT = 'windows.json';
export const WINDOWS = 'windows.f64.gz';

/** What an observation pack knows at its newest step. The values are those that the whole history gave, filled before it was
 *  cut: so a forecast from here is the forecast from there.
 *  @throws CorruptError where the pack has no windows, or ones that nobody wrote so */
export function readWindows(pack: BundleFiles): Known {
  const about = readPackJson(pack, WINDOWS_ABOUT, PackWindows);
  const limit = { maxOutputLength: bytesOf(about) };
  let bytes: Uint8Array;
  try {
    bytes = gunzipSync(packedOf(pack), limit);
  } catch (cause) {
    throw noGzip(about, cause);
  }
  return drained(knownFrom(about, bytes));
}

/** The same: unpacked on another thread, and checked in turns with whatever else there is to do. */
export async function readWindowsInTurns(pack: BundleFiles, turn: () => Promise<unknown>): Promise<Known> {
  const about = readPackJson(pack, WINDOWS_ABOUT, PackWindows);
  const limit = { maxOutputLength: bytesOf(about) };
  const bytes = await promisify(gunzip)(packedOf(pack), limit).catch((cause) => {
    throw noGzip(about, cause);
  });
  return await inTurns(knownFrom(about, bytes), turn);
}

/** Never are more unpacked. */
const bytesOf = ({ tracts, length }: PackWindows) => Math.max(1, 9 * tracts.length * length);

function packedOf(pack: BundleFiles): Uint8Array {
  const packed = pack.get(WINDOWS);
  if (!packed) throw corrupt(WINDOWS, 'is missing');
  return packed;
}

function noGzip(about: PackWindows, cause: unknown): CorruptError {
  return corrupt(WINDOWS, `is no gzip of the ${bytesOf(about)} bytes that ${WINDOWS_ABOUT} tells`, cause);
}

function* knownFrom(about: PackWindows, unpacked: Uint8Array): Turns<Known> {
  const { length, delay, tracts, step, target, scale } = about;
  const cells = tracts.length * length;
  if (unpacked.length !== 9 * cells)
    throw corrupt(WINDOWS, `holds ${unpacked.length} bytes, ${WINDOWS_ABOUT} tells ${9 * cells}`);
  // A copy at an address where float64 may start.
  const bytes = new Uint8Array(unpacked);
  const values = new Float64Array(bytes.buffer, bytes.byteOffset, cells);
  const observed = bytes.subarray(8 * cells);
  const cutoff = length - 1;
  const last = cutoff - delay;
  for (let tract = 0; tract < tracts.length; tract++) {
    refuseUnlikely(values, observed, { from: tract * length, length, last });
    yield;
  }
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

function refuseUnlikely(
  values: Float64Array,
  observed: Uint8Array,
  { from, length, last }: { from: number; length: number; last: number },
): void {
  for (let cell = from; cell < from + length; cell++) {
    const isKnown = cell - from <= last;
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
