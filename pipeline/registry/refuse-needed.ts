import { ConflictError } from '../contracts/errors.ts';

/** @param held versions that an alias names
 *  @throws ConflictError for a version that must not be taken away */
export function refuseNeeded(
  version: string,
  { model, newest, held }: { model: string; newest: string | undefined; held: Set<string | null> },
): void {
  if (held.has(version)) {
    throw new ConflictError(`an alias names ${version} of ${model}: it stays`, {
      hint: 'promote another one first',
      facts: { model, version },
    });
  }
  if (version === newest) {
    throw new ConflictError(`${version} is the newest version of ${model}: it stays`, {
      hint: 'its number would be given again',
      facts: { model, version },
    });
  }
}
