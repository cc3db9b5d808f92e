import type { BundleManifest } from '../../contracts/bundle.ts';
import type { MetricsFile } from '../../contracts/metrics.ts';
import type { HistoryEntry, Production, Promotion } from '../../contracts/promotion.ts';
import type { RegisteredVersion } from '../../contracts/registry.ts';

/** What the registry is told of a challenger and of the run that made it (null: none was logged); commit and data version are those it was compared with, also where a later
 *  run completes what an earlier one began. */
export function aboutVersion(
  manifest: BundleManifest,
  { metrics, promotion, run }: { metrics: MetricsFile; promotion: Promotion; run: string | null },
): Omit<RegisteredVersion, 'version' | 'digest' | 'registered_at' | 'model'> {
  const challenger = metrics.models.find(({ role }) => role === 'challenger');
  return {
    metrics: { ...challenger?.overall },
    hyperparameters: manifest.hyperparameters,
    commit: metrics.commit,
    data_version: metrics.data_version,
    run,
    parent: promotion.champion?.version ?? null,
    train_end: manifest.train_end,
    candidate: manifest.candidate,
    is_baseline: manifest.is_baseline,
  };
}

/** `production.json`: the desired state, told from what the registry knows of a version. */
export function productionOf(version: RegisteredVersion, promotedAt: string): Production {
  const { model, digest, run, metrics, data_version, commit, train_end, candidate, is_baseline } = version;
  return {
    model,
    version: version.version,
    digest,
    run,
    metrics,
    data_version,
    commit,
    train_end,
    promoted_at: promotedAt,
    candidate,
    is_baseline,
  };
}

/** A refusal says which champion was kept (`from`) and which version was refused (`to`). */
export function entryOf(promotion: Promotion, version: string, by: string): HistoryEntry {
  return {
    at: promotion.decided_at,
    kind: promotion.promote ? 'promotion' : 'refusal',
    by,
    from: promotion.champion?.version ?? null,
    to: version,
    why: promotion.reason,
  };
}

/** The champion before the current one: what its promotion replaced. Rollbacks do not count as coming from anywhere,
 *  else two of them in a row would go forth and back. */
export function predecessorOf(
  current: Pick<RegisteredVersion, 'version' | 'parent'>,
  history: HistoryEntry[],
): string | null {
  const promotion = history.findLast(({ kind, to }) => kind === 'promotion' && to === current.version);
  return promotion ? promotion.from : current.parent;
}
