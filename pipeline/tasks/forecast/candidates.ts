import type { Candidate } from './candidate.ts';
import { BASELINES, type BaselineName, baseline, loadBaseline, seasonOf } from './predict/baselines.ts';
import { treesCandidate } from './trees.ts';

/** Candidates that learn, and the baselines that stand beside them.
 *  The LSTM takes part where TensorFlow can be had, native or not; without it the others go on. */
export async function candidatesFor(): Promise<Candidate[]> {
  const lstm = await lstmCandidates();
  return [
    ...BASELINES.map(baselineCandidate),
    treesCandidate('trees'),
    treesCandidate('trees-level', { offset: 'level' }),
    ...lstm,
  ];
}

export function baselineCandidate(name: BaselineName): Candidate {
  return {
    name,
    isBaseline: true,
    async fit({ known, maxLead }) {
      return baseline({ name, season: seasonOf(known), maxLead });
    },
    load: (files) => loadBaseline(name, files),
  };
}

async function lstmCandidates(): Promise<Candidate[]> {
  try {
    return [(await import('./lstm.ts')).lstm];
  } catch {
    return [];
  }
}
