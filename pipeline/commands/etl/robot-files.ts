import type { z } from 'zod';
import { historyName } from '../../clients/history-folder.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { type HistoryEntry, Production, Promotion } from '../../contracts/promotion.ts';
import { SourceState } from '../../contracts/snapshot.ts';

/** Text by path of what robots commit, as one commit (or one job) has it. */
export type RobotFiles = ReadonlyMap<string, string>;

/** Of `reports/<model>/`: what says which data there are … */
const DATA_FILES = ['source.json', 'gate.json', 'gate.md', 'pack.dvc'];
/** … and what a training left that promoted nothing. */
const TRAINING_FILES = ['promotion.json', 'metrics.json', 'report.md'];

export const DATA_STAGES = ['features', 'profile'] as const;
export const ALL_STAGES = [...DATA_STAGES, 'train'] as const;

export const inReports = (model: string, name: string) => `reports/${model}/${name}`;
export const dataPaths = (model: string) => DATA_FILES.map((name) => inReports(model, name));

/** Models that have a folder in `reports/`. */
export function modelsIn(files: RobotFiles): string[] {
  const names = [...files.keys()].flatMap((path) => /^reports\/([^/]+)\//.exec(path)?.[1] ?? []);
  return [...new Set(names)].sort();
}

/** What a training of one model left, whatever it decided; with its history. */
export function trainingPaths(files: RobotFiles, model: string): string[] {
  const history = inReports(model, 'history/');
  return [
    ...TRAINING_FILES.map((name) => inReports(model, name)),
    ...[...files.keys()].filter((path) => path.startsWith(history)),
  ];
}

export const productionOf = (files: RobotFiles, model: string) =>
  parsed(files, inReports(model, 'production.json'), Production);
export const promotionOf = (files: RobotFiles, model: string) =>
  parsed(files, inReports(model, 'promotion.json'), Promotion);
export const sourceOf = (files: RobotFiles, model: string) =>
  parsed(files, inReports(model, 'source.json'), SourceState);

export function sameFiles(one: RobotFiles, other: RobotFiles): boolean {
  return one.size === other.size && [...one].every(([path, text]) => other.get(path) === text);
}

/** Models that these files promote and those of master do not. */
export function promotedIn(
  files: RobotFiles,
  master: RobotFiles,
): { model: string; production: Production }[] {
  return modelsIn(files).flatMap((model) => {
    const production = productionOf(files, model);
    if (!production || production.digest === productionOf(master, model)?.digest) return [];
    return [{ model, production }];
  });
}

/** A promotion that was not (yet) merged was a look at the champion too, and is paid for. */
export function lookNotTaken(
  promotion: Promotion,
  production: Production,
): { path: string; entry: HistoryEntry } {
  const entry: HistoryEntry = {
    at: promotion.decided_at,
    kind: 'refusal',
    by: 'perennial',
    from: promotion.champion?.version ?? null,
    to: production.version,
    why: 'proposed, and not merged when the next one was trained',
  };
  return { path: inReports(promotion.model, `history/${historyName(entry)}`), entry };
}

function parsed<T extends z.ZodType>(files: RobotFiles, path: string, schema: T): z.output<T> | null {
  const text = files.get(path);
  if (text === undefined) return null;
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new CorruptError(`${path} is not what its schema expects`, {
      cause,
      hint: 'restore it from an earlier commit',
    });
  }
}
