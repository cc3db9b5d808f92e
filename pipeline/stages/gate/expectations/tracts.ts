import type { ExpectationResult } from '../../../contracts/gate.ts';
import type { Measurements } from '../measurements.ts';
import { result, share } from './expectation.ts';

/** So many tracts may vanish at once; beyond, the file is not the same file. */
export const MAX_VANISHED_SHARE = 0.1;

/** Tracts come and go seldom.
 *  @param previous ids known before; null: nothing is known */
export function expectKnownTracts(
  seen: ReadonlySet<string>,
  previous: readonly string[] | null,
): ExpectationResult[] {
  if (previous === null || previous.length === 0) return [];
  const known = new Set(previous);
  const vanished = previous.filter((id) => !seen.has(id));
  const appeared = [...seen].filter((id) => !known.has(id));
  return [
    result('vanished-tracts', {
      severity: share(vanished.length, known.size) > MAX_VANISHED_SHARE ? 'fail' : 'warn',
      passed: vanished.length === 0,
      observed: vanished.length,
      limit: 0,
      examples: vanished,
      hint: 'their past is kept and they are no longer forecast; has the portal renamed or merged them?',
    }),
    result('new-tracts', {
      severity: 'warn',
      passed: appeared.length === 0,
      observed: appeared.length,
      limit: 0,
      examples: appeared,
      hint: 'they borrow strength from the others until they have a history of their own',
    }),
  ];
}

/** Tracts with less history than a model wants. */
export function expectHistory(measured: Pick<Measurements, 'tracts'>): ExpectationResult {
  const { short, count } = measured.tracts;
  return result('short-history', {
    severity: 'warn',
    passed: short.length === 0,
    observed: short.length,
    limit: 0,
    examples: short.map(({ id, name, steps }) => `${name === id ? id : `${name} (${id})`}: ${steps}`),
    hint:
      short.length === count
        ? 'too short to train on alone; a backtest needs more'
        : 'they borrow strength from tracts with a longer past',
  });
}
