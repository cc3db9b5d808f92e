import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../contracts/errors.ts';
import { ReviewSubmission } from '../../contracts/review.ts';
import { withhold } from '../../secrets.ts';
import { homesHere } from './homes-here.ts';
import { readModelName, readRequest, workflowRun } from './request.ts';
import { reviewFolder, sentence, submit } from './submission.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'perennial-review-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const SHA = 'a'.repeat(40);
const about = {
  request: { into: 'test', base: SHA, head: SHA, from: SHA, trunk: SHA },
  madeAt: '2026-07-01T00:00:00Z',
} as const;

describe('a submission', () => {
  const submitted = async () => {
    const text = await readFile(join(reviewFolder(workspace(), 'm'), 'review.json'), 'utf8');
    return ReviewSubmission.parse(JSON.parse(text));
  };
  const workspace = () => ({ root, local: true });

  it('takes the place of an earlier one whole, its forecasts included', async () => {
    const forecasts = join(root, 'forecasts');
    await writeFile(forecasts, 'columns');
    await submit(workspace(), 'm', { state: 'trained', reason: 'better', forecasts }, about);
    expect((await submitted()).forecasts).toEqual({
      sha256: '0e624a1a135e4441e96ebbd5f95bc3df19c3c138df98c61ce684ef311d6e8b1a',
      bytes: 7,
    });
    await submit(workspace(), 'm', { state: 'unchanged', reason: 'nothing' }, about);
    expect(await submitted()).toMatchObject({ state: 'unchanged', head_sha: SHA, forecasts: null });
    expect((await readdir(reviewFolder(workspace(), 'm'))).sort()).toEqual(['report.md', 'review.json']);
  });

  it('leaves the earlier one where it cannot be written', async () => {
    await submit(workspace(), 'm', { state: 'unchanged', reason: 'nothing' }, about);
    const missing = { state: 'trained', reason: 'x', forecasts: join(root, 'not-there') } as const;
    await expect(submit(workspace(), 'm', missing, about)).rejects.toThrow(/ENOENT/);
    expect(await submitted()).toMatchObject({ state: 'unchanged' });
  });

  it('says one bounded line, without a secret and without markup of its own', async () => {
    withhold(['hunter2-hunter2']);
    const reason = `failed\nat <img src=x> @everyone with hunter2-hunter2 ${'x'.repeat(5_000)}`;
    const report = await submit(workspace(), 'm', { state: 'crashed', reason }, about);
    const { reason: said } = await submitted();
    expect(said).toHaveLength(1_000);
    for (const text of [said, report]) expect(text).not.toContain('hunter2');
    expect(said).not.toContain('\n');
    expect(report).not.toMatch(/<img|@everyone/);
  });
});

it('takes the first line of an error, whatever was thrown', () => {
  expect(sentence(new Error('one\ntwo'))).toBe('one');
  expect(sentence('word')).toBe('word');
  expect(sentence(new Error(''))).toBe('it ended without a word');
});

it('reads which run it is, and none on a laptop', () => {
  expect(workflowRun({ GITHUB_RUN_ID: '77', GITHUB_RUN_ATTEMPT: '3' })).toEqual({ id: 77, attempt: 3 });
  expect(workflowRun({})).toEqual({ id: 0, attempt: 1 });
});

it.each([
  [{ into: 'dev', base: SHA, head: SHA }, 'on their way into test and master'],
  [{ into: 'test', base: 'main', head: SHA }, 'a whole commit id'],
  [{ into: 'test', base: SHA, head: '--output=x' }, 'a whole commit id'],
])('refuses %o', async (options, why) => {
  const asked = readRequest(options, root);
  await expect(asked).rejects.toThrow(UsageError);
  await expect(asked).rejects.toThrow(why);
});

it('takes no path for the name of a model', () => {
  expect(() => readModelName('../other')).toThrow(UsageError);
  expect(readModelName('infections-2')).toBe('infections-2');
});

describe('homes of a review', () => {
  it('are what is configured, where there are credentials', async () => {
    const env = { DAGSHUB_REPO: 'jane/infections', DAGSHUB_USER_TOKEN: 'token-of-jane' };
    const { mlflow, remote } = await homesHere(env, { repository: root });
    expect(mlflow?.url).toBe('https://dagshub.com/jane/infections.mlflow');
    expect(remote?.secrets).not.toEqual([]);
  });

  it('are what everybody may read, where a fork knows the name alone', async () => {
    // A secret that a fork does not have arrives as an empty one.
    const env = { DAGSHUB_REPO: 'jane/infections', DAGSHUB_USER_TOKEN: '', MLFLOW_TRACKING_URI: '' };
    const { mlflow, remote } = await homesHere(env, { repository: root });
    expect(mlflow).toBeNull();
    expect(remote).toMatchObject({ shown: 'https://dagshub.com/jane/infections.dvc', secrets: [] });
  });

  it('are none where nothing is configured', async () => {
    expect(await homesHere({}, { repository: root })).toMatchObject({ mlflow: null, remote: null });
  });
});
