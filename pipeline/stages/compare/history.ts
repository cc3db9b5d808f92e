import type { HistoryEntry } from '../../contracts/promotion.ts';

/** Which look at a champion the next one is: one more than the challengers refused against it so far. Looks before a
 *  rollback to it count as well: the data did not forget them. */
export function lookAt(champion: string, history: HistoryEntry[]): number {
  return 1 + history.filter(({ kind, from }) => kind === 'refusal' && from === champion).length;
}
