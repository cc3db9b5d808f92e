import { join } from 'node:path';
import pino from 'pino';
import { type StageContext, silent } from '../../context.ts';
import { MetricsFile } from '../../contracts/metrics.ts';
import { ModelParams } from '../../contracts/params.ts';
import { Promotion } from '../../contracts/promotion.ts';
import type { RegisteredVersion, Registry } from '../../contracts/registry.ts';
import { readJson, writeJson } from '../../files.ts';
import { writeBundle } from '../../registry/bundle-folder.ts';
import { folderRegistry } from '../../registry/folder.ts';
import { about, sampleBundle } from '../../registry/sample-bundle.testing.ts';
import { paths, workspaceAt } from '../../workspace.ts';

/** A context as the stage gets it, for tests and for the children they start.
 *  @param home default: the workspace's folder */
export async function sampleContext(
  root: string,
  home?: Registry,
): Promise<{ context: StageContext; registry: Registry; promotion: Promotion }> {
  const workspace = workspaceAt(root);
  const at = paths(workspace, 'infections');
  const context: StageContext = {
    workspace,
    paths: at,
    model: 'infections',
    params: ModelParams.parse({ task: 'forecast', source: { urls: ['x.csv'] } }),
    now: () => new Date('2026-03-01T00:00:00.000Z'),
    log: pino({ level: 'silent' }),
    progress: silent,
    signal: new AbortController().signal,
  };
  const registry =
    home ?? folderRegistry(at.registry, { model: 'infections', now: context.now, staleLockMs: 2000 });
  return { context, registry, promotion: (await readJson(at.promotion, Promotion))! };
}

/** What train, evaluate and compare leave behind for a challenger, in a workspace that may have a champion. */
export async function leaveDecision(
  root: string,
  {
    content,
    champion,
    promote = true,
    at = '2026-02-01T00:00:00.000Z',
  }: { content: string; champion: RegisteredVersion | null; promote?: boolean; at?: string },
): Promise<Promotion> {
  const where = paths(workspaceAt(root), 'infections');
  const { files, digest } = sampleBundle(content);
  const errors = {
    n: 9,
    mse: 1,
    rmse: 1,
    mae: 1,
    mape: 0.2,
    wape: 0.15,
    mase: 1,
    r2: 0.9,
    wis: 1,
    coverage90: 0.9,
  };
  await writeBundle(join(where.train, 'bundle'), files);
  await writeJson(where.metrics, MetricsFile, {
    model: 'infections',
    made_at: at,
    commit: about.commit,
    data_version: about.data_version,
    windows: { tune: [at, at], select: [at, at], calibrate: [at, at], decide: [at, at] },
    cutoffs: 60,
    models: [{ name: 'trees', role: 'challenger', digest, overall: errors, by_horizon: {} }],
  });
  const promotion: Promotion = {
    model: 'infections',
    decided_at: at,
    outcome: promote ? (champion ? 'better' : 'first') : 'not-better',
    merge: true,
    promote,
    reason: `because of ${content}`,
    rules: [],
    metric: 'wape',
    challenger: { name: 'trees', digest, score: 0.15 },
    champion: champion && {
      name: champion.candidate,
      version: champion.version,
      digest: champion.digest,
      score: 0.2,
    },
    baseline: { name: 'seasonal-naive', score: 0.3 },
    improvement: { estimate: 0.2, low: 0.1, high: 0.3, smallest_visible: 0.1 },
    cutoffs: 60,
    look: { number: 1, alpha: 0.03 },
    policy: {},
  };
  await writeJson(where.promotion, Promotion, promotion);
  return promotion;
}
