import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MlflowVersion } from '../../test/servers/mlflow.ts';
import { sharedMlflow } from '../../test/servers/shared-mlflow.ts';
import type { MlflowHome } from '../contracts/homes.ts';
import { modelOn } from './mlflow-home.testing.ts';
import { registryContract } from './registry-contract.testing.ts';
import { about, sampleBundle } from './sample-bundle.testing.ts';

describe.each<MlflowVersion>(['3', '2'])('MLflow %s', (version) => {
  let home: MlflowHome;
  const models: ReturnType<typeof modelOn>[] = [];
  const fresh = () => {
    const model = modelOn(home);
    models.push(model);
    return model;
  };
  beforeAll(async () => {
    home = await sharedMlflow(version);
  }, 600_000);
  afterAll(() => Promise.all(models.map((model) => model.close())));

  registryContract(`MLflow ${version}`, async () => {
    const model = fresh();
    return { registry: model.open({ model: model.name }), another: model.open({ model: model.name }) };
  });

  it('keeps facts that are longer than a tag, in any letters, exactly', async () => {
    const model = fresh();
    const facts = {
      ...about,
      metrics: { wape: 0.1 + 0.2, wis: null, tiny: 5e-324, 'größe ✓': -0.1 },
      hyperparameters: { note: `${'ä🙂'.repeat(4000)}"\\\n`, units: 32 },
    };
    const made = await model.open().register(sampleBundle('one').files, facts);
    expect(await model.open().version('v0001')).toEqual(made);
    expect(made).toMatchObject(facts);
  });
});
