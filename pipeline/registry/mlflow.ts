import type { Logger } from 'pino';
import type { ModelVersion, Run } from '../clients/mlflow/answers.ts';
import type { Mlflow } from '../clients/mlflow/mlflow.ts';
import { MlflowError } from '../clients/mlflow/mlflow-error.ts';
import { quoted } from '../clients/mlflow/search.ts';
import type { BundleFiles } from '../contracts/bundle.ts';
import { CorruptError, UsageError } from '../contracts/errors.ts';
import type { RegisteredVersion, Registry } from '../contracts/registry.ts';
import { verifyBundle } from './manifest.ts';

import { aliasesOf } from './mlflow/aliases.ts';
import { BundleMemory } from './mlflow/bundle-memory.ts';
import { fetchBundle, storeBundle } from './mlflow/bundles.ts';
import { DIGEST_TAG, type Facts, FOLDER_TAG, nameOf, numberOf, tagsOf, versionOf } from './mlflow/facts.ts';
import { homeAt } from './mlflow/home.ts';
import { packsOn } from './mlflow/packs.ts';
import { runForBundle } from './mlflow/run-for-bundle.ts';
import { settled } from './mlflow/settle.ts';
import { versionDescription } from './mlflow/words.ts';
import { refuseNeeded } from './refuse-needed.ts';

export interface MlflowRegistryOptions {
  model: string;
  /** Before the model's name in MLflow, where another team has one of the same name. */
  prefix?: string;
  /** Where runs and bundles live. */
  experiment: string;
  /** The address of the repository, for people. */
  repository?: string;
  /** Who moves aliases, for the ledger. */
  by?: string;
  now: () => Date;
  log?: Logger;
}

/**
 * The registry on an MLflow server: a registered model, whose version 7 is our v0007.
 * A version appears by one request, after its bundle was stored below its run's artifacts; all that is known of it travels
 * as tags of that request. An alias moves by one write-once parameter (`mlflow/ledger.ts`); MLflow's own alias follows.
 * So a process killed between any two requests leaves what was there before, or the new state whole.
 * MLflow cannot compare and set: two who register one bundle at once may make two versions. The lowest number with a
 * digest is the version; readers know no other, and whoever sees a higher one takes it away.
 * No clock decides anything.
 */
