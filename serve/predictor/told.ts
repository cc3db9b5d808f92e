import type { Prediction } from '../../pipeline/contracts/serving.ts';

/** A prediction as JSON tells it. */
export function told({ outputs, outOfRange }: Prediction) {
  return { outputs, out_of_range: outOfRange };
}
