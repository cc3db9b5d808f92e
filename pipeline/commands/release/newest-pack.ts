import type { StageContext } from '../../context.ts';
import type { BundleFiles } from '../../contracts/bundle.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { readBundle } from '../../registry/bundle-folder.ts';
import { readPack } from '../../stages/explain/read-pack.ts';
import type { Environment } from '../environment.ts';
import { dvcOutside, type Outside } from '../outside.ts';
import { readPublished } from '../reply/read-published.ts';

/** The observation pack that git names, brought from the remote where it is not here yet.
 *  @returns null where none was published
 *  @throws CorruptError where a file is not what the pack's manifest says */
export async function newestPack(
  environment: Environment,
  outside: Outside,
  { workspace, model, paths, now }: StageContext,
): Promise<BundleFiles | null> {
  const dvc = dvcOutside(environment, outside, { workspace, now });
  const published = await readPublished(workspace, model, async (pointer) => {
    await dvc.pull({ targets: [pointer] });
  });
  if (!published) return null;
  const seen = await readPack(paths.pack);
  if (seen === null || seen.wrong.length > 0) {
    throw new CorruptError(
      `the observation pack of ${model} is not what its manifest says: ${seen?.wrong.join(', ') ?? 'pack.json is missing'}`,
      { hint: 'the next run publishes it anew' },
    );
  }
  const files = await readBundle(paths.pack);
  return new Map([...files].filter(([name]) => name === 'pack.json' || name in seen.manifest.files));
}
