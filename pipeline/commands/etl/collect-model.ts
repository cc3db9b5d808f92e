import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Dvc } from '../../clients/dvc.ts';
import { folderName } from '../../clients/snapshot-folder.ts';
import { dataVersion } from '../../clients/versions.ts';
import type { StageContext } from '../../context.ts';
import { GateReport } from '../../contracts/gate.ts';
import type { ModelParams } from '../../contracts/params.ts';
import type { RegisteredVersion, Registry } from '../../contracts/registry.ts';
import { type Snapshot, SourceState } from '../../contracts/snapshot.ts';
import { readJson } from '../../files.ts';
import type { Workspace } from '../../workspace.ts';
import { collect } from '../collect.ts';
import { type Environment, stageContext } from '../environment.ts';
import { dvcOutside, type Outside } from '../outside.ts';
import { nextPortalDay } from '../portal-day.ts';
import { completeData, sendData } from '../remote-data.ts';
import { setAsideOtherSource } from '../set-aside.ts';
import { openSource } from '../source.ts';
import { reproduce } from '../train-and-judge.ts';
import { writePlan } from '../write-plan.ts';
import { keepState } from './keep-state.ts';
import { REFUSED_FOLDER } from './left.ts';
import type { modelDue } from './model-due.ts';
import { isPublished, publishPack } from './publish-pack.ts';
import { turnHasCome } from './turn.ts';

/** What a day's look at one model's portal came to. */
export interface ModelCollected {
  model: string;
  state: 'skipped' | 'nothing-new' | 'refused' | 'collected' | 'failed';
  /** One sentence. */
  reason: string;
  /** What the gate says of what the portal shows; null where nobody looked. */
  gate: { report: GateReport; text: string } | null;
  /** To be trained now, and why (or why not). */
  train: boolean;
  trainReason: string;
  error: unknown;
}

export interface CollectModelOptions {
  workspace: Workspace;
  outside: Outside;
  model: string;
  params: ModelParams;
  /** Asked for by name: whether its turn has come does not matter. */
  named: boolean;
  due(now: Date): Promise<ReturnType<typeof modelDue>>;
}

/** Ingest → gate → features and profile → the observation pack, of one model. Nothing new leaves everything as it was;
 *  so does what the gate refused, and what failed: then other models go on, and the next run looks again. */
export async function collectModel(
  environment: Environment,
  options: CollectModelOptions,
): Promise<ModelCollected> {
  const { workspace, model, params } = options;
  const none = { model, gate: null, train: false, trainReason: '', error: null };
  const undo = await keepState(workspace.root, model);
  try {
    const day = await nextPortalDay(workspace, { now: environment.now(), byCalendar: true, advance: 0 });
    const source = await openSource(params, day);
    try {
      const now = source.now ?? environment.now;
      const context = stageContext({ ...environment, now }, workspace, model, source.params);
      const simulated = params.source.simulator !== undefined;
      await setAsideOtherSource(context, { simulated, fresh: false, keptOutside: true });
      const looked = await look(environment, context, { ...options, places: source.places });
      if (looked.state !== 'collected') await undo();
      if (looked.state === 'refused') return { ...none, ...looked };
      const due = await options.due(now());
      const cannot = due.due ? (looked.cannot ?? null) : null;
      const { cannot: _, ...said } = looked;
      return { ...none, ...said, train: due.due && !cannot, trainReason: cannot ?? due.reason };
    } finally {
      await source.close();
    }
  } catch (error) {
    environment.signal.throwIfAborted();
    await undo();
    const reason = error instanceof Error ? error.message : String(error);
    return { ...none, state: 'failed', reason, error };
  }
}

type Looked = Pick<ModelCollected, 'state' | 'reason' | 'gate'> & { cannot?: string | null };

