import { expect, it } from 'vitest';
import { DvcError } from '../../clients/dvc-error.ts';
import { MlflowError } from '../../clients/mlflow/mlflow-error.ts';
import { publicWords } from './public-words.ts';

const REMOTE = { shown: 'https://store.internal:8443/acme.dvc' };

it('says the registry and the remote, and neither’s address', () => {
  const down = new MlflowError(
    'unavailable',
    'MLflow at http://mlflow.internal:5000/x: the model m: refuses the connection (4 attempts)',
    { hint: 'look whether the server runs' },
  );
  expect(publicWords(down, REMOTE)).toBe(
    'the registry: the model m: refuses the connection (4 attempts) (look whether the server runs)',
  );
  const away = new DvcError('unreachable', `${REMOTE.shown} cannot be reached, or broke off`);
  expect(publicWords(away, REMOTE)).toBe('the remote cannot be reached, or broke off');
});

it('leaves all other words as they are', () => {
  expect(publicWords(new Error('git is at https://example.org: away'), null)).toBe(
    'git is at https://example.org: away',
  );
  expect(publicWords('no error at all', REMOTE)).toBe('no error at all');
});
