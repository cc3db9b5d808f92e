import { joinLock } from './join-lock.ts';
import {
  ALL_STAGES,
  DATA_STAGES,
  dataPaths,
  inReports,
  lookNotTaken,
  modelsIn,
  productionOf,
  promotedIn,
  promotionOf,
  type RobotFiles,
  sourceOf,
  trainingPaths,
} from './robot-files.ts';

/**
 * What a run starts from: master, and what the data branch has collected and refused since. So days that nobody has
 * merged yet are not lost, a refused challenger is not trained again the next day, and who is champion is still
 * master's word alone.
 * @param data files of `perennial/data`; null: there is no such branch
 * @param pending files of branches whose promotion is neither merged nor closed: each was a look at the champion
 */
export function startState(
  master: RobotFiles,
  data: RobotFiles | null,
  pending: RobotFiles[] = [],
): RobotFiles {
  const state = data === null ? new Map(master) : withCollected(master, data);
  for (const files of pending) {
    for (const { model, production } of promotedIn(files, master)) {
      const promotion = promotionOf(files, model);
      if (!promotion || promotion.champion?.digest !== productionOf(master, model)?.digest) continue;
      const { path, entry } = lookNotTaken(promotion, production);
      state.set(path, `${JSON.stringify(entry, null, 2)}\n`);
    }
  }
  return state;
}

function withCollected(master: RobotFiles, data: RobotFiles): Map<string, string> {
  const state = new Map(master);
  const models = modelsIn(data);
  // One `data.dvc` serves all models: the newest look at any portal has all that came before it.
  const ahead = lastLook(data) > lastLook(master);
  if (ahead) {
    take(state, data, ['data.dvc', ...models.flatMap(dataPaths)]);
    setLock(state, joinLock(state.get('dvc.lock') ?? null, partsOf(data, models, DATA_STAGES)));
  }
  for (const model of models) {
    take(state, data, looksIn(data, model));
    if (!isNewerRefusal(data, master, model)) continue;
    take(state, data, trainingPaths(data, model));
    setLock(state, joinLock(state.get('dvc.lock') ?? null, partsOf(data, [model], ALL_STAGES)));
  }
  return state;
}

/** Puts what was collected of some models into other files. */
export function takeData(into: Map<string, string>, from: RobotFiles, models: string[]): void {
  take(into, from, ['data.dvc', ...models.flatMap(dataPaths)]);
  setLock(into, joinLock(into.get('dvc.lock') ?? null, partsOf(from, models, DATA_STAGES)));
}

/** Puts what a training left into other files; `production.json` with it where it was promoted. */
export function takeTraining(
  into: Map<string, string>,
  from: RobotFiles,
  { model, promoted }: { model: string; promoted: boolean },
): void {
  const paths = trainingPaths(from, model);
  take(into, from, promoted ? [...paths, inReports(model, 'production.json')] : paths);
  setLock(into, joinLock(into.get('dvc.lock') ?? null, partsOf(from, [model], ALL_STAGES)));
}

/** Looks at a champion are paid for whoever asked for them: they are never forgotten. */
function looksIn(files: RobotFiles, model: string): string[] {
  const history = inReports(model, 'history/');
  return [...files.keys()].filter((path) => path.startsWith(history) && path.includes('-refusal-'));
}

function isNewerRefusal(data: RobotFiles, master: RobotFiles, model: string): boolean {
  const decided = promotionOf(data, model);
  const before = promotionOf(master, model);
  if (!decided || decided.promote || (before && decided.decided_at <= before.decided_at)) return false;
  return decided.champion?.digest === productionOf(master, model)?.digest;
}

function lastLook(files: RobotFiles): string {
  const looks = modelsIn(files).flatMap((model) => sourceOf(files, model)?.checked_at ?? []);
  return looks.sort().at(-1) ?? '';
}

function take(into: Map<string, string>, from: RobotFiles, paths: string[]): void {
  for (const path of paths) {
    const text = from.get(path);
    if (text !== undefined) into.set(path, text);
  }
}

function partsOf(files: RobotFiles, models: string[], stages: readonly string[]) {
  return models.map((model) => ({ from: files.get('dvc.lock') ?? null, model, stages }));
}

function setLock(files: Map<string, string>, text: string | null): void {
  if (text !== null) files.set('dvc.lock', text);
}
