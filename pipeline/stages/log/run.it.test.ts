import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FaultProxy } from '../../../test/servers/fault-proxy.ts';
import { type MlflowVersion, uniqueName } from '../../../test/servers/mlflow.ts';
import { sharedMlflow } from '../../../test/servers/shared-mlflow.ts';
import { temporaryContext } from '../../../test/stage-context.ts';
import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import { mlflowAt } from '../../clients/mlflow/mlflow-at.ts';
import type { StageContext } from '../../context.ts';
import type { MlflowHome } from '../../contracts/homes.ts';
import { RunRecord } from '../../contracts/run-record.ts';
import { readJson, writeJson } from '../../files.ts';
import { deliverPending, interruptedRun, type RunLog, startRunLog } from './run.ts';
import { leaveRun, sampleFacts } from './sample-facts.testing.ts';

const { commit, dataVersion, origin } = sampleFacts();
const DONE = { version: 'v0003', withBundle: true };

describe.each<MlflowVersion>(['3', '2'])('the log of a run at MLflow %s', (version) => {
  let home: MlflowHome;
  let mlflow: Mlflow;
  let proxy: FaultProxy;
  const ends: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    home = await sharedMlflow(version);
    mlflow = mlflowAt(home);
    proxy = await FaultProxy.start(home.url);
  });
  afterAll(async () => {
    await mlflow?.close();
    await proxy?.close();
  });
  afterEach(async () => {
    proxy.heal();
    for (const end of ends.splice(0)) await end();
  });

  async function workspace(): Promise<{ context: StageContext; experiment: string }> {
    const { context, remove } = await temporaryContext({
      source: { urls: ['https://example.org/regions.csv?api_key=hush'] },
      horizons: [1, 2, 3],
    });
    ends.push(remove);
    await leaveRun(context);
    return { context, experiment: uniqueName('log') };
  }

  function start(context: StageContext, experiment: string, client: Mlflow | null = mlflow): Promise<RunLog> {
    return startRunLog(context, { mlflow: client, commit, dataVersion, experiment, origin });
  }

  /** One that sees the server through the proxy, and does not try twice. */
  function impatient(): Mlflow {
    const client = mlflowAt({ ...home, url: proxy.url, retries: 0 });
    ends.push(() => client.close());
    return client;
  }

  async function runsIn(experiment: string) {
    const found = await mlflow.experimentByName(experiment);
    return found ? await mlflow.searchRuns({ experimentIds: [found.experiment_id] }) : [];
  }

  const spooled = async ({ paths }: StageContext) => (existsSync(paths.spool) ? readdir(paths.spool) : []);

  it('shows it while it runs, and all that its stages left when it is done', async () => {
    const { context, experiment } = await workspace();
    const log = await start(context, experiment);
    const [running] = await runsIn(experiment);
    expect(running.info).toMatchObject({
      run_id: log.runId,
      status: 'RUNNING',
      run_name: '2026-03-01 18:30 m',
    });
    expect(running.data.tags['mlflow.note.content']).toContain('Training of **m**');
    await log.finish(DONE);

    const [run] = await runsIn(experiment);
    expect(run.info).toMatchObject({ run_id: log.runId, status: 'FINISHED' });
    expect(run.data.tags).toMatchObject({ 'perennial.version': 'v0003', 'mlflow.user': 'the robot' });
    expect(run.data.tags['mlflow.note.content']).toMatch(/^\*\*m:\*\* blend forecasts 20.0 % better/);
    expect(run.data.params).toMatchObject({ 'train.seed': '1', candidate: 'blend' });
    expect(run.inputs.dataset_inputs[0].dataset.digest).toBe(dataVersion);
    const byCutoff = await mlflow.metricHistory(run.info.run_id, 'wape_by_cutoff/challenger');
    expect(byCutoff.map(({ step, value, timestamp }) => [step, value, timestamp])).toEqual([
      [0, 0.1, Date.parse('2026-01-01T00:00:00.000Z')],
      [1, 0.15, Date.parse('2026-01-02T00:00:00.000Z')],
    ]);
    const artifacts = (await mlflow.listArtifacts(run)).map(({ path }) => path).sort();
    expect(artifacts).toEqual(
      [
        ...['bundle', 'curves.json', 'leaderboard.json', 'metrics.json', 'model-card.md', 'plan.json'],
        ...['profile.html', 'promotion.json', 'report.md', 'schema.json'],
      ].sort(),
    );
    expect(Buffer.from((await mlflow.artifact(run, 'model-card.md'))!).toString()).toMatch(
      /^# Model card: m/,
    );
    expect(await mlflow.artifact(run, 'bundle/bundle.json')).not.toBeNull();
    expect(await spooled(context)).toEqual([]);
    expect(JSON.stringify(run)).not.toContain('hush');
  });

  it('leaves the bundle to a registry that stores it with the run', async () => {
    const { context, experiment } = await workspace();
    const log = await start(context, experiment);
    await log.finish({ version: 'v0003', withBundle: false });
    const [run] = await runsIn(experiment);
    expect((await mlflow.listArtifacts(run)).map(({ path }) => path)).not.toContain('bundle');
  });

  it('is delivered later, once, where the server was away all the time', async () => {
    const { context, experiment } = await workspace();
    proxy.passOnly(0);
    const client = impatient();
    const log = await start(context, experiment, client);
    expect(log.runId).toBeNull();
    await log.finish(DONE);
    expect(await spooled(context)).toHaveLength(1);
    expect(await deliverPending(context, client)).toEqual({ delivered: 0, waiting: 1 });
    proxy.heal();
    expect(await deliverPending(context, client)).toEqual({ delivered: 1, waiting: 0 });
    expect(await deliverPending(context, client)).toEqual({ delivered: 0, waiting: 0 });
    expect(await runsIn(experiment)).toHaveLength(1);
  });

  it('is delivered later, once, where the server went away in the middle', async () => {
    const { context, experiment } = await workspace();
    const client = impatient();
    const log = await start(context, experiment, client);
    proxy.passOnly(4);
    await log.finish(DONE);
    expect((await runsIn(experiment))[0].info.status).toBe('RUNNING');
    proxy.heal();
    await deliverPending(context, client);
    const [run, ...others] = await runsIn(experiment);
    expect(others).toEqual([]);
    expect(run.info).toMatchObject({ run_id: log.runId, status: 'FINISHED' });
    expect(await mlflow.metricHistory(run.info.run_id, 'wape_by_cutoff/challenger')).toHaveLength(2);
  });

  it('says why a training failed, without its secrets', async () => {
    const { context, experiment } = await workspace();
    const log = await start(context, experiment);
    const { withhold } = await import('../../secrets.ts');
    withhold(['a-very-secret-word']);
    await log.fail('the portal refused the key a-very-secret-word');
    const [run] = await runsIn(experiment);
    expect(run.info.status).toBe('FAILED');
    expect(run.data.tags['perennial.failure']).toBe('the portal refused the key ***');
    expect(run.data.params).toMatchObject({ 'train.seed': '1' });
  });

  it('marks a run failed whose process was killed, when the next one begins', async () => {
    const { context, experiment } = await workspace();
    const log = await start(context, experiment);
    const [id] = await spooled(context);
    const path = join(context.paths.spool, id, 'record.json');
    const record = (await readJson(path, RunRecord))!;
    await writeJson(path, RunRecord, { ...record, owner: { ...record.owner, pid: 2 ** 22 + 1 } });
    expect(await interruptedRun(context)).toBe(log.runId);
    expect(await deliverPending(context, mlflow)).toEqual({ delivered: 1, waiting: 0 });
    const [run] = await runsIn(experiment);
    expect(run.info).toMatchObject({ run_id: log.runId, status: 'FAILED' });
    expect(run.data.tags['perennial.failure']).toBe('the process was stopped');
    expect(await interruptedRun(context)).toBeNull();
  });

  it('takes a model and an experiment of any name', async () => {
    const { context } = await workspace();
    const experiment = uniqueName('Région/é 🌱 #1 %2F');
    const odd = { ...context, model: 'x|<b>`"\' ñ'.repeat(20) };
    const log = await start(odd, experiment);
    await log.finish(DONE);
    const [run] = await runsIn(experiment);
    expect(run.info.status).toBe('FINISHED');
    expect(run.data.tags['perennial.withheld']).toBeUndefined();
  });

  it('lets the training go on where the record cannot be written, or nothing is to be logged', async () => {
    const { context, experiment } = await workspace();
    await mkdir(dirname(context.paths.spool), { recursive: true });
    await writeFile(context.paths.spool, 'in the way');
    const unwritable = await start(context, experiment);
    expect(unwritable.runId).toBeNull();
    await unwritable.finish(DONE);

    const { context: other } = await workspace();
    const none = await start(other, experiment, null);
    await none.finish(DONE);
    await none.fail('nobody hears it');
    expect(await deliverPending(other, null)).toEqual({ delivered: 0, waiting: 0 });
    expect(await spooled(other)).toEqual([]);
    expect(await runsIn(experiment)).toEqual([]);
  });

  it('is failed, with the reason, where a stage left something unreadable', async () => {
    const { context, experiment } = await workspace();
    const log = await start(context, experiment);
    await writeFile(context.paths.promotion, '{');
    await log.finish(DONE);
    const [run] = await runsIn(experiment);
    expect(run.info.status).toBe('FAILED');
    expect(run.data.tags['perennial.failure']).toContain('promotion.json is not what its schema expects');
    expect(await readFile(context.paths.promotion, 'utf8')).toBe('{');
  });
});
