import type { BundleFiles } from '../../../contracts/bundle.ts';
import { CorruptError } from '../../../contracts/errors.ts';
import { ReferenceStatistics, type ServedModel } from '../../../contracts/serving.ts';
import { readBundleJson } from './bundle-json.ts';
import { loadForecaster } from './load.ts';
import { requestOf } from './request.ts';
import { type WarmUp, warmUpDifference } from './warm-up.ts';

/** Opens a bundle of the forecast task for the service.
 *  @throws CorruptError if a file is missing or not what it should be */
export function loadServed(files: BundleFiles): ServedModel {
  const forecaster = loadForecaster(files);
  const warmUp = readBundleJson<WarmUp>(files, 'warm-up.json');
  return {
    request: requestOf(forecaster.spec, forecaster.intervals.tracts),
    reference: files.has('reference.json')
      ? ReferenceStatistics.parse(readBundleJson(files, 'reference.json'))
      : null,
    predict: () => {
      throw new CorruptError('not yet');
    },
    warmUp: () => warmUpDifference(forecaster, warmUp),
    forecastPack: null,
  };
}
