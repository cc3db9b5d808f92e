import type { Candidate } from './candidate.ts';
import { elsewhere } from './fit-elsewhere.ts';
import { LSTM_SETTINGS } from './lstm-settings.ts';
import { BASELINES, type BaselineName, baseline, loadBaseline, seasonOf } from './predict/baselines.ts';
import { treesCandidate } from './trees.ts';

/** Candidates that learn, and the baselines that stand beside them.
 *  The LSTM takes part where TensorFlow can be had, native or not; without it the others go on. */
export async function candidatesFor(settings: LstmChoice = {}): Promise<Candidate[]> {
  const lstm = await lstmCandidates(settings);
  return [...BASELINES.map(baselineCandidate), ...TREES_CANDIDATES.map(elsewhere), ...lstm];
}

/** What a team may choose of the LSTM; what is left out is chosen from the data. */
export interface LstmChoice {
  lookback?: number;
  units?: number;
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

async function lstmCandidates({ lookback, units }: LstmChoice): Promise<Candidate[]> {
  try {
    const { lstmCandidate } = await import('./lstm.ts');
    const size = units === undefined ? {} : { units, hidden: units };
    return [lstmCandidate({ ...LSTM_SETTINGS, ...size, lookback })];
  } catch {
    return [];
  }
}
