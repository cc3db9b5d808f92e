import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../contracts/errors.ts';
import { mlflowUrl } from './address.ts';

describe('reads', () => {
  test.each([
    ['http://127.0.0.1:5000', 'http://127.0.0.1:5000'],
    ['http://127.0.0.1:5000/', 'http://127.0.0.1:5000'],
    ['  https://mlflow.example.org//\n', 'https://mlflow.example.org'],
    ['https://dagshub.com/o/r.mlflow', 'https://dagshub.com/o/r.mlflow'],
    ['https://dagshub.com/o/r.mlflow/', 'https://dagshub.com/o/r.mlflow'],
    ['https://tools.example.org/a/mlflow', 'https://tools.example.org/a/mlflow'],
    ['http://127.0.0.1:5000/#/experiments/3', 'http://127.0.0.1:5000'],
    ['HTTPS://MLflow.Example.org', 'https://mlflow.example.org'],
    ['http://[::1]:5000', 'http://[::1]:5000'],
  ])('%s', (text, url) => expect(mlflowUrl(text)).toEqual({ url }));

  test('takes user and password out of the address, decoded', () => {
    expect(mlflowUrl('https://me%40home:p%C3%A4ss%2F@m.example/x')).toEqual({
      url: 'https://m.example/x',
      username: 'me@home',
      password: 'päss/',
    });
    expect(mlflowUrl('https://me:100%@m.example')).toMatchObject({ password: '100%' });
  });
});

describe('refuses in one sentence', () => {
  test.each([
    ['', /is empty/, /leave it out/],
    ['localhost:5000', /has no http/, /^write http:\/\/localhost:5000$/],
    ['mlflow.example.org/x', /has no http/, /^write https:\/\/mlflow\.example\.org\/x$/],
    ['me:geheim@mlflow.example.org', /"\*\*\*@mlflow\.example\.org" has no http/, /^write https:\/\/mlflow/],
    ['ftp://mlflow.example.org', /begins with ftp:/, /expected/],
    ['databricks', /databricks/, /Dagshub/],
    ['databricks://geheim', /databricks/, /Dagshub/],
    ['file:///srv/mlruns', /is "file:…", a store/, /mlflow server/],
    ['sqlite:///mlflow.db', /is "sqlite:…"/, /mlflow server/],
    ['postgresql+psycopg2://u:geheim@db/x', /is "postgresql\+psycopg2:…"/, /mlflow server/],
    ['./mlruns', /is a folder/, /mlflow server/],
    ['mlruns', /is a folder/, /mlflow server/],
    ['C:\\mlruns', /is a folder/, /mlflow server/],
    ['http://', /is not an address/, /expected/],
    ['http:///x', /is not an address/, /expected/],
    ['https://a b', /is not an address/, /expected/],
    ['https://u:geheim@', /is not an address/, /expected/],
    ['https://m.example/?token=geheim', /question mark/, /leave out/],
    ['https://me:ge/heim@m.example', /an @ behind/, /MLFLOW_TRACKING_PASSWORD/],
    ['https://dagshub.com/o/r', /a page of Dagshub/, /^write https:\/\/dagshub\.com\/o\/r\.mlflow$/],
    ['https://dagshub.com/o/r.git', /a page of Dagshub/, /^write https:\/\/dagshub\.com\/o\/r\.mlflow$/],
    ['https://dagshub.com', /a page of Dagshub/, /<owner>/],
  ])('%s', (text, message, hint) => {
    const error = refusalOf(text);
    expect(error.message).toMatch(message);
    expect(error.hint).toMatch(hint);
    expect(error.message).not.toContain('\n');
    expect(error.message + error.hint).not.toContain('geheim');
  });

  test('whatever it is given: an address or a UsageError, never a password in a message', () => {
    const around = fc.string({ unit: fc.constantFrom(...'ab:/@.#? %\\[]') });
    fc.assert(
      fc.property(
        around,
        around,
        fc.constantFrom('', 'http://', 'https://', 'file:', 'x://'),
        (a, b, scheme) => {
          const text = `${scheme}${a}:GEHEIM@${b}`;
          try {
            expect(mlflowUrl(text).url).not.toContain('GEHEIM');
          } catch (error) {
            expect(error).toBeInstanceOf(UsageError);
            const { message, hint } = error as UsageError;
            expect(message + hint).not.toContain('GEHEIM');
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

function refusalOf(text: string): UsageError {
  try {
    mlflowUrl(text);
  } catch (error) {
    if (error instanceof UsageError) return error;
  }
  throw new Error('was not refused');
}
