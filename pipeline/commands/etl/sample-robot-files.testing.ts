import type { Production, Promotion } from '../../contracts/promotion.ts';
import type { SourceState } from '../../contracts/snapshot.ts';

export const digest = (letter: string) => letter.repeat(64);

/** What robots write of a model, by file name; letters stand for bundles. */
export function source(checked: string): SourceState {
  const snapshot = { collected_at: checked, sha256: digest('0') };
  return { urls: {}, snapshot, last_new_at: checked, checked_at: checked };
}

export function promotion(
  model: string,
  { at, of, champion, promote }: { at: string; of: string; champion: string | null; promote: boolean },
): Promotion {
  return {
    model,
    decided_at: at,
    outcome: promote ? 'better' : 'not-better',
    merge: true,
    promote,
    reason: 'because',
    rules: [],
    metric: 'wape',
    challenger: { name: 'trees', digest: digest(of), score: 0.1 },
    champion: champion ? { name: 'trees', version: 'v0001', digest: digest(champion), score: 0.2 } : null,
    baseline: { name: 'naive', score: 0.3 },
    improvement: { estimate: null, low: null, high: null, smallest_visible: null },
    cutoffs: 30,
    look: { number: 1, alpha: 0.03 },
    policy: {},
  };
}

export function production(
  model: string,
  { of, version, at }: { of: string; version: string; at: string },
): Production {
  return {
    model,
    version,
    digest: digest(of),
    run: null,
    metrics: {},
    data_version: 'x',
    commit: 'c',
    train_end: at,
    promoted_at: at,
    candidate: 'trees',
    is_baseline: false,
  };
}

/** Files as git has them. */
export function robotFiles(entries: Record<string, unknown>): Map<string, string> {
  return new Map(
    Object.entries(entries).map(([path, value]) => [
      path,
      typeof value === 'string' ? value : `${JSON.stringify(value, null, 2)}\n`,
    ]),
  );
}

/** `dvc.lock` of one model, with a word in each entry that tells it from others. */
export const lockOf = (model: string, { features, train }: { features: string; train: string }) =>
  `schema: '2.0'\nstages:\n  features@${model}:\n    cmd: ${features}\n  train@${model}:\n    cmd: ${train}\n`;
