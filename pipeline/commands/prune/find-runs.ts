import type { Run } from '../../clients/mlflow/answers.ts';
import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import { quoted } from '../../clients/mlflow/search.ts';
import { nameOf } from '../../registry/mlflow/facts.ts';
import type { ChosenVersions } from './find-versions.ts';
import type { Part } from './part.ts';
import type { Needs } from './read-needs.ts';

export interface FindRuns {
  model: string;
  /** Of the registered model: with its prefix. */
  registered: string;
  experiment: string;
  chosen: ChosenVersions;
  needs: Needs[];
  keep: number;
}

/** Runs of one model at the tracking server: those of kept versions stay, and of those without a version the newest.
 *  Runs of other models and of people in the same experiment are none of our business. */
export async function findRuns(mlflow: Mlflow, options: FindRuns): Promise<Part> {
  const experiment = await mlflow.experimentByName(options.experiment);
  if (experiment?.lifecycle_stage !== 'active') return { items: [], notes: [], remove: async () => {} };
  const versions = await runsOfVersions(mlflow, options);
  const found = await mlflow.searchRuns({ experimentIds: [experiment.experiment_id] });
  const runs = found
    .filter((run) => run.data.tags[MODEL_TAG] === options.model || versions.going.has(run.info.run_id))
    .sort((a, b) => (b.info.start_time ?? 0) - (a.info.start_time ?? 0));
  const items: Part['items'] = [];
  let free = 0;
  for (const run of runs) {
    const id = run.info.run_id;
    const why = versions.kept.get(id) ?? (await staysElsewhere(mlflow, run, options.registered));
    const version = versions.going.get(id);
    const newest = why === null && version === undefined && ++free <= options.keep;
    const stays = why ?? (newest ? `one of the newest ${options.keep} without a version` : null);
    const goes = version ? `of ${version}, which goes` : 'without a version, and newer ones stay';
    items.push({
      kind: 'run',
      model: options.model,
      name: id,
      count: 1,
      bytes: null,
      goes: stays === null,
      why: stays ?? goes,
    });
  }
  return {
    items,
    notes: items.some(({ goes }) => goes)
      ? ['MLflow hides a run that is deleted; its place is freed by `mlflow gc` on the server']
      : [],
    async remove() {
      for (const { name, goes } of items) if (goes) await mlflow.deleteRun(name);
    },
  };
}

const MODEL_TAG = 'perennial.model';

/** By run: why it stays, or the version that it goes with. */
async function runsOfVersions(
  mlflow: Mlflow,
  { registered, chosen, needs, model }: FindRuns,
): Promise<{ kept: Map<string, string>; going: Map<string, string> }> {
  const kept = new Map<string, string>();
  const going = new Map<string, string>();
  const leaving = new Set(
    chosen.filter(({ stays }) => stays.length === 0).map(({ version }) => version.version),
  );
  for (const row of await mlflow.searchModelVersions(`name = ${quoted(registered)}`)) {
    const version = nameOf(row.version);
    if (leaving.has(version)) going.set(row.run_id, version);
    // Also of versions that people made by hand.
    else kept.set(row.run_id, `of ${version}`);
  }
  for (const { version, stays } of chosen) {
    if (version.run === null) continue;
    if (stays.length > 0) kept.set(version.run, `of ${version.version}`);
    else going.set(version.run, version.version);
  }
  for (const { ref, production } of needs) {
    const run = production.get(model)?.run;
    if (run) kept.set(run, `production.json of ${ref.name}`);
  }
  return { kept, going };
}

/** A run that works, or that a registered model of somebody else stands on. */
async function staysElsewhere(mlflow: Mlflow, { info }: Run, registered: string): Promise<string | null> {
  if (info.status === 'RUNNING' || info.status === 'SCHEDULED') return 'it runs';
  const versions = await mlflow.searchModelVersions(`run_id = ${quoted(info.run_id)}`);
  const other = versions.find(({ name }) => name !== registered);
  return other ? `of ${nameOf(other.version)} of ${other.name}` : null;
}
