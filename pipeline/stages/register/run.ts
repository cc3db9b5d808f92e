import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { addToHistory, readHistory } from '../../clients/history-folder.ts';
import type { StageContext } from '../../context.ts';
import type { BundleFiles } from '../../contracts/bundle.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { MetricsFile } from '../../contracts/metrics.ts';
import { Production, Promotion } from '../../contracts/promotion.ts';
import type { RegisteredVersion, Registry } from '../../contracts/registry.ts';
import { readJson, writeJson } from '../../files.ts';
import { readBundle } from '../../registry/bundle-folder.ts';
import { digestOf, verifyBundle } from '../../registry/manifest.ts';
import { aboutVersion, entryOf, productionOf } from './entries.ts';

export interface RegisterOptions {
  registry: Registry;
  promotion: Promotion;
  commit: string;
  dataVersion: string;
  /** The tracking server's run that made the bundle; null or absent: none was logged. */
  run?: string | null;
  /** Who promotes, for the history. */
  by?: string;
}

/**
 * Registers the challenger and, where it was promoted, makes it the champion.
 * The champion's alias is the one step that promotes: compared and set, so that of two promoters one wins and the
 * other leaves nothing behind. `production.json` follows it, and the history comes last: a decision without its entry was
 * interrupted, and calling this again with the same decision completes it.
 * @throws ConflictError if the champion is not the one that was compared with
 * @throws CorruptError if the bundle is not the one that was decided on
 */
export async function register(context: StageContext, options: RegisterOptions): Promise<RegisteredVersion> {
  const { paths, log } = context;
  const { registry, promotion, run = null, by = 'perennial' } = options;
  const metrics = await readJson(paths.metrics, MetricsFile);
  if (!metrics)
    throw new CorruptError(`${paths.metrics} is missing`, { hint: 'run evaluate and compare again' });
  const files = await decidedBundle(paths.train, promotion.challenger.digest);
  const { manifest } = verifyBundle(files, promotion.challenger.digest);

  const version = await registry.register(files, aboutVersion(manifest, { metrics, promotion, run }));
  // Where they point is enough: an old version that is damaged or deleted must not stop a new one.
  const challenger = await registry.pointer('challenger');
  if (challenger !== version.version) await registry.setAlias('challenger', version.version, challenger);
  if (promotion.promote) {
    // Already there: an earlier call moved it and was killed before it could say so.
    if ((await registry.pointer('champion')) !== version.version)
      await registry.setAlias('champion', version.version, promotion.champion?.version ?? null);
    await writeJson(paths.production, Production, productionOf(version, promotion.decided_at));
  }
  await addToHistory(paths.history, entryOf(promotion, version.version, by));
  log.info({ version: version.version, promoted: promotion.promote }, 'registered');
  return version;
}

/** Completes what a killed run began: a decision not carried out, or a champion that `production.json` does not know yet.
 *  To be called before anything else reads the champion.
 *  @returns the version registered, null where there was nothing to complete */
export async function completeRegister(
  context: StageContext,
  options: Omit<RegisterOptions, 'promotion'>,
): Promise<RegisteredVersion | null> {
  const { paths, log } = context;
  const promotion = await readJson(paths.promotion, Promotion);
  const history = await readHistory(paths.history);
  const pending = promotion !== null && !history.some(({ at }) => at === promotion.decided_at);
  if (pending && (await isStillHere(paths.train, promotion.challenger.digest))) {
    log.warn(
      { decided_at: promotion.decided_at },
      'an earlier run was stopped after its decision: carrying it out',
    );
    return await register(context, { ...options, promotion });
  }
  await followAlias(context, options.registry);
  return null;
}

/** Writes `production.json` anew where the champion's alias is ahead of it. */
export async function followAlias({ paths, now }: StageContext, registry: Registry): Promise<void> {
  const champion = await registry.alias('champion');
  const production = await readJson(paths.production, Production);
  if (champion && production?.digest !== champion.digest)
    await writeJson(paths.production, Production, productionOf(champion, now().toISOString()));
}

/** The bundle that was decided on: the challenger, or the baseline that was published in its place.
 *  @param directory of the train stage */
async function decidedBundle(directory: string, digest: string): Promise<BundleFiles> {
  const fallback = join(directory, 'fallback');
  if (existsSync(fallback)) {
    const files = await readBundle(fallback);
    if (digestOf(files) === digest) return files;
  }
  return await readBundle(join(directory, 'bundle'));
}

async function isStillHere(directory: string, digest: string): Promise<boolean> {
  try {
    verifyBundle(await decidedBundle(directory, digest), digest);
    return true;
  } catch (error) {
    // Another training has taken its place since: then that one decides.
    if (error instanceof CorruptError) return false;
    throw error;
  }
}
