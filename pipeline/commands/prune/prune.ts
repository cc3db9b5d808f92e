import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Remote } from '../../clients/git-remote.ts';
import { imageHome, imageRegistryAt } from '../../clients/image-registry.ts';
import { mlflowAt } from '../../clients/mlflow/mlflow-at.ts';
import { ConflictError, UsageError } from '../../contracts/errors.ts';
import type { Homes } from '../../contracts/homes.ts';
import { readExperiment, readHomes, readModelPrefix } from '../../homes.ts';
import { readParams } from '../../params.ts';
import { openRegistry } from '../../registry/open.ts';
import { withhold } from '../../secrets.ts';
import { paths, REPOSITORY, type Workspace, workspaceAt } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { openGithub } from '../open-github.ts';
import { findImages, type ModelVersions } from './find-images.ts';
import { findObjects } from './find-objects.ts';
import { findRuns } from './find-runs.ts';
import { findVersions } from './find-versions.ts';
import type { Part } from './part.ts';
import { pruneSummary, pruneTable } from './prune-table.ts';
import { type Needs, readNeeds } from './read-needs.ts';
import { readRefs } from './read-refs.ts';

export interface PruneOptions {
  apply?: boolean;
  keep: number;
  json?: boolean;
  /** Default: this one. */
  repository?: string;
  env?: NodeJS.ProcessEnv;
}

/** `perennial prune`: shows what no branch, tag, alias or newer version needs any more in the registry, MLflow, the DVC
 *  remote and the image registry, and with `apply` removes it. Where it cannot see what is needed it removes nothing. */
export async function pruneCommand(environment: Environment, options: PruneOptions): Promise<void> {
  const { apply = false, keep, json = false } = options;
  if (!Number.isInteger(keep) || keep < 1) {
    throw new UsageError(`--keep ${keep} is not a number of versions`, {
      hint: 'write a whole number from 1 on',
    });
  }
  const { parts, unchanged, close } = await look(environment, options);
  try {
    const items = parts.flatMap((part) => part.items);
    const notes = [...new Set(parts.flatMap((part) => part.notes))];
    const goes = items.some((item) => item.goes);
    if (apply && goes) await unchanged();
    // Data last: until a version has gone its data are needed.
    if (apply) for (const part of parts) await part.remove();
    const summary = pruneSummary(items, apply);
    const { console } = environment;
    if (json) console.print(JSON.stringify({ applied: apply, keep, items, notes, summary }, null, 2));
    else console.print([pruneTable(items), ...notes.map((note) => `· ${note}`), summary].join('\n\n'));
  } finally {
    await close();
  }
}

interface Looked {
  parts: Part[];
  /** @throws ConflictError where a branch or a tag is not any more where it was */
  unchanged(): Promise<void>;
  close(): Promise<void>;
}

async function look(environment: Environment, options: PruneOptions): Promise<Looked> {
  const { repository = REPOSITORY, env = process.env, keep } = options;
  const { now, signal, log } = environment;
  const params = await readParams(repository);
  const homes = await readHomes(env, { repository });
  const workspace = workspaceOf(params.promotion.mode, repository);
  const remote = await hostOf(environment, workspace);
  const refs = () => readRefs(workspace.root, remote, now());
  const seen = await refs();
  const needs = await readNeeds(workspace.root, seen);
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const each of closers) await each();
  };
  try {
    const parts: Part[] = [];
    const images: ModelVersions[] = [];
    const dataOf: { hash: string; name: string }[] = [];
    for (const model of Object.keys(params.models)) {
      const prefix = await readModelPrefix(env, { repository });
      const experiment = await readExperiment(model, env, { repository });
      const directory = paths(workspace, model).registry;
      const registry = openRegistry({ homes, model, directory, experiment, prefix, now, signal, log });
      closers.push(() => registry.close());
      const { chosen, part } = await findVersions(registry, { model, needs, keep });
      parts.push(part);
      const kept = chosen.filter(({ stays }) => stays.length > 0);
      dataOf.push(
        ...kept.map(({ version }) => ({ hash: version.data_version, name: `${model} ${version.version}` })),
      );
      images.push({
        model,
        going: chosen.filter(({ stays }) => stays.length === 0).map(({ version }) => version.version),
      });
      if (!homes.mlflow) continue;
      const mlflow = mlflowAt(homes.mlflow, { signal });
      closers.push(() => mlflow.close());
      parts.push(
        await findRuns(mlflow, { model, registered: `${prefix}${model}`, experiment, chosen, needs, keep }),
      );
    }
    parts.push(await imagesPart(env, images));
    parts.push(await objectsPart(homes, { needs, dataOf, now: now(), signal }));
    const unchanged = async () => {
      const told = (list: typeof seen) =>
        list
          .map(({ name, commit }) => `${name} ${commit}`)
          .sort()
          .join('\n');
      if (told(await refs()) === told(seen)) return;
      throw new ConflictError('a branch or a tag moved while we looked; nothing was removed', {
        hint: 'run it again',
      });
    };
    return { parts, unchanged, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function objectsPart(
  { remote }: Homes,
  options: { needs: Needs[]; dataOf: { hash: string; name: string }[]; now: Date; signal: AbortSignal },
): Promise<Part> {
  if (remote) return findObjects(remote, options);
  return empty('no DVC remote is configured: the data of this clone stay (dvc gc clears its cache)');
}

async function imagesPart(env: NodeJS.ProcessEnv, models: ModelVersions[]): Promise<Part> {
  const { IMAGE_REGISTRY: written, IMAGE_REGISTRY_USER: user, IMAGE_REGISTRY_PASSWORD: password } = env;
  if (!written || written === 'none')
    return empty('no image registry is configured (IMAGE_REGISTRY): no image was looked at');
  withhold(password ? [password] : []);
  return findImages(imageRegistryAt(imageHome(written, { user, password })), models);
}

const empty = (note: string): Part => ({ items: [], notes: [note], remove: async () => {} });

/** A laptop's own workspace has no host; everywhere else the host says which branches there are. */
async function hostOf(environment: Environment, workspace: Workspace): Promise<Remote | null> {
  if (workspace.local) return null;
  return (await openGithub(environment)).remote(workspace.root);
}

function workspaceOf(mode: string, repository: string): Workspace {
  if (mode !== 'local') return { ...workspaceAt(repository), local: false };
  const own = join(repository, '.perennial');
  if (existsSync(own)) return { ...workspaceAt(own), local: true };
  throw new UsageError('there is no .perennial yet, so nothing that could be pruned', {
    hint: 'npm start makes it',
  });
}
