import type { BundleFiles } from '../../contracts/bundle.ts';
import type { Curve } from '../../contracts/train.ts';
import type { Fitted, Known } from './predict/fitted.ts';

export interface FitRequest {
  /** As of the last cutoff that may be learnt from. */
  known: Known;
  /** Longest lead: horizon + reporting delay. */
  maxLead: number;
  seed: number;
  /** The fit of an earlier cutoff, to go on from. */
  previous?: Fitted;
  onProgress?: (share: number) => void;
  /** Told how a fit went that succeeded. */
  onCurve?: (curve: Curve) => void;
  signal?: AbortSignal;
}

/** One kind of forecaster; `tasks/forecast/index.ts` lists them. */
export interface Candidate {
  name: string;
  isBaseline: boolean;
  fit(request: FitRequest): Promise<Fitted>;
  /** @throws CorruptError if the files are not its own */
  load(files: BundleFiles): Fitted;
}
