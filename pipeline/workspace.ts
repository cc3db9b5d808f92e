import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository that holds the code. */
export const REPOSITORY = resolve(fileURLToPath(new URL('..', import.meta.url)));

/** Where a run reads and writes; the layout is the same in `.perennial/` and in the repository itself. */
export interface Workspace {
  root: string;
  /** True: `.perennial/`, a git and DVC repository of its own; false: what the robot commits. */
  local: boolean;
}

export function workspaceAt(root: string): Workspace {
  return { root: resolve(root), local: resolve(root) !== REPOSITORY };
}

/** Every path of one model, in one place. */
export function paths(workspace: Workspace, model: string) {
  const at = (...parts: string[]) => join(workspace.root, ...parts);
  return {
    raw: at('data', model, 'raw'),
    quarantine: at('data', model, 'quarantine'),
    observations: at('data', model, 'observations.parquet'),
    tracts: at('data', model, 'tracts.json'),
    places: at('data', model, 'places.geojson'),
    features: at('artifacts', model, 'features'),
    profile: at('artifacts', model, 'profile'),
    train: at('artifacts', model, 'train'),
    evaluate: at('artifacts', model, 'evaluate'),
    plan: at('artifacts', model, 'plan.json'),
    pack: at('artifacts', model, 'pack'),
    /** Records of runs that are not at the tracking server yet. */
    spool: at('artifacts', model, 'spool'),
    modelCard: at('artifacts', model, 'model-card.md'),
    /** How long fits took: beside the outputs of DVC, whose hashes it would change. */
    timings: at('artifacts', model, 'timings.json'),
    reports: at('reports', model),
    source: at('reports', model, 'source.json'),
    gate: at('reports', model, 'gate.json'),
    metrics: at('reports', model, 'metrics.json'),
    promotion: at('reports', model, 'promotion.json'),
    production: at('reports', model, 'production.json'),
    history: at('reports', model, 'history'),
    report: at('reports', model, 'report.md'),
    registry: at('models', model),
  };
}
export type Paths = ReturnType<typeof paths>;
