import { z } from 'zod';
import { CorruptError } from '../contracts/errors.ts';

const Locked = z.object({
  version: z.string().optional(),
  integrity: z.string().optional(),
  /** Not installed for running alone. */
  dev: z.boolean().optional(),
});
const Lock = z.object({ packages: z.record(z.string(), Locked) });

/** What package-lock.json names, by its folder: `node_modules/zod`; the repository itself by an empty name.
 *  @throws CorruptError where the text is missing or none of npm's */
export function lockedPackages(text: string | null): z.infer<typeof Lock>['packages'] {
  try {
    return Lock.parse(JSON.parse(text ?? 'null')).packages;
  } catch (cause) {
    throw new CorruptError('package-lock.json is missing or not as npm writes it', {
      cause,
      hint: 'make it again: npm install --package-lock-only',
    });
  }
}
