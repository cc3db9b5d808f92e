import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { collectFile } from '../clients/collect-source.ts';
import type { Dvc } from '../clients/dvc.ts';
import { packQuarantine } from '../clients/quarantine-archive.ts';
import { packSnapshots } from '../clients/snapshot-archive.ts';
import type { StageContext } from '../context.ts';
import type { GateReport } from '../contracts/gate.ts';
import { type Snapshot, SourceState } from '../contracts/snapshot.ts';
import { readJson } from '../files.ts';
import { gate } from '../stages/gate/run.ts';
import { ingest } from '../stages/ingest/run.ts';
import type { Silence } from '../stages/ingest/silence.ts';
import { type PlacesSource, preparePlaces } from './places.ts';

export interface CollectOptions {
  places: PlacesSource | undefined;
  dvc: Dvc;
  /** Called between ingest and gate, with what the portal said; the answer `false` ends the collecting there. */
  arrived?(state: 'new' | 'unchanged'): Promise<boolean>;
}

export interface Collected {
  snapshot: Snapshot;
  silent: Silence | null;
  /** What the gate said now; null where it had spoken before, or was not asked. */
  gate: GateReport | null;
  /** One sentence where the gate refused the data; null: they passed. */
  refused: string | null;
}

/** The part of the loop that no champion is needed for: ingest → gate → places → pack → `dvc add`. */
export async function collect(context: StageContext, options: CollectOptions): Promise<Collected> {
  const { workspace, paths: at, model } = context;
  const arrived = await ingest(context);
  const collected: Collected = {
    snapshot: arrived.snapshot,
    silent: arrived.silent,
    gate: null,
    refused: null,
  };
  if (options.arrived && !(await options.arrived(arrived.state))) return collected;
  const state = await readJson(at.source, SourceState);
  if (state?.gated?.sha256 !== arrived.snapshot.sha256) {
    const verdict = await gate(context, arrived);
    collected.gate = verdict.report;
    if (!verdict.passed) return { ...collected, refused: 'the gate refused the new data' };
  } else if (!state.gated.passed) {
    return { ...collected, refused: 'the portal still shows what the gate refused' };
  }
  await preparePlaces(context, options.places, collectFile);
  await packSnapshots(at.raw, { signal: context.signal });
  await packQuarantine(at.quarantine, context.signal);
  // Alone, so that other models' entries stay although their files need not be here; the first one makes the whole.
  await options.dvc.add(existsSync(join(workspace.root, 'data.dvc')) ? join('data', model) : 'data');
  return collected;
}
