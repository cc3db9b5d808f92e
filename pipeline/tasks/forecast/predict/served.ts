import type { BundleFiles } from '../../../contracts/bundle.ts';
import { CorruptError } from '../../../contracts/errors.ts';
import { ReferenceStatistics, RequestSchema, type ServedModel } from '../../../contracts/serving.ts';
import { readBundleJson } from './bundle-json.ts';
import { loadLearnt } from './learnt.ts';
import { loadForecaster } from './load.ts';
import { digestOf, fitting, forecastPack, windowsFor } from './pack-forecasts.ts';
import { outOfRangeTracts } from './range.ts';
import { requestOf } from './request.ts';
import { rowPredictor } from './rows.ts';
import { drained, inTurns } from './turns.ts';
import { type WarmUp, warmUpDifference } from './warm-up.ts';
import { readWindowsInTurns } from './windows.ts';

/** Opens a bundle of the forecast task for the service. Bundles of before `request.json`, `reference.json` and `learnt.json`
 *  say what can be derived from the rest of them.
 *  @throws CorruptError if a file is missing or not what it should be */
export function loadServed(files: BundleFiles): ServedModel {
  const forecaster = loadForecaster(files);
  const warmUp = readBundleJson<WarmUp>(files, 'warm-up.json');
  const learnt = loadLearnt(files, warmUp);
  const digest = digestOf(files);
  const predictRow = rowPredictor(forecaster, { learnt, axis: warmUp.panel });
  return {
    request: files.has('request.json')
      ? parsed(files, 'request.json', RequestSchema)
      : requestOf(forecaster.spec, forecaster.intervals.tracts),
    reference: files.has('reference.json') ? parsed(files, 'reference.json', ReferenceStatistics) : null,
    predict: (rows) => rows.map(predictRow),
    warmUp: () => warmUpDifference(forecaster, warmUp),
    forecastPack: (pack) => drained(forecastPack(forecaster, { pack, digest })),
    outOfRangeTracts: (pack) => outOfRangeTracts(windowsFor(forecaster, pack), learnt),
    async openPackInTurns(pack, turn) {
      const known = fitting(forecaster, await readWindowsInTurns(pack, turn));
      return {
        forecasts: (forecasts) => inTurns(forecastPack(forecaster, { pack, digest, known, forecasts }), turn),
        outOfRange: () => outOfRangeTracts(known, learnt),
      };
    },
  };
}

function parsed<T>(files: BundleFiles, path: string, schema: { parse(value: unknown): T }): T {
  try {
    return schema.parse(readBundleJson(files, path));
  } catch (cause) {
    if (cause instanceof CorruptError) throw cause;
    throw new CorruptError(`${path} in the bundle is not what training writes`, {
      cause,
      hint: 'take the bundle from the registry again',
    });
  }
}
