import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MlflowVersion } from '../../test/servers/mlflow.ts';
import { sharedMlflow } from '../../test/servers/shared-mlflow.ts';
import type { Run } from '../clients/mlflow/answers.ts';
import { ConflictError, CorruptError, UsageError } from '../contracts/errors.ts';
import type { MlflowHome } from '../contracts/homes.ts';
import { DIGEST_TAG } from './mlflow/facts.ts';
import { modelOn, remembering, type TestModel } from './mlflow-home.testing.ts';
import { about, sampleBundle } from './sample-bundle.testing.ts';

describe.each<MlflowVersion>(['3', '2'])('MLflow %s', (version) => {
  let home: MlflowHome;
  const models: TestModel[] = [];
  const fresh = () => {
    const model = modelOn(home);
    models.push(model);
    return model;
  };
  /** v0001 is the champion. */
  const promoted = async () => {
    const model = fresh();
    await model.open().register(sampleBundle('one').files, about);
    await model.open().setAlias('champion', 'v0001', null);
    return model;
  };
  /** The run of a version, as MLflow has it. */
  const runOf = async (model: TestModel, number: number): Promise<Run> => {
    const row = await model.client().modelVersion(model.name, number);
    return (await model.client().run(row!.run_id))!;
  };
  beforeAll(async () => {
    home = await sharedMlflow(version);
  }, 600_000);
  afterAll(() => Promise.all(models.map((model) => model.close())));

  describe('what people do on its pages', () => {
    it('names the artifact that is not what it was, or is missing, and what to do', async () => {
      const model = await promoted();
      const run = await runOf(model, 1);
      const folder = (await model.client().modelVersion(model.name, 1))?.tags['perennial.folder'];
      const file = (path: string) => `${folder}/${path}`;
      await model.client().uploadArtifact(run, file('schema.json'), Buffer.from('{"horizons":[1,8]}'));
      for (const ask of [
        () => model.open().version('v0001'),
        () => model.open().bundle('v0001'),
        () => model.open().alias('champion'),
      ])
        await expect(ask()).rejects.toThrow(
          /v0001 of infections-\w+ in MLflow is damaged: bundle file schema\.json is not/,
        );
      await model.client().deleteArtifact(run, file('schema.json'));
      await expect(model.open().alias('champion')).rejects.toThrow(/schema\.json is missing/);
      await model.client().uploadArtifact(run, file('bundle.json'), Buffer.from('{}'));
      const error = await model
        .open()
        .alias('champion')
        .catch((failure) => failure);
      expect(error).toBeInstanceOf(CorruptError);
      expect(error.hint).toMatch(/roll back .* restore/);
      // Where it points can still be told, and moved.
      expect(await model.open().pointer('champion')).toBe('v0001');
    });

    it('says that the champion was deleted, and lets it be moved away', async () => {
      const model = await promoted();
      await model.open().register(sampleBundle('two').files, about);
      await model.client().deleteModelVersion(model.name, 1);
      const error = await model
        .open()
        .alias('champion')
        .catch((failure) => failure);
      expect(error).toBeInstanceOf(CorruptError);
      expect(error.message).toBe(
        `champion of ${model.name} is v0001, and that version was deleted in MLflow`,
      );
      expect(error.hint).toMatch(/perennial rollback --to/);
      await model.open().setAlias('champion', 'v0002', 'v0001');
      expect((await model.open().alias('champion'))?.version).toBe('v0002');
      // A number that was used is not used again.
      expect((await model.open().register(sampleBundle('one').files, about)).version).toBe('v0003');
    });

    it('puts an alias back that was moved by hand, and says so', async () => {
      const model = await promoted();
      for (const content of ['two', 'three']) await model.open().register(sampleBundle(content).files, about);
      await model.client().setAlias(model.name, 'champion', 3);
      await model.client().setAlias(model.name, 'challenger', 2);
      const { log, lines } = remembering();
      expect((await model.open({ log }).alias('champion'))?.version).toBe('v0001');
      expect(await model.open({ log }).alias('challenger')).toBeNull();
      expect(await model.shown('champion')).toBe('v0001');
      expect(await model.shown('challenger')).toBeNull();
      expect(lines.filter((line) => /by hand/.test(line))).toHaveLength(2);
    });

    it('lets versions be that somebody else made, and takes no number twice', async () => {
      const model = await promoted();
      await model.client().createModelVersion({ name: model.name, source: 's3://elsewhere/model' });
      expect(await model.open().versions()).toHaveLength(1);
      expect(await model.open().version('v0002')).toBeNull();
      await expect(model.open().setAlias('champion', 'v0002', 'v0001')).rejects.toThrow(UsageError);
      expect((await model.open().register(sampleBundle('two').files, about)).version).toBe('v0003');
    });

    it('refuses a registered model that somebody else made', async () => {
      const model = fresh();
      await model.client().createRegisteredModel({ name: model.name });
      const error = await model
        .open()
        .register(sampleBundle('one').files, about)
        .catch((failure) => failure);
      expect(error).toBeInstanceOf(UsageError);
      expect(error.message).toMatch(/that Perennial did not make/);
      expect(error.hint).toMatch(/PERENNIAL_MODEL_PREFIX/);
      await expect(model.open().alias('champion')).rejects.toThrow(UsageError);
      const prefixed = model.open({ prefix: 'p-' });
      expect((await prefixed.register(sampleBundle('one').files, about)).version).toBe('v0001');
    });

    it('names a version whose tags were changed', async () => {
      const model = await promoted();
      await model.client().setModelVersionTag(model.name, 1, 'perennial.version.1', '{}');
      await expect(model.open().versions()).rejects.toThrow(/the tags of v0001 of .* not as they were/);
    });

    it('restores a deleted experiment, and says which run to restore where only that was deleted', async () => {
      const model = await promoted();
      const { experiment_id: id } = await model.client().ensureExperiment(model.experiment);
      await model.client().deleteExperiment(id);
      const { log, lines } = remembering();
      expect((await model.open({ log }).alias('champion'))?.version).toBe('v0001');
      expect(lines.join()).toMatch(/was deleted: restored/);

      const ledger = (await model.client().registeredModel(model.name))!.tags['perennial.ledger'];
      await model.client().deleteRun(ledger);
      for (const work of [
        () => model.open().alias('champion'),
        () => model.open().setAlias('champion', 'v0001', 'v0001'),
      ]) {
        const error = await work().catch((failure) => failure);
        expect(error).toBeInstanceOf(CorruptError);
        expect(error.message).toContain(ledger);
        expect(error.hint).toMatch(/Restore/);
      }
    });

    it('begins anew where the whole registered model was deleted', async () => {
      const model = await promoted();
      await model.client().deleteRegisteredModel(model.name);
      expect(await model.open().versions()).toEqual([]);
      expect(await model.open().alias('champion')).toBeNull();
      expect((await model.open().register(sampleBundle('one').files, about)).version).toBe('v0001');
      // The moves of the model that was there before are not taken for its own.
      expect(await model.open().alias('champion')).toBeNull();
    });
  });

  describe('two at once', () => {
    it('lets exactly one of several promoters win, each time, and MLflow shows that one', async () => {
      const model = await promoted();
      await model.open().register(sampleBundle('two').files, about);
      const clients = [1, 2, 3, 4].map((number) => model.open({ by: `promoter ${number}` }));
      let champion = 'v0001';
      for (let round = 0; round < 15; round++) {
        const next = champion === 'v0001' ? 'v0002' : 'v0001';
        const outcomes = await Promise.allSettled(
          clients.map((client) => client.setAlias('champion', next, champion)),
        );
        const lost = outcomes.filter((one) => one.status === 'rejected');
        expect(lost.map(({ reason }) => (reason as Error).name)).toEqual(Array(3).fill('ConflictError'));
        expect(await model.shown('champion')).toBe(next);
        champion = next;
      }
      expect(await model.moves('champion')).toBe(16);
    });

    it('makes one version of one bundle', async () => {
      const { files } = sampleBundle('one');
      for (let round = 0; round < 3; round++) {
        const model = fresh();
        const made = await Promise.all([1, 2, 3, 4].map(() => model.open().register(files, about)));
        expect(new Set(made.map((one) => JSON.stringify(one))).size).toBe(1);
        expect(await model.open().versions()).toEqual([made[0]]);
        const { versions, ledgers } = await model.made();
        expect({ versions, ledgers }).toEqual({ versions: 1, ledgers: 1 });
      }
    });

    it('knows the lowest number of a digest alone, and takes a higher one away unless an alias points there', async () => {
      const model = await promoted();
      const mlflow = model.client();
      const first = (await mlflow.modelVersion(model.name, 1))!;
      const twin = { name: model.name, source: first.source, runId: first.run_id, tags: first.tags };
      await mlflow.createModelVersion(twin);
      await mlflow.createModelVersion(twin);
      await mlflow.setAlias(model.name, 'mine', 3);
      expect((await model.open().versions()).map((one) => one.version)).toEqual(['v0001']);
      expect(await mlflow.modelVersion(model.name, 2)).toBeNull();
      expect(await mlflow.modelVersion(model.name, 3)).not.toBeNull();
      expect((await model.open().register(sampleBundle('one').files, about)).version).toBe('v0001');
    });

    it('does not need clocks that agree', async () => {
      const model = fresh();
      const ahead = model.open({ now: () => new Date('2026-03-01T13:00:00Z') });
      const behind = model.open({ now: () => new Date('2026-03-01T12:00:00Z') });
      expect((await ahead.register(sampleBundle('one').files, about)).version).toBe('v0001');
      expect((await behind.register(sampleBundle('two').files, about)).version).toBe('v0002');
      expect((await behind.register(sampleBundle('one').files, about)).version).toBe('v0001');
      expect((await ahead.versions()).map((one) => one.version)).toEqual(['v0001', 'v0002']);
      await ahead.setAlias('champion', 'v0001', null);
      await behind.setAlias('champion', 'v0002', 'v0001');
      await expect(ahead.setAlias('champion', 'v0001', 'v0001')).rejects.toThrow(ConflictError);
      expect((await ahead.alias('champion'))?.version).toBe('v0002');
    });
  });

  it('downloads a champion once, however often it is asked for', async () => {
    const model = await promoted();
    const asked: string[] = [];
    const mlflow = model.client({ beforeRequest: (method, path) => void asked.push(`${method} ${path}`) });
    const registry = model.open({}, mlflow);
    for (let i = 0; i < 3; i++) await registry.alias('champion');
    const files = await registry.bundle('v0001');
    files.delete('schema.json');
    expect((await registry.bundle('v0001')).size).toBe(3);
    expect(asked.filter((line) => line.includes('mlflow-artifacts'))).toHaveLength(3);
  });

  it('keeps two bundles of one run apart', async () => {
    const model = await promoted();
    const { info } = await runOf(model, 1);
    await model.open().register(sampleBundle('two').files, { ...about, run: info.run_id });
    const rows = await model.client().searchModelVersions(`name = '${model.name}'`);
    expect(new Set(rows.map(({ run_id }) => run_id)).size).toBe(1);
    expect(new Set(rows.map(({ tags }) => tags[DIGEST_TAG])).size).toBe(2);
    for (const [number, content] of [
      ['v0001', 'one'],
      ['v0002', 'two'],
    ])
      expect(new Map(await model.open().bundle(number))).toEqual(sampleBundle(content).files);
  });

  it('gives the bundle a run of its own where the training’s is not there', async () => {
    const model = fresh();
    const made = await model.open().register(sampleBundle('one').files, { ...about, run: '0'.repeat(32) });
    expect(made.run).toBe('0'.repeat(32));
    expect(await model.open().version('v0001')).toEqual(made);
  });
});
