import type { GateReport } from '../contracts/gate.ts';
import type { MetricsFile } from '../contracts/metrics.ts';
import type { Promotion } from '../contracts/promotion.ts';
import type { RegisteredVersion } from '../contracts/registry.ts';
import type { LatestForecast } from '../tasks/task.ts';
import type { Workspace } from '../workspace.ts';

/** What one model's run came to; `--json` prints it. */
export interface RunResult {
  model: string;
  state: 'nothing-new' | 'gate-failed' | 'too-short' | 'forecast' | 'trained';
  /** One sentence. */
  reason: string;
  gate: GateReport | null;
  promotion: Promotion | null;
  metrics: MetricsFile | null;
  champion: { version: string; candidate: string; train_end: string } | null;
  forecasts: LatestForecast[];
  silent: { since: string; expected_every: string } | null;
  workspace: string;
}

export function emptyResult(model: string, workspace: Workspace): RunResult {
  return {
    model,
    state: 'nothing-new',
    reason: '',
    gate: null,
    promotion: null,
    metrics: null,
    champion: null,
    forecasts: [],
    silent: null,
    workspace: workspace.root,
  };
}

export function brief(version: RegisteredVersion | null): RunResult['champion'] {
  return version && { version: version.version, candidate: version.candidate, train_end: version.train_end };
}
