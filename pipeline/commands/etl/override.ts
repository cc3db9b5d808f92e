import { addToHistory, readHistory } from '../../clients/history-folder.ts';
import type { StageContext } from '../../context.ts';
import { type HistoryEntry, Production, type Promotion } from '../../contracts/promotion.ts';
import type { Registry } from '../../contracts/registry.ts';
import { writeJson } from '../../files.ts';
import { productionOf } from '../../stages/register/entries.ts';

/** Promotes what a person with rights has overridden the verdict for, where the training alone would not have. What is
 *  no number at all (`refused`) stays refused: nobody can want that served.
 *  @returns the override that was carried out; null: none was needed or given */
export async function carryOutOverride(
  context: StageContext,
  options: { registry: Registry; promotion: Promotion },
): Promise<HistoryEntry | null> {
  const { paths, log } = context;
  const { registry, promotion } = options;
  if (promotion.promote || promotion.outcome === 'refused') return null;
  const given = (await readHistory(paths.history)).findLast(({ kind }) => kind === 'override');
  const version = given && (await registry.pointer('challenger'));
  const registered = version ? await registry.version(version) : null;
  if (!given || !registered || registered.digest !== promotion.challenger.digest) return null;
  await registry.setAlias('champion', registered.version, promotion.champion?.version ?? null);
  await writeJson(paths.production, Production, productionOf(registered, promotion.decided_at));
  await addToHistory(paths.history, {
    at: promotion.decided_at,
    kind: 'promotion',
    by: given.by,
    from: promotion.champion?.version ?? null,
    to: registered.version,
    why: `override: ${given.why}`,
  });
  log.warn({ version: registered.version, by: given.by, why: given.why }, 'promoted by an override');
  return given;
}
