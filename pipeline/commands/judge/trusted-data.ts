import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readTargetPanel } from '../../clients/dataset-file.ts';
import { oldestFirst } from '../../clients/history-folder.ts';
import { CorruptError } from '../../contracts/errors.ts';
import { HistoryEntry } from '../../contracts/promotion.ts';
import { readManifest } from '../../registry/manifest.ts';
import type { Bench } from './bench.ts';
import type { Wanted } from './data-for.ts';
import type { Truth } from './recompute.ts';
import type { Commits } from './what-changed.ts';

export async function truthFor(
  bench: Bench,
  commits: Commits,
  { change, files, folder }: Wanted & { folder: string },
): Promise<Truth> {
  const { model, champion } = change;
  const params = change.after!;
  const [{ panel }, bundle, history] = await Promise.all([
    readTargetPanel(join(folder, 'artifacts', model, 'features')),
    champion ? bench.bundle(model, champion) : null,
    historyAt(bench, commits.master, model),
  ]);
  return {
    panel,
    dataVersion: files.version ?? 'unknown',
    champion: champion && bundle && { production: champion, files: bundle },
    history,
    policy: (change.before ?? params).promotion,
    params,
  };
}

/** The training that `dvc.lock` of the pull request names: its forecasts, and the digests of what it made. */
export async function trainingOf(folder: string, model: string) {
  const train = join(folder, 'artifacts', model, 'train');
  const digest = async (part: string) => {
    const bytes = await readFile(join(train, part, 'bundle.json')).catch(() => null);
    return bytes && readManifest(bytes);
  };
  const forecasts = await readFile(join(train, 'forecasts.parquet')).catch((cause) => {
    throw new CorruptError(`the training of ${model} in the remote has no forecasts`, { cause });
  });
  return { forecasts, bundle: await digest('bundle'), fallback: await digest('fallback') };
}

/** Oldest first. */
export async function historyAt({ tree }: Bench, commit: string, model: string): Promise<HistoryEntry[]> {
  const { paths, read } = tree(commit);
  const of = `reports/${model}/history/`;
  const entries = (await paths()).filter((path) => path.startsWith(of) && path.endsWith('.json'));
  const texts = await Promise.all(entries.map(read));
  // Master's own: entries of a kind that this code does not know yet are no looks.
  const known = texts.flatMap((text) => {
    const entry = HistoryEntry.safeParse(JSON.parse(text ?? 'null')).data;
    return entry ? [entry] : [];
  });
  return oldestFirst(known);
}
