import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mlflowAt } from '../pipeline/clients/mlflow/mlflow-at.ts';
import { readHomes } from '../pipeline/homes.ts';
import { mlflowRegistry } from '../pipeline/registry/mlflow.ts';
import { about, sampleBundle } from '../pipeline/registry/sample-bundle.testing.ts';
import { REPOSITORY } from '../pipeline/workspace.ts';
import { PostgresServer } from './servers/postgres.ts';
import { TeamHomes } from './servers/team-homes.ts';

const ready = PostgresServer.available();
if (!ready) console.warn('compose-homes: skipped, no PostgreSQL here (Debian: apt-get install postgresql)');

describe.skipIf(!ready)('a team’s own homes: MLflow on PostgreSQL, artifacts in S3', () => {
  let homes: TeamHomes;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'perennial-homes-'));
    await execa(process.execPath, [join(REPOSITORY, 'homes', 'new-env.mjs'), join(folder, '.env')]);
    const env = parseEnv(await readFile(join(folder, '.env'), 'utf8')) as Record<string, string>;
    await rm(folder, { recursive: true });
    homes = await TeamHomes.start(env);
  });
  afterAll(() => homes?.stop());

  it('keeps runs, artifacts and versions with their alias', async () => {
    const { mlflow: home } = await readHomes(homes.env, { repository: tmpdir() });
    if (!home) throw new Error('no MLflow in the environment');
    const mlflow = mlflowAt(home);
    const { files, digest } = sampleBundle('team');
    const registry = mlflowRegistry(mlflow, {
      model: 'infections',
      experiment: 'team',
      now: () => new Date(0),
    });
    const registered = await registry.register(files, about);
    await registry.setAlias('champion', registered.version, null);
    expect((await registry.alias('champion'))?.digest).toBe(digest);
    const back = await registry.bundle(registered.version);
    expect([...back.keys()].sort()).toEqual([...files.keys()].sort());
    for (const [path, bytes] of files) expect(Buffer.from(back.get(path) ?? []).equals(bytes)).toBe(true);
    expect(await readdir(join(homes.objects, 'perennial', 'mlflow'))).not.toEqual([]);
    await mlflow.close();
  });

  it('lets nobody in without the password', async () => {
    const { mlflow: home } = await readHomes(homes.env, { repository: tmpdir() });
    if (!home) throw new Error('no MLflow in the environment');
    const mlflow = mlflowAt({ ...home, password: 'wrong' });
    await expect(mlflow.experimentByName('team')).rejects.toMatchObject({ failure: 'unauthenticated' });
    await mlflow.close();
  });
});
