import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FaultProxy } from '../../../test/servers/fault-proxy.ts';
import { addUser, grant, type MlflowVersion, uniqueName } from '../../../test/servers/mlflow.ts';
import { sharedMlflow } from '../../../test/servers/shared-mlflow.ts';
import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import { mlflowAt } from '../../clients/mlflow/mlflow-at.ts';
import type { MlflowHome } from '../../contracts/homes.ts';
import { mlflowRegistry } from '../../registry/mlflow.ts';
import { about, sampleBundle } from '../../registry/sample-bundle.testing.ts';
import { checkMlflow } from './check-mlflow.ts';
import { doctorsRepository, notes, wrongOf } from './doctors-repository.testing.ts';
import { probeName } from './mlflow-probe.ts';

let at: Awaited<ReturnType<typeof doctorsRepository>>;
let model: string;

beforeAll(async () => {
  at = await doctorsRepository();
});
beforeEach(async () => {
  model = await at.newModel();
});
afterAll(() => at.remove());

const doctor = (...call: Parameters<typeof at.doctor>) => at.doctor(...call);

const envOf = ({ url, username, password }: MlflowHome) => ({
  MLFLOW_TRACKING_URI: url,
  ...(username && { MLFLOW_TRACKING_USERNAME: username, MLFLOW_TRACKING_PASSWORD: password }),
});

