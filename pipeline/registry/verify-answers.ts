import { CorruptError } from '../contracts/errors.ts';
import { GOLDEN_TOLERANCE } from '../contracts/serving.ts';

/** Refuses a bundle that answers its own warm-up requests otherwise than when it was made.
 *  @param difference greatest relative one, of `warmUp`
 *  @throws CorruptError for one that is too great, or no number */
export function verifyAnswers(
  difference: number,
  { model, version }: { model: string; version: string },
): void {
  if (difference <= GOLDEN_TOLERANCE) return;
  throw new CorruptError(
    `${model} ${version} answers its warm-up requests otherwise than when it was made: off by ${difference.toPrecision(2)}, allowed are ${GOLDEN_TOLERANCE}`,
    {
      hint: 'the code that reads bundles has changed: mend it, serve the model with the code that made it, or train it anew',
    },
  );
}
