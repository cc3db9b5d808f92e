import { gzipSync } from 'fflate';
import type { BundleFiles } from '../../contracts/bundle.ts';
import { PackWindows, WINDOW_STEPS } from '../../contracts/pack.ts';
import { timeAt } from '../../contracts/panel.ts';
import { bundleJson } from './predict/bundle-json.ts';
import type { Known } from './predict/fitted.ts';
import { WINDOWS, WINDOWS_ABOUT } from './predict/windows.ts';

/** The newest steps of what is known, as two files of an observation pack. The same knowledge makes the same bytes, whatever
 *  Node's own zlib does: that one compresses otherwise in each release. */
export function windowFiles({ panel, values, observed, cutoff, last }: Known): BundleFiles {
  const length = Math.min(WINDOW_STEPS, cutoff + 1);
  const from = cutoff + 1 - length;
  const cells = panel.tracts.length * length;
  const bytes = new Uint8Array(9 * cells);
  const numbers = new Float64Array(bytes.buffer, 0, cells);
  const flags = bytes.subarray(8 * cells);
  panel.tracts.forEach((_, tract) => {
    const at = tract * panel.length + from;
    numbers.set(values.subarray(at, at + length), tract * length);
    flags.set(observed.subarray(at, at + length), tract * length);
  });
  const about = PackWindows.parse({
    format: 1,
    target: panel.target,
    scale: panel.scale,
    step: panel.step,
    start: new Date(timeAt(panel, from)).toISOString(),
    step_ms: panel.stepMs,
    length,
    delay: cutoff - last,
    tracts: panel.tracts,
  });
  // The time of writing would make other bytes each second: 0 is none.
  const packed = gzipSync(bytes, { level: 6, mtime: 0 });
  return new Map([...bundleJson(WINDOWS_ABOUT, about), [WINDOWS, packed]]);
}