export function mlflowRegistry(mlflow: Mlflow, options: MlflowRegistryOptions): Registry {
  const { model, experiment, now, log, by = 'perennial' } = options;
  const name = `${options.prefix ?? ''}${model}`;
  const home = homeAt(mlflow, { ...options, name });
  const memory = new BundleMemory();
  const aliases = aliasesOf(mlflow, { home, name, model, log });
  const packs = packsOn(mlflow, { home, name, log, runOf: (digest) => runOfBundle(digest) });

  /** Ours among versions, without twins, in the order of their numbers. */
  async function search(filter: string): Promise<Found[]> {
    const all: Found[] = [];
    for (const row of await mlflow.searchModelVersions(filter)) {
      const version = versionOf(row);
      if (version) all.push({ row, version });
    }
    all.sort((a, b) => a.row.version - b.row.version);
    const first = new Map<string, Found>();
    for (const one of all) if (!first.has(one.version.digest)) first.set(one.version.digest, one);
    const twins = all.filter((one) => first.get(one.version.digest) !== one);
    if (twins.length > 0) await removeTwins(twins);
    return [...first.values()];
  }

  async function byDigest(digest: string): Promise<Found | null> {
    return (await search(`name = ${quoted(name)} and tags.\`${DIGEST_TAG}\` = '${digest}'`))[0] ?? null;
  }

  async function removeTwins(twins: Found[]): Promise<void> {
    const held = await aliases.held();
    for (const { version, row } of twins) {
      if (held.has(version.version)) continue;
      log?.info({ version: version.version }, 'two registered this bundle at once: the second version goes');
      await mlflow.deleteModelVersion(name, row.version).catch(unlessCancelled);
    }
  }

  async function about(version: string): Promise<Found | null> {
    const number = numberOf(version);
    const row = number === null ? null : await mlflow.modelVersion(name, number);
    const known = row && versionOf(row);
    return row && known ? { row, version: known } : null;
  }

  async function files({ row, version }: Found): Promise<BundleFiles> {
    const { digest } = version;
    return await memory.files(`${row.run_id}/${digest}`, async () =>
      fetchBundle(mlflow, await runOf(row), {
        folder: row.tags[FOLDER_TAG] ?? '',
        digest,
        of: `${version.version} of ${name}`,
      }),
    );
  }

  async function verified(found: Found): Promise<RegisteredVersion> {
    if (!memory.knows(`${found.row.run_id}/${found.version.digest}`)) await files(found);
    return found.version;
  }

  async function runOf(row: ModelVersion): Promise<Run> {
    const run = row.run_id ? await mlflow.run(row.run_id) : null;
    if (run) return run;
    throw new CorruptError(`the MLflow run of ${nameOf(row.version)} of ${name}, with its bundle, is gone`, {
      hint: 'roll back to another version, or restore MLflow from its backup',
      facts: { run: row.run_id },
    });
  }

  /** Null where the bundle is not registered here, or its run is gone. */
  async function runOfBundle(digest: string): Promise<Run | null> {
    const runId = (await byDigest(digest))?.row.run_id;
    const run = runId ? await mlflow.run(runId) : null;
    return run?.info.lifecycle_stage === 'active' ? run : null;
  }

  async function refuseUnknown(version: string): Promise<never> {
    const known = (await registry.versions()).map((one) => one.version);
    throw new UsageError(`there is no version ${version} of ${model}`, {
      hint: known.length === 0 ? 'the registry is empty' : `known are ${known.slice(-10).join(', ')}`,
    });
  }

  const registry: Registry = {
    async register(bundle, facts) {
      const { digest } = verifyBundle(bundle);
      await home.ensure();
      const known = await byDigest(digest);
      if (known) return known.version;
      const run = await runForBundle(mlflow, { run: facts.run, digest, experiment, name, now, log });
      const folder = await storeBundle(mlflow, run, { files: bundle, digest });
      const made: Facts = { ...facts, model, digest, registered_at: now().toISOString() };
      const first = await settled(
        async () => {
          await mlflow.createModelVersion({
            name,
            source: `${run.info.artifact_uri}/${folder}`,
            runId: run.info.run_id,
            description: versionDescription(made),
            tags: { ...tagsOf(made), [FOLDER_TAG]: folder },
          });
          return await byDigest(digest);
        },
        () => byDigest(digest),
      );
      if (first) return first.version;
      throw new CorruptError(`a version of ${name} was made in MLflow and is not there`, {
        hint: 'somebody deleted it in the same moment, or the server reads from a copy that is behind; run again',
      });
    },

    async versions() {
      return (await search(`name = ${quoted(name)}`)).map(({ version }) => version);
    },

    async version(version) {
      const found = await about(version);
      return found && (await verified(found));
    },

    async bundle(version) {
      const found = (await about(version)) ?? (await refuseUnknown(version));
      return new Map(await files(found));
    },

    async alias(alias) {
      const at = await aliases.pointer(alias);
      if (!at) return null;
      const there = await about(at);
      if (there) return await verified(there);
      throw new CorruptError(`${alias} of ${name} is ${at}, and that version was deleted in MLflow`, {
        hint: 'take the champion back with perennial rollback --to <version>',
        facts: { alias, version: at },
      });
    },

    pointer: (alias) => aliases.pointer(alias),

    async setAlias(alias, version, expected) {
      if (!(await about(version))) await refuseUnknown(version);
      const move = { version, from: expected, by: by.slice(0, 100), at: now().toISOString() };
      await aliases.move(alias, move);
    },

    async remove(version) {
      const found = await about(version);
      if (!found) return;
      const known = await registry.versions();
      // A twin shows itself as soon as the first one has gone, so it goes before.
      const filter = `name = ${quoted(name)} and tags.\`${DIGEST_TAG}\` = '${found.version.digest}'`;
      const same = (await mlflow.searchModelVersions(filter)).sort((a, b) => b.version - a.version);
      const newest = known.at(-1)?.version;
      for (const row of same) {
        refuseNeeded(nameOf(row.version), { model, newest, held: await aliases.held() });
        await mlflow.deleteModelVersion(name, row.version);
      }
    },

    publishPack: packs.publish,
    newestPack: packs.newest,
  };
  return registry;
}

interface Found {
  row: ModelVersion;
  version: RegisteredVersion;
}

/** A twin that stays is passed over by every reader. */
function unlessCancelled(error: unknown): void {
  if (!(error instanceof MlflowError) || error.failure === 'cancelled') throw error;
}
