import type { BundleFiles } from '../../contracts/bundle.ts';
import { type TargetPanel, timeAt } from '../../contracts/panel.ts';
import { ReferenceStatistics } from '../../contracts/serving.ts';
import { bundleJson, readBundleJson } from './predict/bundle-json.ts';
import type { Known } from './predict/fitted.ts';
import type { IntervalState } from './predict/intervals.ts';
import { knownAt } from './predict/known.ts';
import { LEARNT, LearntFile } from './predict/learnt.ts';
import type { ForecastSpec } from './predict/load.ts';
import { requestOf } from './predict/request.ts';
import { truthOf } from './truth.ts';

/** Adds what the service must know of a bundle beside the model: what it is asked (`request.json`), and what it has learnt from
 *  (`reference.json` over all tracts, `learnt.json` for each).
 *  @param files of a bundle, with spec and intervals
 *  @param panel all that was learnt from */
export function withServing(files: BundleFiles, panel: TargetPanel): BundleFiles {
  const spec = readBundleJson<ForecastSpec>(files, 'spec.json');
  const { tracts } = readBundleJson<IntervalState>(files, 'intervals.json');
  const known = knownAt(panel, panel.length - 1);
  const reference = referenceOf(known);
  return new Map([
    ...files,
    ...bundleJson('request.json', requestOf(spec, tracts)),
    ...(reference ? bundleJson('reference.json', reference) : []),
    ...bundleJson(LEARNT, learntOf(known)),
  ]);
}

const QUANTILES = Array.from({ length: 21 }, (_, index) => index / 20);

/** @returns null where nothing was observed */
function referenceOf({ panel, values, observed, last }: Known): ReferenceStatistics | null {
  const truth = truthOf({ values, observed });
  const sorted = truth.filter((value) => !Number.isNaN(value)).sort();
  const n = sorted.length;
  if (n === 0) return null;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / n;
  const squares = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return ReferenceStatistics.parse({
    format: 1,
    fields: {
      values: {
        n,
        missing: panel.tracts.length * (last + 1) - n,
        minimum: sorted[0],
        maximum: sorted[n - 1],
        mean,
        deviation: n > 1 ? Math.sqrt(squares / (n - 1)) : 0,
        quantiles: QUANTILES.map((level) => quantile(sorted, level)),
      },
    },
  });
}

/** Between the two values beside it, in a straight line. */
function quantile(sorted: Float64Array, level: number): number {
  const at = level * (sorted.length - 1);
  const below = sorted[Math.floor(at)];
  return below + (at % 1) * (sorted[Math.ceil(at)] - below);
}

function learntOf(known: Known): LearntFile {
  const { panel, last } = known;
  const iso = (index: number) => new Date(timeAt(panel, index)).toISOString();
  return LearntFile.parse({
    format: 1,
    from: iso(0),
    until: iso(Math.max(0, last)),
    tracts: panel.tracts.map((tract, index) => ({ ...tract, ...rangeOf(known, index) })),
  });
}

function rangeOf({ panel, values, observed, last }: Known, tract: number) {
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  for (let cell = tract * panel.length; cell <= tract * panel.length + last; cell++) {
    if (observed[cell] === 0) continue;
    minimum = Math.min(minimum, values[cell]);
    maximum = Math.max(maximum, values[cell]);
  }
  return maximum >= minimum ? { minimum, maximum } : { minimum: null, maximum: null };
}
