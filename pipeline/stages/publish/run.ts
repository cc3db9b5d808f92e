import { readTargetPanel } from '../../clients/dataset-file.ts';
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

/** The observation pack of a day that passed the gate: newest windows, adapted interval widths, forecasts.
 *  Needs no training; appears in `artifacts/<model>/pack` whole or not at all. */
export async function publish(context: StageContext, options: PublishOptions): Promise<LatestForecast[]> {
  const { paths, params, model, now, progress } = context;
  const step = progress.start(`forecasting with ${options.version.version}`);
  const { panel } = await readTargetPanel(paths.features);
  const { files, forecasts } = taskFor(params.task).observe(
    await options.registry.bundle(options.version.version),
    panel,
  );
  const pack = sealPack(files, {
    model,
    published_at: now().toISOString(),
    last_time: new Date(timeAt(panel, panel.length - 1)).toISOString(),
    data_version: options.dataVersion,
    snapshot: options.snapshot.sha256,
    bundle: options.version.digest,
  });
  await writeBundle(paths.pack, pack);
  step.done(`${forecasts.length} forecasts`);
  return forecasts;
}
