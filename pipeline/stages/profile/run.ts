import { join } from 'node:path';
import type { z } from 'zod';
import type { StageContext } from '../../context.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { FeatureSchema, FeatureStatistics } from '../../contracts/features.ts';
import { readJson, writeWhole } from '../../files.ts';
import { page } from './page.ts';
import { readDataset } from './read-dataset.ts';

/** The data set of `artifacts/<model>/features` described for a person, in `artifacts/<model>/profile/profile.html`:
 *  one self-contained file under 2 MB, whatever the data's size.
 *  @returns path of the page
 *  @throws CorruptError if the features stage's files are not there */
export async function profile(context: StageContext): Promise<string> {
  const { paths, model, progress, log } = context;
  const step = progress.start(`profile of ${model}`, 2);
  const schema = await needed(join(paths.features, 'schema.json'), FeatureSchema);
  const statistics = await needed(join(paths.features, 'feature_statistics.json'), FeatureStatistics);
  const data = await readDataset(paths.features, schema, statistics);
  step.set(1, 'drawing');
  const path = join(paths.profile, 'profile.html');
  const html = page(data);
  await writeWhole(path, html);
  log.info({ path, bytes: Buffer.byteLength(html) }, 'profile written');
  step.done(`${Math.ceil(Buffer.byteLength(html) / 1024)} KB`);
  return path;
}

async function needed<T extends z.ZodType>(path: string, schema: T): Promise<z.output<T>> {
  const found = await readJson(path, schema);
  if (found === null) throw new CorruptError(`${path} is missing`, { hint: 'run the features stage first' });
  return found;
}
