import type { GateReport } from '../../contracts/gate.ts';
import type { Counted, Measurements } from './measurements.ts';

type Repair = GateReport['repairs'][number];

/** What was mended without asking, so that nobody has to wonder where a row or a number went. */
export function listRepairs(
  measured: Pick<Measurements, 'counts' | 'autumn' | 'setAside' | 'outside'>,
  read: { repairs: readonly Repair[]; folded: number },
  masked: Counted[],
): Repair[] {
  return [
    ...read.repairs,
    ...when(
      measured.counts.collapsed - read.folded - measured.autumn,
      'rows that repeat another row exactly, folded into it',
    ),
    ...when(
      measured.autumn,
      'rows of the hour that the end of summer time repeats, averaged with their twins',
    ),
    ...measured.setAside.map(({ reason, count, examples }) => ({
      repair: `rows set aside: ${reason}`,
      count,
      examples,
    })),
    ...measured.outside.map(({ column, rule, outside, examples }) => ({
      repair: `${column}: ${MEANING[rule] ?? `outside ${rule}`}, treated as unknown`,
      count: outside,
      examples: examples.slice(0, 5),
    })),
    ...masked.map(({ reason, count, examples }) => ({
      repair: reason,
      count,
      examples: examples.slice(0, 5),
    })),
  ];
}

const MEANING: Record<string, string> = {
  'not negative': 'negative counts (corrections booked on one day)',
  'within ±2^53': 'numbers beyond 2^53',
};

function when(count: number, repair: string): Repair[] {
  return count > 0 ? [{ repair, count, examples: [] }] : [];
}
