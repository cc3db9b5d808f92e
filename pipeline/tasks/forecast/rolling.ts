import { setImmediate } from 'node:timers/promises';
import type { TargetPanel } from '../../contracts/panel.ts';
import type { Candidate } from './candidate.ts';
import type { Fitted, Known } from './predict/fitted.ts';
import { knownAt } from './predict/known.ts';

/** Forecasts of one model at consecutive cutoffs. */
export interface Rolled {
  model: string;
  isBaseline: boolean;
  /** First cutoff. */
  from: number;
  cutoffs: number;
  tracts: number;
  maxLead: number;
  /** Shape [cutoffs × tracts × maxLead]; leads count from the last known step. NaN: the model failed there. */
  values: Float64Array;
  fitSeconds: number;
  /** Why a fit failed, if one did. */
  failure?: string;
}

export interface RollRequest {
  panel: TargetPanel;
  candidates: Candidate[];
  /** First and last cutoff. */
  cutoffs: [number, number];
  /** Cutoffs between two fits. */
  refitEvery: number;
  maxHorizon: number;
  seed: number;
  onProgress?: (share: number, note: string) => void;
  signal?: AbortSignal;
  /** Fits to go on from, by candidate; the newest ones are left here. */
  fits?: Map<string, Fitted>;
}

/** Rolling origin: at each cutoff every candidate sees `knownAt` of that cutoff and nothing else; fitted at the
 *  first cutoff and again after each `refitEvery`.
 *  A candidate that fails to fit forecasts NaN until the next fit: it cannot be chosen, the others go on. */
export async function roll(request: RollRequest): Promise<Rolled[]> {
  const { panel, candidates, cutoffs, refitEvery, maxHorizon } = request;
  const [first, last] = cutoffs;
  const maxLead = maxHorizon + Math.max(0, panel.delay);
  const fits = request.fits ?? new Map<string, Fitted>();
  const count = Math.max(0, last - first + 1);
  const rolled = candidates.map((candidate) => emptyRolled(candidate, panel, first, count, maxLead));
  for (let cutoff = first; cutoff <= last; cutoff++) {
    request.signal?.throwIfAborted();
    const known = knownAt(panel, cutoff);
    if ((cutoff - first) % refitEvery === 0) {
      request.onProgress?.((cutoff - first) / count, 'fitting');
      let fitted = 0;
      const fitting = candidates.map(async (candidate, index) => {
        await refit(candidate, known, { ...request, maxLead }, fits, rolled[index]);
        const done = (cutoff - first + (++fitted * refitEvery) / candidates.length) / count;
        request.onProgress?.(Math.min(1, done), candidate.name);
      });
      await Promise.all(fitting);
    }
    for (const one of rolled) place(one, fits.get(one.model), known, cutoff - first);
    // Fits and forecasts are one long computation: let signals and progress through.
    await setImmediate();
  }
  return rolled;
}

function emptyRolled(
  candidate: Candidate,
  panel: TargetPanel,
  from: number,
  cutoffs: number,
  maxLead: number,
): Rolled {
  const tracts = panel.tracts.length;
  const values = new Float64Array(cutoffs * tracts * maxLead).fill(Number.NaN);
  const { name: model, isBaseline } = candidate;
  return { model, isBaseline, from, cutoffs, tracts, maxLead, values, fitSeconds: 0 };
}

async function refit(
  candidate: Candidate,
  known: Known,
  options: { maxLead: number; seed: number; signal?: AbortSignal },
  fits: Map<string, Fitted>,
  into: Rolled,
): Promise<void> {
  const started = process.hrtime.bigint();
  const { maxLead, seed, signal } = options;
  const previous = fits.get(candidate.name);
  try {
    fits.set(candidate.name, await candidate.fit({ known, maxLead, seed, previous, signal }));
  } catch (error) {
    signal?.throwIfAborted();
    fits.delete(candidate.name);
    into.failure = error instanceof Error ? error.message : String(error);
  }
  into.fitSeconds += Number(process.hrtime.bigint() - started) / 1e9;
}

function place(into: Rolled, fitted: Fitted | undefined, known: Known, index: number): void {
  if (fitted === undefined || known.last < 0) return;
  const forecast = fitted.forecast(known);
  const size = into.tracts * into.maxLead;
  for (let tract = 0; tract < into.tracts; tract++) {
    for (let lead = 0; lead < into.maxLead; lead++) {
      into.values[index * size + tract * into.maxLead + lead] = forecast[tract * fitted.maxLead + lead];
    }
  }
}
