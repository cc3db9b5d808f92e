/** What became of a stage in one `dvc repro`: `ran`; `cached`, its outputs came from the run cache; `unchanged`. */
export type StageOutcome = 'ran' | 'cached' | 'unchanged';

export interface ReproResult {
  /** In the order in which DVC came to them; files under `dvc add` are not stages and are left out. */
  stages: { stage: string; outcome: StageOutcome }[];
}

/** Reads what `dvc repro` says about each stage; it has no JSON for it. */
export function readRepro(output: string): ReproResult {
  const outcomes = new Map<string, StageOutcome>();
  for (const line of output.split('\n')) {
    const said = stageLine(line);
    // A stage is restored from the cache or run after it was found changed: the last word counts.
    if (said) outcomes.set(said.stage, said.outcome);
  }
  return { stages: [...outcomes].map(([stage, outcome]) => ({ stage, outcome })) };
}

/** @returns null for lines that are not about a stage */
export function stageLine(line: string): { stage: string; outcome: StageOutcome } | null {
  for (const [outcome, pattern] of PATTERNS) {
    const stage = pattern.exec(line)?.[1];
    if (stage) return { stage, outcome };
  }
  return null;
}

const PATTERNS: [StageOutcome, RegExp][] = [
  ['ran', /^Running stage '([^']+)':$/],
  ['cached', /^Stage '([^']+)' is cached - skipping run, checking out outputs$/],
  ['unchanged', /^Stage '([^']+)' didn't change, skipping$/],
];

/** How many objects one push or pull moved; zeros: there was nothing to do. */
export interface Transfer {
  pushed: number;
  fetched: number;
  /** Files of the work tree. */
  added: number;
  modified: number;
  deleted: number;
}

/** Reads DVC's last line, such as `7 files fetched, 2 files modified and 6 files added`. */
export function readTransfer(output: string): Transfer {
  const transfer: Transfer = { pushed: 0, fetched: 0, added: 0, modified: 0, deleted: 0 };
  for (const [, count, what] of output.matchAll(
    /(?<![\w'])(\d+) files? (pushed|fetched|added|modified|deleted)\b/g,
  )) {
    transfer[what as keyof Transfer] = Number(count);
  }
  return transfer;
}