describe.each(['3', '2'] satisfies MlflowVersion[])('MLflow %s', (version) => {
  let home: MlflowHome;
  let mlflow: Mlflow;

  beforeAll(async () => {
    home = await sharedMlflow(version);
    mlflow = mlflowAt(home);
  }, 600_000);
  afterAll(() => mlflow?.close());

  const registryOf = (name: string) =>
    mlflowRegistry(mlflow, { model: name, experiment: name, now: () => new Date() });

  async function nothingIsLeft(of = home): Promise<void> {
    const name = probeName(of);
    expect(await mlflow.registeredModel(name)).toBeNull();
    const experiment = await mlflow.experimentByName(name);
    expect(experiment?.lifecycle_stage).toBe('deleted');
    // MLflow restores its runs with it: there is one, and its file is gone.
    const { experiment_id } = await mlflow.ensureExperiment(name);
    const runs = await mlflow.searchRuns({ experimentIds: [experiment_id] });
    expect(runs).toHaveLength(1);
    expect(await mlflow.listArtifacts(runs[0])).toEqual([]);
    await mlflow.deleteExperiment(experiment_id);
  }

  /** @returns the version that is champion, the second of two */
  async function twoVersions(name: string): Promise<string> {
    const registry = registryOf(name);
    const first = await registry.register(sampleBundle('first').files, about);
    await registry.setAlias('champion', first.version, null);
    const second = await registry.register(sampleBundle('second').files, about);
    await registry.setAlias('champion', second.version, first.version);
    return second.version;
  }

  test('all is well, and nothing is left behind', async () => {
    const findings = await doctor({ ...envOf(home), MLFLOW_TRACKING_URI: `${home.url}/` });
    expect(wrongOf(findings)).toEqual([]);
    expect(notes(findings)).toEqual([]);
    expect(findings.filter(({ home: of }) => of === 'MLflow').map(({ said }) => said)).toEqual([
      expect.stringMatching(/^reached, version [23]\..*, log-in accepted$/),
      'written, read back, deleted: experiment, run, parameter, metric, artifact',
      'made, found by its alias, deleted: model, version, alias',
    ]);
    await nothingIsLeft();
  });

  test('a champion is read whole', async () => {
    await twoVersions(model);
    const findings = await doctor(envOf(home));
    expect(wrongOf(findings)).toEqual([]);
    expect(findings.at(-1)?.said).toMatch(
      /^2 versions; champion v0002 \(.+\): each byte is what its digest says$/,
    );
  });

  test('a champion that points to a deleted version', async () => {
    await twoVersions(model);
    await mlflow.deleteModelVersion(model, 2);
    const [finding, ...others] = wrongOf(await doctor(envOf(home)));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ home: 'registry', exitCode: 6 });
    expect(finding.said).toMatch(/champion of .* is v0002, and that version was deleted/);
    expect(finding.hint).toMatch(/rollback/);
  });

  test('an artifact whose hash differs', async () => {
    await twoVersions(model);
    const row = await mlflow.modelVersion(model, 2);
    const run = await mlflow.run(row?.run_id ?? '');
    if (!run) throw new Error('no run');
    const [folder] = await mlflow.listArtifacts(run, 'bundle');
    await mlflow.uploadArtifact(run, `${folder.path}/schema.json`, Buffer.from('other'));
    const [finding, ...others] = wrongOf(await doctor(envOf(home)));
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ home: 'registry', exitCode: 6 });
    expect(finding.said).toMatch(/v0002 of .* in MLflow is damaged/);
  });

  test('an alias that was moved by hand on MLflow’s page', async () => {
    await twoVersions(model);
    await mlflow.setAlias(model, 'champion', 1);
    const findings = await doctor(envOf(home));
    expect(wrongOf(findings)).toEqual([]);
    expect(notes(findings)).toEqual([`champion is v0002, MLflow's page shows v0001`]);
  });

  test('a wrong password is told once, without the password', async () => {
    const secret = `wrong-${randomBytes(4).toString('hex')}`;
    const env = { ...envOf(home), MLFLOW_TRACKING_PASSWORD: secret };
    const findings = await doctor(env);
    const [finding, ...others] = wrongOf(findings);
    expect(others).toEqual([]);
    expect(finding.said).toMatch(/answered 401/);
    expect(finding.hint).toMatch(/user, password or token are wrong/);
    expect(JSON.stringify(findings)).not.toContain(secret);
  });

  test('a user without rights to the model', async () => {
    await twoVersions(model);
    const reader = await addUser(home, uniqueName('reader'));
    await grant(home, reader.username ?? '', { model }, 'READ');
    const [finding, ...others] = wrongOf(await doctor(envOf(reader)));
    expect(others).toEqual([]);
    expect(finding.home).toBe('registry');
    expect(finding.said).toMatch(/answered 403/);
    await nothingIsLeft(reader);
  });

  test('a clock that is an hour ahead, or behind', async () => {
    const shifted = (hours: number) => ({ now: () => new Date(Date.now() + hours * 3_600_000) });
    const [ahead] = wrongOf(await doctor(envOf(home), shifted(1)));
    expect(ahead).toMatchObject({
      home: 'clock',
      said: `this machine's clock is 60 min ahead of the server's`,
    });
    const [behind] = wrongOf(await doctor(envOf(home), shifted(-1)));
    expect(behind.said).toBe(`this machine's clock is 60 min behind the server's`);
  });

  test('an experiment with slashes and emoji is taken as it is', async () => {
    const name = `${model}/🦠/cases`;
    const made = await mlflow.ensureExperiment(name);
    expect((await mlflow.experimentByName(name))?.experiment_id).toBe(made.experiment_id);
    await mlflow.deleteExperiment(made.experiment_id);
  });

  test('killed at any request, the next doctor leaves nothing behind', async () => {
    const proxy = await FaultProxy.start(home.url);
    const throughProxy = { ...home, url: proxy.url, retries: 0 };
    const check = async () => {
      const client = mlflowAt(throughProxy);
      try {
        const signal = new AbortController().signal;
        return await checkMlflow({ home: throughProxy, mlflow: client, now: () => new Date(), signal });
      } finally {
        await client.close();
      }
    };
    try {
      expect(wrongOf(await check())).toEqual([]);
      const all = proxy.requests.length;
      expect(all).toBeGreaterThan(20);
      for (let requests = 3; requests < all; requests += 2) {
        proxy.passOnly(requests);
        const broken = await check();
        expect(wrongOf(broken).length + notes(broken).length).toBeGreaterThan(0);
        proxy.heal();
        expect(wrongOf(await check())).toEqual([]);
      }
      await nothingIsLeft();
    } finally {
      await proxy.close();
    }
  }, 300_000);
});

test('another kind of server', async () => {
  const home = await sharedMlflow('3');
  const proxy = await FaultProxy.start(home.url);
  try {
    proxy.fail({ fault: { kind: 'html' }, times: Number.POSITIVE_INFINITY });
    const [finding, ...others] = wrongOf(await doctor({ MLFLOW_TRACKING_URI: proxy.url }));
    expect(others).toEqual([]);
    expect(finding.said).toMatch(/answered 200 with a web page, expected JSON/);
    expect(finding.exitCode).toBe(2);
  } finally {
    await proxy.close();
  }
});