async function look(
  environment: Environment,
  context: StageContext,
  options: CollectModelOptions & { places: Parameters<typeof collect>[1]['places'] },
): Promise<Looked> {
  const { workspace, paths: at, params, now } = context;
  const before = await readJson(at.source, SourceState);
  const { check } = params.schedule;
  const { timezone } = params.source;
  const checkedAt = before && new Date(before.checked_at);
  if (!options.named && !turnHasCome({ check, timezone, checkedAt, now: now() })) {
    const reason = `looked at ${before?.checked_at} already; its turn comes ${check} (${timezone})`;
    return { state: 'skipped', reason, gate: null };
  }
  const dvc = dvcOutside(environment, options.outside, { workspace, now });
  const registry = await options.outside.registry(context);
  try {
    const champion = await registry.alias('champion');
    const wasHere = existsSync(dirname(at.raw));
    let goesOn = false;
    const { snapshot, refused, gate } = await collect(context, {
      places: options.places,
      dvc,
      async arrived(state) {
        const judged = before?.gated?.sha256 === before?.snapshot.sha256 && before?.gated?.passed;
        goesOn = state === 'new' || !judged || !(await isPublished(at.reports, champion, before));
        if (goesOn && !wasHere) await bringData(environment, context, { ...options, dvc });
        return goesOn;
      },
    });
    if (!goesOn)
      return { state: 'nothing-new', reason: 'the portal has nothing new', gate: await gateSaid(at) };
    if (refused) {
      await keepRefused(context);
      return { state: 'refused', reason: refused, gate: await gateSaid(at) };
    }
    const cannot = (await options.due(now())).due ? await writePlan(context, champion) : null;
    await forecast(environment, context, { ...options, dvc, registry, champion, snapshot });
    const rows = gate ? `${gate.rows} rows until ${gate.last_time ?? 'an unknown day'}` : 'the same data';
    const by = champion ? `forecast by ${champion.version}` : 'no champion yet';
    return { state: 'collected', reason: `${rows}; ${by}`, gate: await gateSaid(at), cannot };
  } finally {
    await registry.close();
  }
}

/** Features and profile, the observation pack, and all of it to the remote: what git is to name others must have. */
async function forecast(
  environment: Environment,
  context: StageContext,
  options: CollectModelOptions & {
    dvc: Dvc;
    registry: Registry;
    champion: RegisteredVersion | null;
    snapshot: Snapshot;
  },
): Promise<void> {
  const { workspace, model } = context;
  const { dvc, registry, champion, snapshot, outside } = options;
  await reproduce(dvc, context, ['features', 'profile']);
  await sendData(environment, dvc, { workspace, model, remote: outside.homes.remote, changed: true });
  if (!champion) return;
  const version = { dataVersion: await dataVersion(workspace) };
  await publishPack(context, { dvc, registry, champion, snapshot, ...version });
}

/** Data of earlier days, below the snapshot that has just come. */
async function bringData(
  environment: Environment,
  context: StageContext,
  { dvc, outside }: { dvc: Dvc; outside: Outside },
): Promise<void> {
  const { workspace, model, paths: at } = context;
  const data = dirname(at.raw);
  const aside = join(workspace.root, 'artifacts', '_etl', `arrived-${model}`);
  await rm(aside, { recursive: true, force: true });
  await mkdir(dirname(aside), { recursive: true });
  await rename(at.raw, aside);
  await rm(data, { recursive: true, force: true });
  await completeData(environment, dvc, { workspace, models: [model], remote: outside.homes.remote });
  await mkdir(at.raw, { recursive: true });
  for (const name of await readdir(aside)) {
    // A conditional look leaves its folder for what might come.
    if (!existsSync(join(at.raw, name))) await rename(join(aside, name), join(at.raw, name));
  }
  await rm(aside, { recursive: true, force: true });
}

/** A refused snapshot is not part of the data; the workflow keeps it as an artifact for whoever looks into it. */
async function keepRefused({ workspace, model, paths: at }: StageContext): Promise<void> {
  const state = await readJson(at.source, SourceState);
  if (!state) return;
  const from = join(at.raw, folderName(state.snapshot.collected_at));
  if (existsSync(from)) await cp(from, join(workspace.root, REFUSED_FOLDER, model), { recursive: true });
}

async function gateSaid(at: StageContext['paths']): Promise<ModelCollected['gate']> {
  const report = await readJson(at.gate, GateReport);
  const text = await readFile(join(at.reports, 'gate.md'), 'utf8').catch(() => '');
  return report && { report, text };
}
