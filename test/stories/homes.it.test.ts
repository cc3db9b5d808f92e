import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Mlflow } from '../../pipeline/clients/mlflow/mlflow.ts';
import { mlflowAt } from '../../pipeline/clients/mlflow/mlflow-at.ts';
import { filesHolding } from '../files-holding.ts';
import { DvcHttpRemote } from '../servers/dvc-http-remote.ts';
import { FaultProxy } from '../servers/fault-proxy.ts';
import { MlflowServer } from '../servers/mlflow.ts';
import { Clone } from './clone.ts';

const LIMIT_MS = 15 * 60_000;
const FIRST_DAY = '2026-06-30T23:00:00Z';
const SECOND_DAY = '2026-07-01T23:00:00Z';

/** Dagshub as a team has it: an MLflow server and an HTTP remote behind a user and a token. Two machines share nothing
 *  but those and git, as two runs of a workflow do. */
describe('homes outside', { timeout: LIMIT_MS }, () => {
  let server: MlflowServer;
  let proxy: FaultProxy;
  let remote: DvcHttpRemote;
  let mlflow: Mlflow;
  let first: Clone;
  let second: Clone;

  const run = (clone: Clone, now: string, ...more: string[]) =>
    clone.perennial('run', '--json', '--now', now, ...more);

  beforeAll(async () => {
    server = await MlflowServer.start({ version: '2' });
    proxy = await FaultProxy.start(server.home.url);
    // A password that stands in no file of the repository.
    remote = await DvcHttpRemote.start({ password: `story-${randomBytes(9).toString('hex')}` });
    mlflow = mlflowAt(server.home);
    first = await Clone.make();
    await first.removeExample();
    await first.withoutNetwork();
    await first.params((yaml) => yaml.setIn(['promotion', 'mode'], 'pull-request'));
    first.env = {
      MLFLOW_TRACKING_URI: proxy.url,
      MLFLOW_TRACKING_USERNAME: server.home.username!,
      MLFLOW_TRACKING_PASSWORD: server.home.password!,
      MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1',
      PERENNIAL_REMOTE: remote.url,
      PERENNIAL_REMOTE_USER: 'ada',
      PERENNIAL_REMOTE_PASSWORD: remote.password,
    };
  });
  afterAll(async () => {
    await Promise.allSettled([
      first?.remove(),
      second?.remove(),
      mlflow?.close(),
      proxy?.close(),
      remote?.close(),
    ]);
    await server?.stop();
  });

  it('refuses a wrong password before any work', async () => {
    const wrong = await first.copy();
    wrong.env = { ...first.env, PERENNIAL_REMOTE_PASSWORD: 'wrong-password' };
    const { exitCode, stderr } = await run(wrong, FIRST_DAY);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(remote.url);
    expect(stderr).not.toContain('wrong-password');
    expect(await wrong.status()).toBe('');
    await wrong.remove();
  });

  it('trains, logs the run, registers the champion and pushes the data', async () => {
    const { exitCode, stdout, stderr } = await run(first, FIRST_DAY);
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)[0]).toMatchObject({ state: 'trained', champion: { version: 'v0001' } });

    // Git names the champion; the registry's own alias follows what was merged and verified.
    expect(await mlflow.versionByAlias('infections', 'champion')).toBeNull();
    const challenger = await mlflow.versionByAlias('infections', 'challenger');
    expect(challenger?.version).toBe(1);
    const run1 = await mlflow.run(challenger!.run_id);
    expect(run1?.info.status).toBe('FINISHED');
    expect(run1?.data.tags['mlflow.note.content']).toContain('First model');
    expect(run1?.inputs.dataset_inputs).toHaveLength(1);
    const artifacts = (await mlflow.listArtifacts(run1!)).map(({ path }) => path);
    expect(artifacts).toEqual(
      expect.arrayContaining(['bundle', 'model-card.md', 'profile.html', 'report.md']),
    );
    expect(remote.objects.size).toBeGreaterThan(5);
    const secrets = [server.home.password!, remote.password];
    secrets.push(
      ...['admin', 'ada'].map((user, i) => Buffer.from(`${user}:${secrets[i]}`).toString('base64')),
    );
    for (const secret of secrets) expect(stdout + stderr).not.toContain(secret);
    // Logs, reports, settings of DVC, the record of the run: none keeps a secret.
    expect(await filesHolding(first.root, secrets)).toEqual([]);
  });

  it('goes on upon another machine from what git, the remote and the registry hold', async () => {
    await first.commit();
    second = await first.elsewhere();
    const { exitCode, stdout, stderr } = await run(second, SECOND_DAY);
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)[0]).toMatchObject({ state: 'forecast', champion: { version: 'v0001' } });
    expect(stderr).toContain('fetching data');
    expect(await readdir(join(second.root, 'data', 'infections', 'raw'))).toHaveLength(2);
  });

  it('lets the registry follow what git names', async () => {
    const { exitCode, stderr } = await second.perennial('follow');
    expect(exitCode, stderr).toBe(0);
    expect((await mlflow.versionByAlias('infections', 'champion'))?.version).toBe(1);
  });

  it('explains the champion link by link, on a machine that did not make it', async () => {
    const { exitCode, stdout } = await second.perennial('explain');
    expect(stdout).toContain('v0001');
    expect(stdout).not.toContain('✗');
    expect(exitCode).toBe(0);
  });

  it('ends clearly while the server is away, and completes the training when it is back', async () => {
    proxy.passOnly(0);
    const away = await run(second, SECOND_DAY, '--train');
    expect(away.exitCode).toBe(3);
    expect(away.stderr).toContain(proxy.url);
    proxy.heal();
    const back = await run(second, SECOND_DAY, '--train');
    expect(back.exitCode, back.stderr).toBe(0);
    expect(JSON.parse(back.stdout)[0]).toMatchObject({ state: 'trained' });
    const versions = await mlflow.searchModelVersions("name = 'infections'");
    expect(versions.map(({ version }) => version).sort()).toEqual([1, 2]);
  });
});
