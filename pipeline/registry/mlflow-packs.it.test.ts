import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MlflowVersion } from '../../test/servers/mlflow.ts';
import { sharedMlflow } from '../../test/servers/shared-mlflow.ts';
import type { MlflowHome } from '../contracts/homes.ts';
import { PACK_TAG } from './mlflow/packs.ts';
import { Killed, modelOn, type TestModel } from './mlflow-home.testing.ts';
import { verifyPack } from './pack.ts';
import { about, sampleBundle, samplePack } from './sample-bundle.testing.ts';

const { files: bundle, digest } = sampleBundle('one');
const idOf = (content: string) => verifyPack(samplePack(content, digest)).id;

describe.each<MlflowVersion>(['3', '2'])('observation packs on MLflow %s', (version) => {
  let home: MlflowHome;
  const models: TestModel[] = [];
  /** v0001 is registered, and forecast these packs. */
  const withPacks = async (...contents: string[]) => {
    const model = modelOn(home);
    models.push(model);
    await model.open().register(bundle, about);
    for (const content of contents) await model.open().publishPack(samplePack(content, digest));
    return model;
  };
  const runOf = async (model: TestModel) => {
    const row = await model.client().modelVersion(model.name, 1);
    return (await model.client().run(row!.run_id))!;
  };
  beforeAll(async () => {
    home = await sharedMlflow(version);
  }, 600_000);
  afterAll(() => Promise.all(models.map((model) => model.close())));

  it('lie below the run of the bundle that forecast them, the three newest', async () => {
    const model = await withPacks('a', 'b', 'c', 'd', 'e');
    const listed = await model.client().listArtifacts(await runOf(model), 'packs');
    expect(listed.map(({ path }) => path).sort()).toEqual(
      ['c', 'd', 'e'].map((content) => `packs/${idOf(content)}`).sort(),
    );
    const tag = JSON.parse((await model.client().registeredModel(model.name))!.tags[PACK_TAG]);
    expect(tag).toMatchObject({ id: idOf('e'), path: `packs/${idOf('e')}` });
  });

  it('are asked for with one request while there is no newer one', async () => {
    const model = await withPacks('a');
    const { registry, requests } = model.openKilledAt(1000);
    expect(await registry.newestPack(idOf('a'))).toBeNull();
    expect(requests()).toBe(1);
  });

  it('name the artifact that is not what it was, and the next one is served again', async () => {
    const model = await withPacks('a');
    const run = await runOf(model);
    const file = `packs/${idOf('a')}/forecasts.json`;
    await model.client().uploadArtifact(run, file, Buffer.from('{}'));
    await expect(model.open().newestPack(null)).rejects.toThrow(
      /newest observation pack of infections-\w+ in MLflow is damaged: .*forecasts\.json is not the file/,
    );
    await model.client().deleteArtifact(run, file);
    await expect(model.open().newestPack(null)).rejects.toThrow(/forecasts\.json is missing/);
    await model.client().setRegisteredModelTag(model.name, PACK_TAG, 'changed by hand');
    await expect(model.open().newestPack(null)).rejects.toThrow(/tag perennial\.pack is not as written/);
    await model.open().publishPack(samplePack('b', digest));
    expect((await model.open().newestPack(null))?.id).toBe(idOf('b'));
  });

  it('leave the one of before or the new one whole where their publisher was killed, at whichever request', async () => {
    const model = await withPacks('a', 'b', 'c');
    let [before, deaths] = [idOf('c'), 0];
    for (let n = 1; n < 40; n++) {
      const content = `killed at ${n}`;
      const pack = samplePack(content, digest);
      const wasKilled = await model
        .openKilledAt(n)
        .registry.publishPack(pack)
        .then(
          () => false,
          (error) => {
            if (!(error instanceof Killed)) throw error;
            return true;
          },
        );
      const found = await model.open().newestPack(null);
      expect([before, idOf(content)]).toContain(found?.id);
      if (found?.id === idOf(content)) expect(new Map(found.files)).toEqual(pack);
      before = found!.id;
      if (!wasKilled) break;
      deaths++;
    }
    // The home, the version, its run, three files, what was stored, the manifest, the tag, the oldest pack.
    expect(deaths).toBeGreaterThanOrEqual(9);
    expect(deaths).toBeLessThan(39);
    await model.open().publishPack(samplePack('last', digest));
    expect((await model.open().newestPack(before))?.id).toBe(idOf('last'));
  }, 120_000);
});
