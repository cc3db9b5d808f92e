import { z } from 'zod';
import type { BundleFiles } from '../../../contracts/bundle.ts';
import { CorruptError } from '../../../contracts/errors.ts';
import { TractFacts } from '../../../contracts/observations.ts';
import type { Tract } from '../../../contracts/panel.ts';
import { Timestamp } from '../../../contracts/scalars.ts';
import { readBundleJson } from './bundle-json.ts';
import type { Range } from './range.ts';
import type { WarmUp } from './warm-up.ts';

export const LEARNT = 'learnt.json';

/** `learnt.json` of a bundle: the tracts it has learnt from, as they were then. */
export const LearntFile = z.strictObject({
  format: z.literal(1),
  /** First and last step learnt from. */
  from: Timestamp,
  until: Timestamp,
  tracts: z.array(
    TractFacts.extend({
      /** Of its observed values; null where there was none. */
      minimum: z.number().nullable(),
      maximum: z.number().nullable(),
    }),
  ),
});
export type LearntFile = z.infer<typeof LearntFile>;

/** What a bundle knows of what it has learnt from. Bundles of before `learnt.json` know little. */
export interface Learnt {
  /** Epoch milliseconds; null: not known. */
  from: number | null;
  /** @returns id alone where nothing more is known */
  tract(id: string): Tract;
  /** Undefined: nothing is known of any tract. Null: this one was not there, or never observed. */
  range(id: string): Range | null | undefined;
}

/** @throws CorruptError where `learnt.json` is not what it should be */
export function loadLearnt(files: BundleFiles, warmUp: WarmUp): Learnt {
  if (!files.has(LEARNT)) return fromWarmUp(warmUp);
  const found = LearntFile.safeParse(readBundleJson(files, LEARNT));
  if (!found.success) {
    throw new CorruptError(`${LEARNT} in the bundle is not what training writes`, {
      cause: found.error,
      hint: 'take the bundle from the registry again',
    });
  }
  const tracts = new Map<string, { tract: Tract; range: Range | null }>();
  for (const { minimum, maximum, ...tract } of found.data.tracts) {
    const range = minimum === null || maximum === null ? null : { minimum, maximum };
    tracts.set(tract.id, { tract, range });
  }
  return {
    from: Date.parse(found.data.from),
    tract: (id) => tracts.get(id)?.tract ?? nameless(id),
    range: (id) => tracts.get(id)?.range ?? null,
  };
}

/** Three tracts are in the warm-up: where they lie in one country the others do too. */
function fromWarmUp({ panel }: WarmUp): Learnt {
  const tracts = new Map(panel.tracts.map((tract) => [tract.id, tract]));
  const countries = new Set(panel.tracts.map(({ country }) => country));
  const [country] = countries.size === 1 ? countries : [undefined];
  return {
    from: null,
    tract: (id) => tracts.get(id) ?? { ...nameless(id), country },
    range: () => undefined,
  };
}

const nameless = (id: string): Tract => ({ id, name: id });
