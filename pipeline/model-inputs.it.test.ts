import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { workTree } from './clients/code-of.ts';
import { git } from './clients/git.ts';
import { recipeOf } from './clients/recipe.ts';
import { PerennialError, UsageError } from './contracts/errors.ts';
import { type ModelInputs, modelInputsAt, paramsAt, sameInputs, sameSource } from './model-inputs.ts';
import { REPOSITORY } from './workspace.ts';

const MODEL = 'infections';
const TO_TEST = { production: false };
const TO_MASTER = { production: true };

describe('what makes a model, told from objects of git', () => {
  let root: string;
  let base: ModelInputs;

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'perennial-inputs-'));
    // This work tree as it stands, committed elsewhere: its own commit may be behind it.
    const { stdout } = await execa(
      'git',
      ['ls-files', '-z', 'pipeline', 'params.yaml', 'dvc.yaml', 'package-lock.json', 'reports'],
      {
        cwd: REPOSITORY,
      },
    );
    for (const file of new Set([...stdout.split('\0').filter(Boolean), ...(await untracked())])) {
      const text = await readFile(join(REPOSITORY, file)).catch(() => null);
      if (text === null) continue;
      await mkdir(dirname(join(root, file)), { recursive: true });
      await writeFile(join(root, file), text);
    }
    await git(root, ['init', '--quiet', '--initial-branch', 'master']);
    base = await inputs();
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('is what a training from the work tree would write', async () => {
    expect(base.recipe.train).toEqual(await recipeOf('train', base.params, workTree(root)));
    expect(Object.keys(base.recipe.train.code).length).toBeGreaterThan(50);
  });

  it('is the same after a change of anything else, a new snapshot included', async () => {
    await edit('reports/infections/report.md', '# another\n');
    await appendFile(join(root, 'pipeline/stages/gate/verdict.ts'), '// another\n');
    await yaml((document) => document.setIn(['models', MODEL, 'schedule'], { check: 'hourly' }));
    expect(sameInputs(base, await inputs(), TO_MASTER)).toBe(true);
  });

  it.each<[string, () => Promise<void>]>([
    ['a setting', () => yaml((document) => document.setIn(['models', MODEL, 'train'], { seed: 2 }))],
    ['code of the task', () => appendFile(join(root, 'pipeline/tasks/forecast/boosting.ts'), '// another\n')],
    [
      'a library',
      async () => {
        const path = join(root, 'package-lock.json');
        const lock = JSON.parse(await readFile(path, 'utf8'));
        lock.packages['node_modules/zod'].version = '9.9.9';
        await writeFile(path, JSON.stringify(lock));
      },
    ],
    [
      'another source',
      () => yaml((document) => document.setIn(['models', MODEL, 'source', 'simulator', 'seed'], 7)),
    ],
    [
      'how DVC runs a stage',
      async () => {
        const path = join(root, 'dvc.yaml');
        await writeFile(path, (await readFile(path, 'utf8')).replace('stage train', 'stage other'));
      },
    ],
  ])('differs after a change of %s', async (_, change) => {
    const before = await inputs();
    await change();
    expect(sameInputs(before, await inputs(), TO_TEST)).toBe(false);
  });

  it('counts a promotion into master, and not into test', async () => {
    const before = await inputs();
    const path = `reports/${MODEL}/production.json`;
    const production = JSON.parse(await readFile(join(root, path), 'utf8'));
    await edit(path, JSON.stringify({ ...production, version: 'v0099' }));
    const after = await inputs();
    expect(sameInputs(before, after, TO_TEST)).toBe(true);
    expect(sameInputs(before, after, TO_MASTER)).toBe(false);
  });

  it('has no inputs of a model that is not in params.yaml, whatever its name', async () => {
    const sha = await commit();
    expect(await modelInputsAt(root, sha, 'other')).toBeNull();
    expect(await modelInputsAt(root, sha, 'constructor')).toBeNull();
  });

  it('says what is wrong with a commit that cannot be read', async () => {
    const unknown = modelInputsAt(root, 'a'.repeat(40), MODEL);
    await expect(unknown).rejects.toThrow(PerennialError);
    await rm(join(root, 'pipeline/stages/train/run.ts'));
    await expect(inputs()).rejects.toThrow(/pipeline\/stages\/train\/run\.ts, which is not there/);
    await edit('params.yaml', 'models: [');
    await expect(paramsAt(root, await commit())).rejects.toThrow(UsageError);
  });

  async function inputs(): Promise<ModelInputs> {
    return (await modelInputsAt(root, await commit(), MODEL))!;
  }

  async function commit(): Promise<string> {
    await git(root, ['add', '--all']);
    const author = ['-c', 'user.name=a', '-c', 'user.email=a@localhost', '-c', 'commit.gpgsign=false'];
    await git(root, [...author, 'commit', '--quiet', '--allow-empty', '--message', 'x']);
    return (await git(root, ['rev-parse', 'HEAD'])).stdout.trim();
  }

  function edit(path: string, text: string): Promise<void> {
    return writeFile(join(root, path), text);
  }

  async function yaml(change: (document: ReturnType<typeof parseDocument>) => void): Promise<void> {
    const document = parseDocument(await readFile(join(root, 'params.yaml'), 'utf8'));
    change(document);
    await edit('params.yaml', document.toString());
  }
});

it('tells sources apart by where and what they read, not by how patiently', () => {
  const source = { urls: ['https://a/x.csv'], timeout_ms: 1_000, retries: 1 };
  const of = (change: object) => ({ ...source, ...change }) as Parameters<typeof sameSource>[0];
  expect(sameSource(of({}), of({ timeout_ms: 9, retries: 5 }))).toBe(true);
  expect(sameSource(of({}), of({ urls: ['https://b/x.csv'] }))).toBe(false);
  expect(sameSource(of({}), of({ json: { records: 'a' } }))).toBe(false);
});

async function untracked(): Promise<string[]> {
  const args = ['ls-files', '-z', '--others', '--exclude-standard', 'pipeline'];
  return (await execa('git', args, { cwd: REPOSITORY })).stdout.split('\0').filter(Boolean);
}
