import type { BundleFiles } from '../../pipeline/contracts/bundle.ts';
import { CorruptError } from '../../pipeline/contracts/errors.ts';
import type { ServedModel } from '../../pipeline/contracts/serving.ts';
import { loadServed as loadForecast } from '../../pipeline/tasks/forecast/predict/served.ts';

/** A new kind of model is one line here. */
const KINDS: Record<string, (files: BundleFiles) => ServedModel> = {
  forecast: loadForecast,
};

/** @throws CorruptError for a bundle of a kind that this code does not know */
export function loadKind(kind: string, files: BundleFiles): ServedModel {
  if (Object.hasOwn(KINDS, kind)) return KINDS[kind](files);
  throw new CorruptError(`the bundle is of the kind "${kind}", known are ${Object.keys(KINDS).join(', ')}`, {
    hint: 'serve it with the code that made it',
  });
}
