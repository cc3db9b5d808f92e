import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dvcBinary, environment } from '../clients/dvc-run.ts';
import { defaultRemote, parseSections } from './dvc-config.ts';

let repository: string;
const dvc = (...args: string[]) =>
  execa(dvcBinary(), args, { cwd: repository, env: environment(), timeout: 60_000 });

beforeAll(async () => {
  repository = await mkdtemp(join(tmpdir(), 'dvc-config-'));
  await dvc('init', '--no-scm', '--quiet');
});
afterAll(() => rm(repository, { recursive: true, force: true }));

const AWKWARD = {
  connection_string: 'DefaultEndpointsProtocol=https;AccountName=a;AccountKey=x#y==;',
  account_name: `it's "quoted", with a comma`,
  account_key: ' = [a] \\n # b ',
  sas_token: '?sv=1&sig=a%2Fb%3D',
};

test('reads what `dvc remote add` and `dvc remote modify` wrote, as DVC itself does', async () => {
  await dvc('remote', 'add', '--quiet', '--default', 'Team.Store', 'azure://cases/dvc');
  for (const [name, value] of Object.entries(AWKWARD)) {
    await dvc('remote', 'modify', '--local', 'Team.Store', name, value);
  }
  expect(await defaultRemote(process.env, repository)).toEqual({
    name: 'team.store',
    options: { url: 'azure://cases/dvc', ...AWKWARD },
  });
  // Both read each line alike, the relative folder of another remote too.
  await dvc('remote', 'add', '--quiet', '--default', 'near', '../near');
  expect((await defaultRemote(process.env, repository))?.options.url).toBe(join(repository, '..', 'near'));
  const config = await readFile(join(repository, '.dvc', 'config'), 'utf8');
  expect([...parseSections(config, 'config').keys()]).toEqual([
    'core',
    'remote "team.store"',
    'remote "near"',
  ]);
}, 60_000);
