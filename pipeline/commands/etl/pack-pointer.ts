import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { CorruptError } from '../../contracts/errors.ts';
import { Sha256, Timestamp } from '../../contracts/scalars.ts';

/** What a reader of git alone is told of an observation pack. */
export const PackMeta = z.object({
  bundle: Sha256.nullable(),
  snapshot: Sha256,
  data_version: z.string(),
  last_time: Timestamp,
  published_at: Timestamp,
});
export type PackMeta = z.infer<typeof PackMeta>;

const Pointer = z.looseObject({
  meta: PackMeta,
  outs: z.array(z.looseObject({ md5: z.string().optional(), path: z.literal('pack') })).length(1),
});

/** `reports/<model>/pack.dvc`: a pointer of DVC to `artifacts/<model>/pack`, to be completed by `dvc commit`. `dvc add` would
 *  write it beside the pack, in a folder that git ignores. */
export function packPointer(model: string, meta: PackMeta): string {
  return stringify({
    wdir: `../../artifacts/${model}`,
    meta: PackMeta.parse(meta),
    outs: [{ path: 'pack', hash: 'md5' }],
  });
}

/** @returns null where there is none yet
 *  @throws CorruptError where it is not what a robot wrote */
export function readPackPointer(text: string | null): { meta: PackMeta; md5: string | null } | null {
  if (text === null) return null;
  const result = Pointer.safeParse(parse(text));
  if (result.success) return { meta: result.data.meta, md5: result.data.outs[0].md5 ?? null };
  throw new CorruptError('pack.dvc is not what a robot writes', {
    cause: result.error,
    hint: 'delete it: the next run publishes the pack anew',
  });
}
