import type { HistoryEntry } from '../../contracts/promotion.ts';
import type { Decision } from './decide.ts';

export type Bar = HistoryEntry & { barred: NonNullable<HistoryEntry['barred']> };

/** The rollback that bars a bundle: it took away this very one, or one of the same recipe. Another recipe is another
 *  model; and a person may lift the bar.
 *  @param history in the order of time
 *  @param recipe name of what made the bundle; null where that cannot be told
 *  @returns the newest such rollback; null where the bundle may be promoted */
export function barredBy(
  history: HistoryEntry[],
  { digest, recipe }: { digest: string; recipe: string | null },
): Bar | null {
  const bars = history.flatMap((entry, at): Bar[] => {
    const { barred } = entry;
    if (!barred || (barred.digest !== digest && (recipe === null || barred.recipe !== recipe))) return [];
    const lifted = history.slice(at + 1).some((later) => later.lifted === barred.digest);
    return lifted ? [] : [{ ...entry, barred }];
  });
  return bars.at(-1) ?? null;
}

/** It is neither merged nor promoted, however good it looks: what was wrong with it was seen in service. */
export function refusedAsBarred(decision: Decision, bar: Bar): Decision {
  const { from, at, by, why, barred } = bar;
  const same = barred.digest === decision.challenger.digest ? 'It is' : 'It is made as';
  return {
    ...decision,
    outcome: 'refused',
    merge: false,
    promote: false,
    reason: `${same} ${from ?? 'what'}, which ${by} took back on ${at.slice(0, 10)}: ${why}. Change its recipe, or lift the bar (docs/release.md).`,
    rules: [
      ...decision.rules,
      {
        rule: 'not-barred',
        passed: false,
        observed: barred.digest.slice(0, 12),
        limit: null,
        detail: `taken back on ${at.slice(0, 10)}`,
      },
    ],
  };
}
