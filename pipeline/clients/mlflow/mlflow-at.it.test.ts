import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uniqueName } from '../../../test/servers/mlflow.ts';
import { sharedMlflow } from '../../../test/servers/shared-mlflow.ts';
import type { MlflowHome } from '../../contracts/homes.ts';
import type { Experiment, MetricPoint, Run } from './answers.ts';
import type { Mlflow } from './mlflow.ts';
import { mlflowAt } from './mlflow-at.ts';
import { quoted } from './search.ts';

describe.each(['3', '2'] as const)('MLflow %s', (version) => {
  let home: MlflowHome;
  let mlflow: Mlflow;
  let experiment: Experiment;
  let run: Run;
  let requests: string[] = [];

  beforeAll(async () => {
    home = await sharedMlflow(version);
    mlflow = mlflowAt(home, { beforeRequest: (method, path) => void requests.push(`${method} ${path}`) });
    experiment = await mlflow.ensureExperiment(uniqueName('client/é 😀'));
    run = await newRun();
  });
  afterAll(() => mlflow?.close());

  const newRun = () =>
    mlflow.createRun({
      experimentId: experiment.experiment_id,
      name: 'a run',
      startTime: new Date('2026-03-01T10:00:00Z'),
      tags: { 'mlflow.source.name': 'perennial' },
    });
  const idOf = (one: Run) => one.info.run_id;

  test('tells its version, and the addresses of pages that are there', async () => {
    expect(await mlflow.serverVersion()).toMatch(version === '3' ? /^3\.17/ : /^2\.22/);
    expect(mlflow.page({ experimentId: '7', runId: 'abc' })).toBe(`${home.url}/#/experiments/7/runs/abc`);
    expect(mlflow.page({ model: 'a b', version: 3 })).toBe(`${home.url}/#/models/a%20b/versions/3`);
  });

  describe('experiments', () => {
    test('are made once by two at the same time, and found again', async () => {
      const name = uniqueName('twins');
      expect(await mlflow.experimentByName(name)).toBeNull();
      const made = await Promise.all([1, 2, 3].map(() => mlflow.ensureExperiment(name, { team: 'a' })));
      expect(new Set(made.map(({ experiment_id }) => experiment_id)).size).toBe(1);
      expect(made[0]).toMatchObject({ name, lifecycle_stage: 'active', tags: { team: 'a' } });
    });

    test('are restored where they were deleted, with their tags', async () => {
      const name = uniqueName('deleted');
      const { experiment_id } = await mlflow.ensureExperiment(name);
      await mlflow.setExperimentTag(experiment_id, 'note', 'n'.repeat(9_000));
      await mlflow.deleteExperiment(experiment_id);
      await mlflow.deleteExperiment(experiment_id).catch(() => {});
      expect(await mlflow.experimentByName(name)).toMatchObject({
        experiment_id,
        lifecycle_stage: 'deleted',
      });
      const again = await Promise.all([mlflow.ensureExperiment(name), mlflow.ensureExperiment(name)]);
      for (const one of again) expect(one).toMatchObject({ experiment_id, lifecycle_stage: 'active' });
      expect(again[0]?.tags.note).toMatch(/n… \[cut: 9,000 characters\]$/);
    });

    test('may have the longest name that is taken', async () => {
      const name = uniqueName(`${'é/😀 '.repeat(40)}x`)
        .padEnd(256, 'y')
        .slice(-256)
        .trim();
      expect(await mlflow.ensureExperiment(name)).toMatchObject({ name });
      requests = [];
      await expect(mlflow.ensureExperiment(name.repeat(2))).rejects.toMatchObject({ failure: 'invalid' });
      expect(requests).toEqual([]);
    });
  });

  describe('runs', () => {
    test('are made, read, renamed, ended and deleted', async () => {
      const made = await newRun();
      expect(made.info).toMatchObject({
        run_name: 'a run',
        status: 'RUNNING',
        start_time: 1_772_359_200_000,
      });
      await mlflow.updateRun(idOf(made), {
        status: 'FAILED',
        endTime: new Date('2026-03-01T11:00:00Z'),
        name: 'b',
      });
      expect((await mlflow.run(idOf(made)))?.info).toMatchObject({
        run_name: 'b',
        status: 'FAILED',
        end_time: 1_772_362_800_000,
      });
      await mlflow.deleteRun(idOf(made));
      await mlflow.deleteRun(idOf(made));
      expect((await mlflow.run(idOf(made)))?.info.lifecycle_stage).toBe('deleted');
      expect(await mlflow.run('f'.repeat(32))).toBeNull();
    });

    test('are searched by any tag, page by page', async () => {
      const { experiment_id } = await mlflow.ensureExperiment(uniqueName('search'));
      const tags = ['plain', "it's", 'an "x"', 'back\\slash', '100 %; -- ', '感染 😀'];
      for (const q of tags) {
        await mlflow.createRun({ experimentId: experiment_id, name: q, startTime: new Date(), tags: { q } });
      }
      const search = (filter?: string, limit?: number) =>
        mlflow.searchRuns({
          experimentIds: [experiment_id],
          filter,
          limit,
          orderBy: ['attributes.start_time ASC'],
        });
      for (const q of tags) {
        expect((await search(`tags.q = ${quoted(q)}`)).map(({ data }) => data.tags.q)).toEqual([q]);
      }
      expect((await search()).map(({ info }) => info.run_name)).toEqual(tags);
      expect(await search(undefined, 2)).toHaveLength(2);
      expect(await search("tags.q = 'none'")).toEqual([]);
      await expect(search('nonsense')).rejects.toMatchObject({ failure: 'invalid', status: 400 });
    });

    test('take what one training tells in few requests, and say NaN and Infinity plainly', async () => {
      const at = Date.parse('2026-03-01T10:00:00Z');
      const metrics: MetricPoint[] = Array.from({ length: 2_000 }, (_, i) => ({
        key: `loss/${i % 4}`,
        value: i % 400 === 0 ? Number.NaN : i,
        timestamp: at + i,
        step: i,
      }));
      metrics[1] = { ...metrics[1]!, value: Number.POSITIVE_INFINITY };
      metrics[5] = { ...metrics[5]!, value: Number.NEGATIVE_INFINITY };
      const params = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`p${i}`, i]));
      const batch = { metrics, params, tags: { note: 'first' } };
      const made = await newRun();
      requests = [];
      await mlflow.logBatch(idOf(made), batch);
      expect(requests.length).toBeLessThanOrEqual(3);
      // A delivery that was broken off is made again.
      await mlflow.logBatch(idOf(made), batch);
      for (const line of [0, 1]) {
        const history = await mlflow.metricHistory(idOf(made), `loss/${line}`);
        const told = metrics.filter(({ key }) => key === `loss/${line}`);
        expect(history.sort((a, b) => a.step - b.step)).toEqual(told);
      }
      const read = await mlflow.run(idOf(made));
      expect(read?.data.params.p119).toBe('119');
      expect(Object.keys(read?.data.params ?? {})).toHaveLength(120);
      expect(read?.data.metrics.find(({ key }) => key === 'loss/3')?.value).toBe(1_999);
      expect(await mlflow.metricHistory(idOf(made), 'none')).toEqual([]);
    });

    test('take the rest of a batch whose NaN is there already', async () => {
      const made = await newRun();
      const nan = (step: number) => ({ key: 'a', value: Number.NaN, timestamp: 1_000, step });
      await mlflow.logBatch(idOf(made), { metrics: [nan(1)] });
      const one = { key: 'b', value: 1, timestamp: 1_000, step: 1 };
      await mlflow.logBatch(idOf(made), { metrics: [nan(1), nan(2), one], params: { p: 1 } });
      expect(await mlflow.metricHistory(idOf(made), 'a')).toEqual([nan(1), nan(2)]);
      expect(await mlflow.metricHistory(idOf(made), 'b')).toEqual([one]);
      expect((await mlflow.run(idOf(made)))?.data.params).toEqual({ p: '1' });
    });

    test('keep long values cut with a mark', async () => {
      await mlflow.logBatch(idOf(run), {
        params: { long: '😀'.repeat(6_000) },
        tags: { long: 'x'.repeat(9_000) },
      });
      const { params, tags } = (await mlflow.run(idOf(run)))!.data;
      expect(params.long).toMatch(/^(😀)+… \[cut: 12,000 characters\]$/u);
      expect(tags.long).toMatch(/x… \[cut: 9,000 characters\]$/);
    });

    test('hold a parameter once: the same again is fine, another value a conflict', async () => {
      await mlflow.logParam(idOf(run), 'units', '32');
      await mlflow.logParam(idOf(run), 'units', '32');
      const conflict = { failure: 'conflict', status: 400, code: 'INVALID_PARAMETER_VALUE' };
      await expect(mlflow.logParam(idOf(run), 'units', '64')).rejects.toMatchObject(conflict);
      await expect(mlflow.logBatch(idOf(run), { params: { units: 64 } })).rejects.toMatchObject(conflict);
    });

    test('name their data set once, however often it is told', async () => {
      const input = {
        name: 'infections',
        digest: `${'a1'.repeat(16)}.dir`,
        sourceType: 'dvc',
        source: '{"path":"data"}',
      };
      const told = [{ ...input, context: 'training', schema: '{}', profile: '{}' }];
      await mlflow.logInputs(idOf(run), told);
      await mlflow.logInputs(idOf(run), told);
      const { dataset_inputs } = (await mlflow.run(idOf(run)))!.inputs;
      expect(dataset_inputs).toHaveLength(1);
      expect(dataset_inputs[0]).toMatchObject({
        tags: { 'mlflow.data.context': 'training' },
        dataset: { name: 'infections', digest: input.digest, source: input.source },
      });
    });
  });

  describe('artifacts', () => {
    const odd = 'bundle/ä b?&=+;,@:$(1)~.txt';

    test('come back as they went, whatever their names and bytes', async () => {
      const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 256);
      await mlflow.uploadArtifact(run, odd, bytes);
      await mlflow.uploadArtifact(run, odd, bytes);
      await mlflow.uploadArtifact(run, 'empty.bin', new Uint8Array());
      expect(Buffer.from((await mlflow.artifact(run, odd))!).equals(Buffer.from(bytes))).toBe(true);
      expect(await mlflow.artifact(run, 'empty.bin')).toHaveLength(0);
      expect(await mlflow.listArtifacts(run)).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ path: 'bundle', is_dir: true }),
          expect.objectContaining({ path: 'empty.bin', is_dir: false }),
        ]),
      );
      expect(await mlflow.listArtifacts(run, 'bundle')).toEqual([
        { path: odd, is_dir: false, file_size: 300_000 },
      ]);
      await mlflow.deleteArtifact(run, odd);
      await mlflow.deleteArtifact(run, odd);
      expect(await mlflow.listArtifacts(run, 'bundle')).toEqual([]);
    });

    test('that are missing are null, without waiting', async () => {
      await mlflow.uploadArtifact(run, 'there/x.txt', Buffer.from('x'));
      requests = [];
      expect(await mlflow.artifact(run, 'there/y.txt')).toBeNull();
      expect(await mlflow.artifact(run, 'nowhere/y.txt')).toBeNull();
      expect(requests.length).toBeLessThanOrEqual(4);
      expect(await mlflow.listArtifacts(run, 'nowhere')).toEqual([]);
    });

    test('with a path that would land elsewhere are refused before sending', async () => {
      requests = [];
      const paths = [
        '',
        '/a',
        'a/',
        'a//b',
        '.',
        '..',
        '../a',
        'a/../../b',
        'a\\b',
        'a\nb',
        'a\0',
        'a#b',
        'a%2e',
        'x\ud83d',
      ];
      for (const path of [...paths, 'x'.repeat(1_001)]) {
        const refused = expect.objectContaining({
          failure: 'invalid',
          hint: expect.stringContaining('relative path'),
        });
        await expect(mlflow.uploadArtifact(run, path, Buffer.from('x'))).rejects.toEqual(refused);
        await expect(mlflow.artifact(run, path)).rejects.toEqual(refused);
      }
      expect(requests).toEqual([]);
    });

    test('in a store that only the server reaches are refused with what to do', async () => {
      for (const artifact_uri of ['s3://bucket/1/x/artifacts', 'file:///srv/x', '/srv/mlruns/1', '']) {
        const elsewhere = { ...run, info: { ...run.info, artifact_uri } };
        await expect(mlflow.artifact(elsewhere, 'a')).rejects.toMatchObject({
          failure: 'invalid',
          hint: expect.stringContaining('--serve-artifacts'),
        });
      }
    });
  });

  describe('registered models', () => {
    test('hold versions with tags and aliases', async () => {
      const name = uniqueName('model é 😀');
      expect(await mlflow.registeredModel(name)).toBeNull();
      expect(await mlflow.versionByAlias(name, 'champion')).toBeNull();
      expect(
        await mlflow.createRegisteredModel({ name, description: 'd', tags: { team: 'a' } }),
      ).toMatchObject({ name });
      await expect(mlflow.createRegisteredModel({ name })).rejects.toMatchObject({
        failure: 'exists',
        status: 400,
      });
      await mlflow.updateRegisteredModel(name, { description: 'e'.repeat(6_000) });
      await mlflow.setRegisteredModelTag(name, 'k', 'v');

      const source = `${run.info.artifact_uri}/bundle`;
      const first = await mlflow.createModelVersion({
        name,
        source,
        runId: idOf(run),
        tags: { digest: 'x' },
      });
      expect(first).toMatchObject({
        name,
        version: 1,
        status: 'READY',
        run_id: idOf(run),
        source,
        tags: { digest: 'x' },
      });
      const second = await mlflow.createModelVersion({ name, source, runId: idOf(run), description: 'two' });
      expect(second).toMatchObject({ version: 2, description: 'two' });
      await mlflow.updateModelVersion(name, 1, { description: 'one' });
      await mlflow.setModelVersionTag(name, 1, 'state', 's'.repeat(6_000));

      expect(await mlflow.versionByAlias(name, 'champion')).toBeNull();
      await mlflow.setAlias(name, 'champion', 1);
      await mlflow.setAlias(name, 'champion', 2);
      await mlflow.setAlias(name, 'challenger', 1);
      expect(await mlflow.versionByAlias(name, 'champion')).toMatchObject({ version: 2 });
      await expect(mlflow.setAlias(name, 'champion', 9)).rejects.toMatchObject({ failure: 'not-found' });
      await expect(mlflow.setAlias(name, 'latest', 1)).rejects.toMatchObject({ failure: 'invalid' });
      const model = await mlflow.registeredModel(name);
      expect(model).toMatchObject({ aliases: { champion: 2, challenger: 1 }, tags: { team: 'a', k: 'v' } });
      expect(model?.description).toMatch(/… \[cut: 6,000 characters\]$/);
      expect((await mlflow.modelVersion(name, 1))?.tags.state).toMatch(/… \[cut: 6,000 characters\]$/);
      expect((await mlflow.modelVersion(name, 1))?.description).toBe('one');

      const found = await mlflow.searchModelVersions(`name = ${quoted(name)}`);
      expect(found.map((one) => one.version).sort()).toEqual([1, 2]);
      await mlflow.deleteAlias(name, 'challenger');
      await mlflow.deleteAlias(name, 'challenger');
      expect(await mlflow.versionByAlias(name, 'challenger')).toBeNull();
      await mlflow.deleteModelVersion(name, 1);
      await mlflow.deleteModelVersion(name, 1);
      expect(await mlflow.modelVersion(name, 1)).toBeNull();
      expect(await mlflow.searchModelVersions(`name = ${quoted(name)}`)).toHaveLength(1);
      await mlflow.deleteRegisteredModel(name);
      await mlflow.deleteRegisteredModel(name);
      expect(await mlflow.registeredModel(name)).toBeNull();
      expect(await mlflow.modelVersion(name, 2)).toBeNull();
    });

    test('get a new tag from several at the same moment', async () => {
      const name = uniqueName('at once');
      await mlflow.createRegisteredModel({ name });
      const keys = Array.from({ length: 12 }, (_, at) => `k${at}`);
      const writers = ['a', 'b', 'c', 'd', 'e', 'f'];
      for (const key of keys) {
        await Promise.all(writers.map((value) => mlflow.setRegisteredModelTag(name, key, value)));
      }
      const tags = (await mlflow.registeredModel(name))?.tags ?? {};
      for (const key of keys) expect(writers).toContain(tags[key]);
    });

    test('whose champion was deleted show it: 2.22 keeps the alias, 3.17 takes it away', async () => {
      const name = uniqueName('headless');
      await mlflow.createRegisteredModel({ name });
      await mlflow.createModelVersion({ name, source: `${run.info.artifact_uri}/bundle`, runId: idOf(run) });
      await mlflow.setAlias(name, 'champion', 1);
      await mlflow.deleteModelVersion(name, 1);
      expect(await mlflow.versionByAlias(name, 'champion')).toBeNull();
      const { aliases } = (await mlflow.registeredModel(name))!;
      expect(aliases).toEqual(version === '2' ? { champion: 1 } : {});
    });

    test('are searched over more than one page', async () => {
      const name = uniqueName('pages');
      await mlflow.createRegisteredModel({ name });
      const source = `${run.info.artifact_uri}/bundle`;
      for (let i = 0; i < 5; i++) await mlflow.createModelVersion({ name, source, runId: idOf(run) });
      const all = await mlflow.searchModelVersions(`name = ${quoted(name)}`);
      expect(all.map((one) => one.version).sort()).toEqual([1, 2, 3, 4, 5]);
    });
  });
});
