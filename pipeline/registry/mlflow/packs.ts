import type { Logger } from 'pino';
import { z } from 'zod';
import type { Run } from '../../clients/mlflow/answers.ts';
import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import { MlflowError } from '../../clients/mlflow/mlflow-error.ts';
import type { BundleFiles } from '../../contracts/bundle.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { Sha256 } from '../../contracts/scalars.ts';
import { KEPT_PACKS, PACK_MANIFEST, readPackManifest, verifyPack } from '../pack.ts';
import { fetchFiles, storeFiles } from './bundles.ts';
import type { homeAt } from './home.ts';

/** Of the registered model: which observation pack is the newest. */
export const PACK_TAG = 'perennial.pack';

const Place = { id: Sha256, run: z.string(), path: z.string() };
const PackTag = z.strictObject({ ...Place, before: z.array(z.strictObject(Place)) });
type PackTag = z.infer<typeof PackTag>;
type Place = PackTag['before'][number];

/** A reader that was overtaken looks again. */
const ATTEMPTS = 3;

/**
 * Observation packs on an MLflow server: artifacts `packs/<id>/…` of the run whose bundle forecast them, named by a tag of the
 * registered model. The tag moves by one request after all files are there: a process killed before leaves the pack of before.
 * @param options.runOf finds the run that keeps a bundle, null where there is none
 */
export function packsOn(
  mlflow: Mlflow,
  options: {
    home: ReturnType<typeof homeAt>;
    name: string;
    runOf: (digest: string) => Promise<Run | null>;
    log?: Logger;
  },
) {
  const { home, name, log } = options;

  async function removeOld(places: Place[]): Promise<void> {
    for (const { id, run: runId, path } of places) {
      try {
        const run = await mlflow.run(runId);
        if (run) await mlflow.deleteArtifact(run, path);
      } catch (error) {
        if (!(error instanceof MlflowError) || error.failure === 'cancelled') throw error;
        log?.warn({ pack: id, reason: error.message }, 'an old observation pack stays in MLflow');
      }
    }
  }

  async function load({ id, run: runId, path }: Place): Promise<BundleFiles> {
    const run = await mlflow.run(runId);
    if (!run) throw damaged(name, `its run ${runId} is gone`);
    try {
      const files = await fetchFiles((file) => mlflow.artifact(run, `${path}/${file}`), {
        manifest: PACK_MANIFEST,
        listedIn: (bytes) => readPackManifest(bytes, id).manifest.files,
      });
      verifyPack(files, id);
      return files;
    } catch (error) {
      if (!(error instanceof CorruptError)) throw error;
      throw damaged(name, error.message, error);
    }
  }

  return {
    async publish(files: BundleFiles): Promise<string> {
      const { manifest, id } = verifyPack(files);
      const found = await home.ensure();
      const there = tagOf(found.tags);
      if (there?.id === id) return id;
      const bundleRun = manifest.bundle ? await options.runOf(manifest.bundle) : null;
      const run = bundleRun ?? (await home.ledgerRun(found));
      const path = `packs/${id}`;
      await storeFiles(mlflow, run, { folder: path, files });
      readPackManifest(await mlflow.artifact(run, `${path}/${PACK_MANIFEST}`), id);
      const known = there ? [{ id: there.id, run: there.run, path: there.path }, ...there.before] : [];
      const before = known.filter((one) => one.id !== id);
      const tag = { id, run: run.info.run_id, path, before: before.slice(0, KEPT_PACKS - 1) };
      await mlflow.setRegisteredModelTag(name, PACK_TAG, JSON.stringify(PackTag.parse(tag)));
      await removeOld(before.slice(KEPT_PACKS - 1));
      return id;
    },

    async newest(seen: string | null): Promise<{ id: string; files: BundleFiles } | null> {
      for (let attempt = 1; ; attempt++) {
        const place = await newestPlace();
        if (!place || place.id === seen) return null;
        try {
          return { id: place.id, files: await load(place) };
        } catch (error) {
          if (!(error instanceof CorruptError) || attempt === ATTEMPTS) throw error;
          // Its files may have gone while they were read.
          if ((await newestPlace())?.id === place.id) throw error;
        }
      }
    },
  };

  /** @throws CorruptError where somebody changed the tag by hand */
  async function newestPlace(): Promise<Place | null> {
    const tags = (await home.find())?.tags ?? {};
    const tag = tagOf(tags);
    if (!tag && Object.hasOwn(tags, PACK_TAG)) throw damaged(name, `its tag ${PACK_TAG} is not as written`);
    return tag;
  }
}

/** @returns null where there is none, or one that nobody of us wrote: publishing puts that right */
function tagOf(tags: Record<string, string>): PackTag | null {
  if (!Object.hasOwn(tags, PACK_TAG)) return null;
  try {
    return PackTag.parse(JSON.parse(tags[PACK_TAG]));
  } catch {
    return null;
  }
}

function damaged(name: string, why: string, cause?: unknown): CorruptError {
  return new CorruptError(`the newest observation pack of ${name} in MLflow is damaged: ${why}`, {
    cause,
    hint: 'the next run publishes a new one; until then the one before may be served',
  });
}
