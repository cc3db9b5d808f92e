import type { ScoredForecasts } from '../../contracts/forecast.ts';
import type { LossTable } from '../../contracts/losses.ts';
import type { MetricsFile } from '../../contracts/metrics.ts';
import { indexAt, type TargetPanel, timeAt } from '../../contracts/panel.ts';
import type { PromotionParams } from '../../contracts/params.ts';
import { type Plan, windowsOf } from '../../contracts/plan.ts';
import { SEASON_STEPS } from '../../metrics/season-steps.ts';
import { commonRows, rowsLike } from './common-rows.ts';
import { lossTable, scoreModel, yardstick } from './score-models.ts';

export interface Sides {
  challenger: { table: ScoredForecasts; name: string; digest: string };
  /** Null: a first model. */
  champion: { table: ScoredForecasts; name: string; digest: string; trainEnd: string } | null;
  /** The task's own first. */
  baselines: ScoredForecasts[];
  /** Shown beside them, and scored on the same rows as far as they have them. */
  candidates: ScoredForecasts[];
}

export interface Scored {
  losses: LossTable[];
  metrics: MetricsFile;
}

/** Scores challenger, champion and baselines on the rows that all of them forecast, none of which the champion has
 *  learnt from.
 *  @param about.metric decides which loss is kept row by row */
export function scoreSides(
  { challenger, champion, baselines, candidates }: Sides,
  about: {
    model: string;
    metric: PromotionParams['metric'];
    plan: Plan;
    panel: TargetPanel;
    madeAt: string;
    commit: string;
    dataVersion: string;
  },
): Scored {
  const { plan, panel, metric } = about;
  const [first] = windowsOf(plan, panel).decide;
  const firstCutoff = champion ? indexAt(panel, Date.parse(champion.trainEnd)) : first;
  const tables = [challenger.table, ...(champion ? [champion.table] : []), ...baselines];
  const [ours, ...others] = commonRows(tables, firstCutoff);
  const [theirs] = champion ? others.splice(0, 1) : [];
  const yard = yardstick(panel, { season: SEASON_STEPS[panel.step], until: first });

  const named = [
    { table: ours, role: 'challenger' as const, name: challenger.name, digest: challenger.digest },
    ...(champion && theirs
      ? [{ table: theirs, role: 'champion' as const, name: champion.name, digest: champion.digest }]
      : []),
    ...others.map((table) => ({ table, role: 'baseline' as const, name: table.model, digest: undefined })),
  ];
  const start = (cutoff: number) => timeAt(panel, cutoff);
  return {
    losses: named.map(({ table, role, name }) => lossTable(table, yard, { role, name, metric, start })),
    metrics: {
      model: about.model,
      made_at: about.madeAt,
      commit: about.commit,
      data_version: about.dataVersion,
      windows: plan.windows,
      cutoffs: new Set(ours.cutoff).size,
      models: [
        ...named.map(({ table, role, name, digest }) => ({
          ...scoreModel(table, yard, { role, name, detail: true }),
          ...(digest && { digest }),
        })),
        ...candidates.map((table) =>
          scoreModel(rowsLike(table, ours), yard, { role: 'candidate', name: table.model, detail: false }),
        ),
      ],
    },
  };
}
