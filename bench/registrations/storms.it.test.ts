import { expect, it } from 'vitest';
import { uniqueName } from '../../test/servers/mlflow.ts';
import { sharedMlflow } from '../../test/servers/shared-mlflow.ts';
import { stormOnFolder } from './folder-storm.ts';
import { stormOnMlflow } from './mlflow-storm.ts';

/** The small brothers of `npm run bench -- registrations`. */
const size = { bundles: 40, registrars: 3, seed: 7 };
const nothingWrong = { bundles: 40, half: 0, lost: 0, doubled: 0 };

it('a folder: 40 registrations by processes that are killed lose, halve and double nothing', async () => {
  const result = await stormOnFolder({ ...size, perLife: 3 });
  expect(result).toMatchObject(nothingWrong);
  expect(result.kills).toBeGreaterThan(2);
}, 240_000);

it('MLflow: 40 registrations by clients that are cut off lose, halve and double nothing', async () => {
  const result = await stormOnMlflow(await sharedMlflow('2'), uniqueName('storm'), size);
  expect(result).toMatchObject(nothingWrong);
  expect(result.kills).toBeGreaterThan(10);
}, 600_000);
