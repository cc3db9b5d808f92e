import type { LossTable } from '../../contracts/losses.ts';
import { metricValue, type RunRecord } from '../../contracts/run-record.ts';
import { METRICS } from '../../metrics/wording.ts';
import { type RunFacts, type Scored, sidesOf } from './facts.ts';

type Points = RunRecord['metrics'];

/** Every number of a run. What stands before the last slash of a key is a group of charts on MLflow's pages:
 *  - `wape/challenger`, `wape/champion`, `wape/baseline`: the comparison; `wape/trees`: a mere candidate
 *  - `wape_by_horizon/challenger`: step = steps ahead
 *  - `wape_by_cutoff/challenger`: step = index of the cutoff, at the cutoff's own time
 *  - `lstm-1/training-loss`: step = steps of the optimiser
 *  - `selection/lstm`: the score that candidates were chosen by; `fit_seconds/lstm` */
export function metricsOf(facts: RunFacts): Points {
  const { promotion, metrics, leaderboard, endedAt } = facts;
  const sides = sidesOf(facts);
  const named = Object.entries(sides).flatMap(([role, side]) => (side ? [{ role, side }] : []));
  const others = metrics.models.filter((model) => !Object.values(sides).includes(model));
  const { metric } = promotion;
  return [
    ...named.flatMap(({ role, side }) => finals(role, side, endedAt)),
    ...others.map(({ name, overall }) => point(`${metric}/${name}`, at(overall, metric), { at: endedAt })),
    ...named.flatMap(({ role, side }) => byHorizon(role, side, metric, endedAt)),
    ...byCutoff(facts),
    ...learning(facts),
    ...leaderboard.candidates.map(({ name, score }) => point(`selection/${name}`, score, { at: endedAt })),
    ...Object.entries(facts.timings?.fit_seconds ?? {}).map(([name, seconds]) =>
      point(`fit_seconds/${name}`, seconds, { at: endedAt }),
    ),
    ...improvement(facts),
  ];
}

function finals(role: string, { overall }: Scored, endedAt: string): Points {
  return METRICS.map(({ metric }) => point(`${metric}/${role}`, overall[metric], { at: endedAt }));
}

function byHorizon(role: string, { by_horizon }: Scored, metric: string, endedAt: string): Points {
  return Object.entries(by_horizon).map(([horizon, errors]) =>
    point(`${metric}_by_horizon/${role}`, at(errors, metric), { step: Number(horizon), at: endedAt }),
  );
}

function byCutoff({ losses, promotion }: RunFacts): Points {
  const tables = (losses ?? []).filter(
    ({ role, model }) => role !== 'baseline' || model === promotion.baseline.name,
  );
  return tables.flatMap((table) =>
    wapeByCutoff(table).map(({ cutoff, wape }, step) =>
      point(`wape_by_cutoff/${table.role}`, wape, { step, at: new Date(cutoff).toISOString() }),
    ),
  );
}

/** Sum of absolute errors over sum of truths, one a cutoff in order of time; null where the truths are all zero. */
export function wapeByCutoff({ cutoff, truth, forecast }: LossTable) {
  const sums = new Map<number, { error: number; truth: number }>();
  for (let row = 0; row < cutoff.length; row++) {
    const sum = sums.get(cutoff[row]) ?? { error: 0, truth: 0 };
    sum.error += Math.abs(truth[row] - forecast[row]);
    sum.truth += Math.abs(truth[row]);
    sums.set(cutoff[row], sum);
  }
  return [...sums]
    .sort(([a], [b]) => a - b)
    .map(([cutoff, { error, truth }]) => ({ cutoff, wape: truth === 0 ? null : error / truth }));
}

function learning({ curves, startedAt }: RunFacts): Points {
  return (curves?.curves ?? []).flatMap(({ name, every, points }) =>
    points.map((value, index) => point(name, value, { step: (index + 1) * every, at: startedAt })),
  );
}

function improvement({ promotion, endedAt }: RunFacts): Points {
  const against = promotion.champion ? 'champion' : 'baseline';
  return Object.entries(promotion.improvement).flatMap(([name, value]) =>
    value === null ? [] : [point(`improvement_over_${against}/${name}`, value, { at: endedAt })],
  );
}

/** @param metric one that a policy may name */
function at(errors: Scored['overall'], metric: string): number | null {
  return errors[metric as keyof typeof errors] ?? null;
}

/** What cannot be told is NaN there, and shown as that. */
function point(
  key: string,
  value: number | null,
  { step = 0, at }: { step?: number; at: string },
): Points[number] {
  return { key, value: metricValue(value ?? Number.NaN), step, at };
}
