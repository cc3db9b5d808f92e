import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import pino from 'pino';
import { dvcAt } from '../../clients/dvc.ts';
import { git } from '../../clients/git.ts';
import { leaveSnapshot } from '../../clients/sample-snapshots.testing.ts';
import { packSnapshots } from '../../clients/snapshot-archive.ts';
import { dataVersion } from '../../clients/versions.ts';
import { type StageContext, silent } from '../../context.ts';
import { PackManifest } from '../../contracts/bundle.ts';
import { ModelParams } from '../../contracts/params.ts';
import type { RegisteredVersion, Registry } from '../../contracts/registry.ts';
import type { Snapshot } from '../../contracts/snapshot.ts';
import { writeBundle } from '../../registry/bundle-folder.ts';
import { folderRegistry } from '../../registry/folder.ts';
import { about, sampleBundle } from '../../registry/sample-bundle.testing.ts';
import { paths, workspaceAt } from '../../workspace.ts';

export function lineageAt(root: string): { context: StageContext; registry: Registry } {
  const workspace = workspaceAt(root);
  const context: StageContext = {
    workspace,
    paths: paths(workspace, 'infections'),
    model: 'infections',
    params: ModelParams.parse({ task: 'forecast', source: { urls: ['x.csv'] } }),
    now: () => new Date('2026-03-01T00:00:00.000Z'),
    log: pino({ level: 'silent' }),
    progress: silent,
    signal: new AbortController().signal,
  };
  return {
    context,
    registry: folderRegistry(context.paths.registry, { model: 'infections', now: context.now }),
  };
}

/** A workspace of two trainings, git and DVC in one folder: v0001 on two snapshots, v0002 (the champion, and what was
 *  forecast with) on a third one too, with which the month before it went into an archive. */
export async function makeLineage(root: string): Promise<{ snapshots: Snapshot[]; commit: string }> {
  const { context, registry } = lineageAt(root);
  await git(root, ['init', '--quiet', root]);
  for (const [name, value] of [
    ['user.name', 'test'],
    ['user.email', 'test@localhost'],
    ['commit.gpgsign', 'false'],
  ])
    await git(root, ['config', name, value]);
  await dvcAt({ root }).init();
  const { raw } = context.paths;
  const snapshots = [
    await leaveSnapshot(raw, '2026-01-30T22:00:00.000Z'),
    await leaveSnapshot(raw, '2026-01-31T22:00:00.000Z'),
  ];
  const commit = await commitData(root, 'first data');
  await train(registry, 'one', { commit, data: await dataVersion(context.workspace) });
  snapshots.push(await leaveSnapshot(raw, '2026-02-01T22:00:00.000Z'));
  await packSnapshots(raw);
  await commitData(root, 'second data');
  const data = await dataVersion(context.workspace);
  const champion = await train(registry, 'two', { commit, data, parent: 'v0001' });
  await registry.setAlias('champion', champion.version, null);
  await publishPack(context, { bundle: champion.digest, data, snapshot: snapshots[2].sha256 });
  return { snapshots, commit };
}

async function train(
  registry: Registry,
  content: string,
  facts: { commit: string; data: string; parent?: string },
): Promise<RegisteredVersion> {
  const { commit, data, parent = null } = facts;
  return registry.register(sampleBundle(content).files, { ...about, commit, data_version: data, parent });
}

/** @returns the commit */
export async function commitData(root: string, message: string): Promise<string> {
  await mkdir(join(root, 'data', 'infections'), { recursive: true });
  await writeFile(join(root, 'data', 'infections', 'observations.parquet'), message);
  await dvcAt({ root }).add('data');
  await git(root, ['add', '--', 'data.dvc', '.gitignore', '.dvc/config']);
  await git(root, ['commit', '--quiet', '--message', message]);
  return (await git(root, ['rev-parse', 'HEAD'])).stdout.trim();
}

export async function publishPack(
  context: StageContext,
  of: { bundle: string; data: string; snapshot: string },
): Promise<void> {
  const forecasts = Buffer.from('{"forecasts":[1,2,3]}');
  const manifest = PackManifest.parse({
    format: 1,
    model: context.model,
    published_at: '2026-02-02T00:00:00.000Z',
    last_time: '2026-02-01T00:00:00.000Z',
    data_version: of.data,
    snapshot: of.snapshot,
    bundle: of.bundle,
    files: {
      'forecasts.json': {
        sha256: createHash('sha256').update(forecasts).digest('hex'),
        bytes: forecasts.byteLength,
      },
    },
  });
  await writeBundle(
    context.paths.pack,
    new Map<string, Uint8Array>([
      ['forecasts.json', forecasts],
      ['pack.json', Buffer.from(JSON.stringify(manifest))],
    ]),
  );
}
