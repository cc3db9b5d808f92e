import { join } from 'node:path';
import { readHistory } from '../../clients/history-folder.ts';
import { readLosses } from '../../clients/loss-file.ts';
import { writtenRecipe } from '../../clients/recipe.ts';
import type { StageContext } from '../../context.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { FeatureSchema } from '../../contracts/features.ts';
import { MetricsFile } from '../../contracts/metrics.ts';
import { Plan } from '../../contracts/plan.ts';
import { Promotion } from '../../contracts/promotion.ts';
import { TrainFile } from '../../contracts/train.ts';
import { readJson, writeJson, writeWhole } from '../../files.ts';
import { promotionOf } from './promotion.ts';
import { reportText } from './report-text.ts';

/** Decides on what evaluate left, and says why: `promotion.json` and `report.md`.
 *  @throws CorruptError if a file of an earlier stage is missing, or of another comparison */
export async function compare(
  context: StageContext,
  versions: { commit: string; dataVersion: string; fallback?: boolean },
): Promise<Promotion> {
  const { paths, params, model } = context;
  const metrics = await needed(paths.metrics, readJson(paths.metrics, MetricsFile));
  const plan = await needed(paths.plan, readJson(paths.plan, Plan));
  const schemaPath = join(paths.features, 'schema.json');
  const schema = await needed(schemaPath, readJson(schemaPath, FeatureSchema));
  const trainPath = join(paths.train, 'train.json');
  const train = await needed(trainPath, readJson(trainPath, TrainFile));
  const lossesPath = join(paths.evaluate, 'losses.parquet');
  const losses = await needed(lossesPath, readLosses(lossesPath));
  const history = await readHistory(paths.history);

  if (metrics.commit !== versions.commit || metrics.data_version !== versions.dataVersion)
    throw new CorruptError(`${paths.metrics} was made by another commit or from other data`, { hint: AGAIN });

  const promotion = promotionOf({
    model,
    metrics,
    losses,
    plan,
    history,
    policy: params.promotion,
    horizons: params.horizons,
    axis: { step: schema.step, stepMs: schema.step_ms },
    recipe: await writtenRecipe(context.workspace, model),
    isBaseline: train.is_baseline || (versions.fallback ?? false),
    decidedAt: context.now().toISOString(),
  });

  const names = new Map(schema.tracts.map(({ id, name }) => [id, name]));
  await writeWhole(paths.report, reportText(promotion, metrics, names));
  // Last: whoever finds the decision finds its report.
  await writeJson(paths.promotion, Promotion, promotion);
  context.log.info({ outcome: promotion.outcome, reason: promotion.reason }, 'decided');
  return promotion;
}

const AGAIN = 'run evaluate again';

async function needed<T>(path: string, value: Promise<T | null>): Promise<T> {
  const found = await value;
  if (found !== null) return found;
  throw new CorruptError(`${path} is missing`, { hint: 'run the stages before compare again' });
}
