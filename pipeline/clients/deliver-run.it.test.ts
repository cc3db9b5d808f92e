import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FaultProxy } from '../../test/servers/fault-proxy.ts';
import { type MlflowVersion, uniqueName } from '../../test/servers/mlflow.ts';
import { sharedMlflow } from '../../test/servers/shared-mlflow.ts';
import type { MlflowHome } from '../contracts/homes.ts';
import { RunRecord } from '../contracts/run-record.ts';
import { readJson } from '../files.ts';
import { beginRun, DELIVERY, deliver } from './deliver-run.ts';
import type { Mlflow } from './mlflow/mlflow.ts';
import { mlflowAt } from './mlflow/mlflow-at.ts';
import { failRecord, openRecord, type Spooled } from './run-spool.ts';
import { BEGINNING, sampleRecord } from './sample-record.testing.ts';

const child = fileURLToPath(new URL('deliver-child.testing.ts', import.meta.url));

describe.each<MlflowVersion>(['3', '2'])('a run delivered to MLflow %s', (version) => {
  let home: MlflowHome;
  let mlflow: Mlflow;
  let proxy: FaultProxy;
  let experiment: string;
  const removals: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    home = await sharedMlflow(version);
    mlflow = mlflowAt(home);
    proxy = await FaultProxy.start(home.url);
    experiment = uniqueName('Läufe/tägliche 🌱');
    await mlflow.ensureExperiment(experiment);
  });
  afterAll(async () => {
    await mlflow?.close();
    await proxy?.close();
  });
  afterEach(async () => {
    proxy.heal();
    for (const remove of removals.splice(0)) await remove();
  });

  async function record(): Promise<Spooled> {
    const { spooled, remove } = await sampleRecord(experiment);
    removals.push(remove);
    return spooled;
  }

  /** Through the proxy, without second attempts. */
  async function through<T>(work: (client: Mlflow) => Promise<T>): Promise<T> {
    const client = mlflowAt({ ...home, url: proxy.url, retries: 0 });
    try {
      return await work(client);
    } finally {
      await client.close();
    }
  }

  /** As a new process finds it. */
  async function reread({ folder }: Spooled): Promise<Spooled> {
    return { folder, record: (await readJson(join(folder, 'record.json'), RunRecord))! };
  }

  async function runsOf({ record }: Spooled) {
    const found = await mlflow.experimentByName(experiment);
    return await mlflow.searchRuns({
      experimentIds: [found!.experiment_id],
      filter: `tags.\`${DELIVERY}\` = '${record.id}'`,
    });
  }

  /** One run, with every point, parameter, input and file once. */
  async function expectOnce(spooled: Spooled): Promise<void> {
    expect(existsSync(spooled.folder)).toBe(false);
    const runs = await runsOf(spooled);
    expect(runs).toHaveLength(1);
    const [run] = runs;
    expect(run.info).toMatchObject({ status: 'FINISHED', run_name: 'infections 2026-06-30 22:00' });
    expect(run.info.end_time! - run.info.start_time!).toBe(180_000);
    const loss = await mlflow.metricHistory(run.info.run_id, 'lstm-1/training-loss');
    expect(loss.map(({ step, value }) => [step, value])).toEqual(
      Array.from({ length: 60 }, (_, step) => [step, 1 / (step + 1)]),
    );
    for (const key of ['wape/challenger', 'wis/champion'])
      expect(await mlflow.metricHistory(run.info.run_id, key)).toHaveLength(1);
    expect(run.inputs.dataset_inputs).toHaveLength(1);
    expect((await mlflow.listArtifacts(run)).map(({ path }) => path).sort()).toEqual(['bundle', 'report.md']);
    expect(await mlflow.artifact(run, 'bundle/weights.bin')).toHaveLength(50_000);
  }

  it('has all of it, in the words of the pages', async () => {
    const spooled = await record();
    const delivered = await deliver(mlflow, spooled);
    expect(delivered).toMatchObject({ withheld: [] });
    await expectOnce(spooled);
    const [run] = await runsOf(spooled);
    expect(run.data.tags).toMatchObject({
      'mlflow.user': 'the robot',
      'mlflow.note.content': '**Published**, and it is better.',
      'perennial.outcome': 'first',
    });
    expect(run.data.params).toMatchObject({ seed: '1', horizons: '1, 2, 3' });
    // Cut by us, with a mark; a column's odd name is made a key.
    expect(run.data.params.long).toMatch(/^x{5900,}… \[cut: 20,000 characters\]$/);
    expect(Object.values(run.data.params)).toContain('new_cases');
    const nan = run.data.metrics.find(({ key }) => key === 'wis/champion');
    expect(nan?.value).toBeNaN();
    const [{ dataset, tags }] = run.inputs.dataset_inputs;
    expect(dataset).toMatchObject({ digest: 'd41d8cd98f00b204e9800998ecf8427e.dir', source_type: 'http' });
    expect(tags['mlflow.data.context']).toBe('training');
    expect(delivered?.page).toContain(run.info.run_id);
  });

  it('is there once, whatever request a killed delivery got to, and whether or not it noted the run', async () => {
    const whole = await record();
    const before = proxy.requests.length;
    await through((client) => deliver(client, whole));
    const requests = proxy.requests.length - before;
    expect(requests).toBeGreaterThanOrEqual(8);
    for (let passed = 0; passed < requests; passed++) {
      const spooled = await record();
      proxy.passOnly(passed);
      await expect(through((client) => deliver(client, spooled))).rejects.toThrow();
      proxy.heal();
      // Every other time as if it was killed before it could note the run that it had made.
      const found = passed % 2 === 0 ? spooled : await reread(spooled);
      await through((client) => deliver(client, found));
      await expectOnce(spooled);
    }
  });

  it('is there once where an answer is lost, whichever it is', async () => {
    const whole = await record();
    const before = proxy.requests.length;
    await through((client) => deliver(client, whole));
    const requests = proxy.requests.length - before;
    for (let lost = 0; lost < requests; lost++) {
      const spooled = await record();
      let seen = -1;
      proxy.fail({ when: () => ++seen === lost, fault: { kind: 'reset', forwarded: true } });
      await through((client) => deliver(client, spooled)).catch(async () => {
        proxy.heal();
        await deliver(mlflow, await reread(spooled));
      });
      proxy.heal();
      await expectOnce(spooled);
    }
  });

  it('is there once after the process was killed', async () => {
    const [early, late] = await Promise.all(
      [3, 7].map(async (dieAt) => {
        const spooled = await record();
        const { signal } = await execa(process.execPath, ['--import', 'tsx', child, spooled.folder], {
          env: { HOME_OF: JSON.stringify(home), DIE_AT: String(dieAt) },
          reject: false,
          timeout: 60_000,
        });
        expect(signal).toBe('SIGKILL');
        return spooled;
      }),
    );
    for (const spooled of [early, late]) {
      expect(existsSync(spooled.folder)).toBe(true);
      await deliver(mlflow, await reread(spooled));
      await expectOnce(spooled);
    }
  });

  it('is one where a request that was thought lost made a second run', async () => {
    const spooled = await record();
    const { experiment_id } = (await mlflow.experimentByName(experiment))!;
    for (const name of ['one', 'two']) {
      const tags = { [DELIVERY]: spooled.record.id };
      await mlflow.createRun({ experimentId: experiment_id, name, startTime: new Date(), tags });
    }
    await deliver(mlflow, spooled);
    expect(await runsOf(spooled)).toHaveLength(1);
  });

  it('is seen while it runs, and marked failed with its reason', async () => {
    const opened = await openRecord(join((await record()).folder, '..'), BEGINNING(experiment));
    const { spooled, run } = await beginRun(mlflow, opened);
    expect((await mlflow.run(run.info.run_id))?.info.status).toBe('RUNNING');
    const failed = await failRecord(spooled, {
      reason: 'the data were gone',
      at: '2026-06-30T22:01:00.000Z',
    });
    await deliver(mlflow, failed);
    const [seen] = await runsOf(failed);
    expect(seen.info).toMatchObject({ run_id: run.info.run_id, status: 'FAILED' });
    expect(seen.data.tags['perennial.failure']).toBe('the data were gone');
    expect(seen.data.tags['mlflow.note.content']).toBe('**Failed: the data were gone**\n\nit runs');
    expect(seen.data.params).toEqual({ seed: '1' });
  });

  it('goes without what the server refuses, and says so on the run', async () => {
    const spooled = await record();
    await writeFile(join(spooled.folder, spooled.record.artifacts[0].file), 'changed after the run');
    proxy.fail({
      when: (method) => method === 'PUT',
      fault: { kind: 'status', status: 413, body: 'too large' },
    });
    const delivered = await through((client) => deliver(client, spooled));
    expect(delivered?.withheld).toHaveLength(2);
    const [run] = await runsOf(spooled);
    expect(run.info.status).toBe('FINISHED');
    expect(run.data.tags['perennial.withheld']).toMatch(/bundle\/weights.bin: .*\nreport.md: .*changed/);
  });

  it('is made anew where the server no longer has it, and let go where a person deleted it', async () => {
    const moved = await record();
    moved.record.mlflow_run = '0'.repeat(32);
    await deliver(mlflow, moved);
    await expectOnce(moved);

    const unwanted = await record();
    const { spooled, run } = await beginRun(mlflow, unwanted);
    await mlflow.deleteRun(run.info.run_id);
    expect(await deliver(mlflow, spooled)).toBeNull();
    expect(existsSync(spooled.folder)).toBe(false);
    expect(await runsOf(spooled)).toEqual([]);
  });

  it('stays on disk where the server is away', async () => {
    const spooled = await record();
    proxy.passOnly(0);
    await expect(through((client) => deliver(client, spooled))).rejects.toMatchObject({
      failure: 'unavailable',
    });
    expect((await reread(spooled)).record).toEqual(spooled.record);
  });
});
