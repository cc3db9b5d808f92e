import type { Candidate } from './candidate.ts';
import { elsewhere } from './fit-elsewhere.ts';
import { BASELINES, type BaselineName, baseline, loadBaseline, seasonOf } from './predict/baselines.ts';
import { treesCandidate } from './trees.ts';

/** Candidates that learn, and the baselines that stand beside them.
 *  The LSTM takes part where TensorFlow can be had, native or not; without it the others go on. */
export async function candidatesFor(): Promise<Candidate[]> {
  const lstm = await lstmCandidates();
  return [...BASELINES.map(baselineCandidate), ...TREES_CANDIDATES.map(elsewhere), ...lstm];
}

const TREES_CANDIDATES = [treesCandidate('trees'), treesCandidate('trees-level', { offset: 'level' })];

/** A candidate that `elsewhere` sends to a worker, as it is fitted there. */
export function learnedHere(name: string): Candidate {
  const found = TREES_CANDIDATES.find((candidate) => candidate.name === name);
  if (!found) throw new RangeError(`no worker fits ${name}`);
  return found;
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
