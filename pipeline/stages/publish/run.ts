import { readTargetPanel } from '../../clients/dataset-file.ts';
import { readPublishedTotals } from '../../clients/published-totals.ts';
import type { StageContext } from '../../context.ts';
import { timeAt } from '../../contracts/panel.ts';
import type { RegisteredVersion, Registry } from '../../contracts/registry.ts';
import type { Snapshot } from '../../contracts/snapshot.ts';
import { writeBundle } from '../../registry/bundle-folder.ts';
import { sealPack } from '../../registry/pack.ts';
import { taskFor } from '../../tasks/index.ts';
import type { LatestForecast } from '../../tasks/task.ts';

export interface PublishOptions {
  registry: Registry;
  /** The champion that forecasts. */
  version: RegisteredVersion;
  snapshot: Snapshot;
  dataVersion: string;
}

/** What a portal's running total adds up. */
const TOTALLED = ['new_cases', 'total_cases'];

/** The observation pack of a day that passed the gate: newest windows, adapted interval widths, forecasts.
 *  Needs no training. Goes to the registry, where services find it, then into `artifacts/<model>/pack`, which tells the next run
 *  that this is done: each whole or not at all. */
export async function publish(context: StageContext, options: PublishOptions): Promise<LatestForecast[]> {
  const { paths, params, model, now, progress } = context;
  const { registry, version, snapshot, dataVersion } = options;
  const step = progress.start(`forecasting with ${version.version}`);
  const { panel } = await readTargetPanel(paths.features);
  const totals = TOTALLED.includes(panel.target) ? await readPublishedTotals(paths.observations) : undefined;
  const bundle = await registry.bundle(version.version);
  const { files, forecasts } = taskFor(params.task).observe(bundle, panel, totals);
  const pack = sealPack(files, {
    model,
    published_at: now().toISOString(),
    last_time: new Date(timeAt(panel, panel.length - 1)).toISOString(),
    data_version: dataVersion,
    snapshot: snapshot.sha256,
    bundle: version.digest,
  });
  await registry.publishPack(pack);
  await writeBundle(paths.pack, pack);
  step.done(`${forecasts.length} forecasts`);
  return forecasts;
}
