import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readForecasts } from '../../pipeline/clients/forecast-file.ts';
import type { Mlflow } from '../../pipeline/clients/mlflow/mlflow.ts';
import { mlflowAt } from '../../pipeline/clients/mlflow/mlflow-at.ts';
import { ReviewSubmission } from '../../pipeline/contracts/review.ts';
import { uniqueName } from '../servers/mlflow.ts';
import { sharedMlflow } from '../servers/shared-mlflow.ts';
import { Clone } from './clone.ts';

const LIMIT_MS = 15 * 60_000;
const MODEL = 'infections';
const FIRST_DAY = '2026-06-30T23:00:00Z';
/** Eight weeks that the champion has not learnt from. */
const LATER = '2026-08-29T23:00:00Z';

/** A team's repository with a champion and eight weeks of newer data on `master`; each pull request is reviewed on a
 *  machine of its own, that has git, the remote and the registry. */
describe('the review of a pull request', { timeout: LIMIT_MS }, () => {
  let origin: Clone;
  let objects: string;
  let mlflow: Mlflow;
  let secrets: Record<string, string>;
  const machines: Clone[] = [];

  beforeAll(async () => {
    const home = await sharedMlflow('3');
    mlflow = mlflowAt(home);
    objects = await mkdtemp(join(tmpdir(), 'perennial-remote-'));
    origin = await Clone.make();
    await git(origin, 'branch', '-m', 'master');
    await origin.removeExample();
    await origin.withoutNetwork();
    await origin.params((yaml) => {
      yaml.setIn(['promotion', 'mode'], 'pull-request');
      yaml.setIn(['models', MODEL, 'schedule'], { train: 'quarterly' });
      yaml.deleteIn(['models', 'temperature']);
    });
    secrets = {
      MLFLOW_TRACKING_URI: home.url,
      MLFLOW_TRACKING_USERNAME: home.username!,
      MLFLOW_TRACKING_PASSWORD: home.password!,
      MLFLOW_EXPERIMENT_NAME: uniqueName('review'),
      PERENNIAL_MODEL_PREFIX: `${uniqueName('review').replaceAll(/[^\w-]/g, '-')}-`,
      PERENNIAL_REMOTE: objects,
    };
    origin.env = secrets;
    for (const now of [FIRST_DAY, LATER]) {
      const { exitCode, stderr } = await origin.perennial('run', '--json', '--now', now);
      expect(exitCode, stderr).toBe(0);
    }
    await origin.commit();
    await git(origin, 'branch', 'test');
  }, LIMIT_MS);
  afterAll(async () => {
    await Promise.allSettled([origin, ...machines].map((clone) => clone?.remove()));
    await rm(objects, { recursive: true, force: true });
    await mlflow?.close();
  });

  it('plans one review a model, and refuses a params.yaml that cannot be read', async () => {
    const { machine, head, base } = await pullRequest('plan', 'test', () =>
      origin.params((yaml) => {
        yaml.setIn(['models', MODEL, 'train'], { seed: 2 });
        yaml.setIn(['models', 'another'], yaml.getIn(['models', MODEL]));
        yaml.deleteIn(['models', 'italy']);
      }),
    );
    const files = {
      GITHUB_OUTPUT: join(machine.root, 'output'),
      GITHUB_STEP_SUMMARY: join(machine.root, 'summary'),
    };
    for (const file of Object.values(files)) await writeFile(file, '');
    machine.env = { ...machine.env, ...files };
    const asked = ['review-plan', '--into', 'test', '--base', base, '--head', head];
    expect(await machine.perennial(...asked)).toMatchObject({ exitCode: 0 });
    expect(await readFile(files.GITHUB_OUTPUT, 'utf8')).toContain('["another","infections","italy"]');
    const summary = await readFile(files.GITHUB_STEP_SUMMARY, 'utf8');
    expect(summary).toMatch(/another +\| new/);
    expect(summary).toMatch(/infections +\| changes its recipe/);
    expect(summary).toMatch(/italy +\| removes it/);

    const broken = await pullRequest('broken', 'test', () =>
      writeFile(join(origin.root, 'params.yaml'), 'models: ['),
    );
    const said = await broken.machine.perennial(
      'review-plan',
      '--into',
      'test',
      '--base',
      base,
      '--head',
      broken.head,
    );
    expect(said.exitCode).toBe(2);
    expect(said.stderr).toContain('params.yaml is not YAML');

    // As `sync` brings it back into test: a job less for each model after every merge into master.
    const back = await broken.machine.perennial(
      'review-plan',
      ...['--into', 'test', '--base', base, '--head', base],
    );
    expect(back).toMatchObject({ exitCode: 0, stdout: '[]' });
  });

  it('lets through what nothing of the model was changed in: nothing is fetched, nothing trained', async () => {
    const { review, machine } = await reviewed('readme', 'test', () =>
      appendTo('README.md', '\nAnother line.\n'),
    );
    expect(review).toMatchObject({ state: 'unchanged', forecasts: null });
    expect(existsSync(join(machine.root, 'data'))).toBe(false);
    expect(existsSync(join(machine.root, '.dvc', 'cache'))).toBe(false);
  });

  it('trains a changed recipe and compares it with the champion; a worse one is told as worse', async () => {
    const before = await state();
    const { review, machine, exitCode, stderr } = await reviewed('worse', 'test', () => challenger('* 3'));
    expect(exitCode, stderr).toBe(0);
    expect(review).toMatchObject({ state: 'trained', champion: { version: 'v0001' } });
    expect(review.promotion).toMatchObject({ merge: false, promote: false });
    expect(review.gate?.passed).toBe(true);
    const { tables } = (await readForecasts(
      join(machine.root, 'artifacts', MODEL, 'review', 'forecasts.parquet'),
    ))!;
    expect(tables.map(({ model }) => model)).toContain('challenger');
    expect(await report(machine)).toContain('worse');
    // Logged as a review; nothing is registered, and the remote holds what it held.
    const run = await mlflow.run(review.mlflow_run!);
    expect(run?.data.tags).toMatchObject({
      'perennial.review': review.head_sha,
      'perennial.review_into': 'test',
    });
    expect(await state()).toEqual(before);
  });

  it('submits a challenger that forecasts no number, refused', async () => {
    const { review } = await reviewed('nan', 'test', () => challenger('* Number.NaN'));
    expect(review.state).toBe('trained');
    expect(review.promotion).toMatchObject({ outcome: 'refused', merge: false });
  });

  it('stops at data that the gate refuses with the settings of the pull request', async () => {
    const { review, exitCode } = await reviewed('gate', 'test', () =>
      origin.params((yaml) => {
        yaml.setIn(['models', MODEL, 'roles'], { no_such_column: 'date' });
        yaml.setIn(['models', MODEL, 'train'], { seed: 3 });
        yaml.setIn(['models', MODEL, 'target'], 'no_such_column');
      }),
    );
    expect(exitCode).toBe(4);
    expect(review).toMatchObject({ state: 'gate-failed', forecasts: null });
    expect(review.gate?.passed).toBe(false);
  });

  it('refuses another source under the same name', async () => {
    const { review, exitCode } = await reviewed('source', 'test', () =>
      origin.params((yaml) => yaml.setIn(['models', MODEL, 'source', 'simulator', 'seed'], 7)),
    );
    expect(exitCode).toBe(2);
    expect(review).toMatchObject({ state: 'crashed' });
    expect(review.reason).toContain('a comparison across different sources is refused');
  });

  it('ends clearly where the registry does not hold the champion', async () => {
    const { review, exitCode } = await reviewed('lost', 'test', () => seed(4), {
      ...secrets,
      PERENNIAL_MODEL_PREFIX: 'nobody-',
    });
    expect(exitCode).not.toBe(0);
    expect(review).toMatchObject({ state: 'crashed', forecasts: null });
    expect(review.reason).toContain('production.json names v0001');
  });

  it('tries a new model on its own source', async () => {
    const { review, exitCode, stderr } = await reviewed(
      'first',
      'test',
      () => origin.params((yaml) => yaml.setIn(['models', 'second'], yaml.getIn(['models', MODEL]))),
      secrets,
      'second',
    );
    expect(exitCode, stderr).toBe(0);
    expect(review).toMatchObject({ model: 'second', state: 'first', champion: null });
    expect(review.metrics?.models.map(({ role }) => role)).toEqual(
      expect.arrayContaining(['challenger', 'baseline']),
    );
  });

  it('has no credentials in a fork: trains on what it can have, against the baselines alone', async () => {
    const { review, exitCode, stderr } = await reviewed('fork', 'test', () => seed(5), {});
    expect(exitCode, stderr).toBe(0);
    expect(review).toMatchObject({ state: 'trained', champion: null, mlflow_run: null });
    expect(review.reason).toContain('no credentials');
  });

  it('scores into master what a trusted run has trained, and trains nothing', async () => {
    await git(origin, 'checkout', '--quiet', 'test');
    await seed(6);
    const candidate = await machineOf('test');
    const trained = await candidate.perennial('run', '--json', '--train', '--now', LATER);
    expect(trained.exitCode, trained.stderr).toBe(0);
    await candidate.commit();
    await git(origin, 'fetch', '--quiet', candidate.root, 'HEAD:refs/heads/candidate');
    const version = (await mlflow.searchModelVersions(`name = '${name()}'`)).find(
      (one) => one.version === 2,
    )!;
    const run = await mlflow.run(version.run_id);
    const digest = run!.data.tags['perennial.bundle'];

    const { review, exitCode, stderr } = await reviewed('promotion', 'master', () =>
      promote({ version: 'v0002', digest, run: version.run_id }),
    );
    expect(exitCode, stderr).toBe(0);
    expect(review).toMatchObject({ state: 'trained', base_ref: 'master', champion: { version: 'v0001' } });
    expect(review).toMatchObject({ promotion: { challenger: { digest } }, mlflow_run: version.run_id });
    expect(stderr).not.toContain('training infections');

    const other = await reviewed('other-bundle', 'master', () =>
      promote({ version: 'v0002', digest: 'f'.repeat(64), run: null }),
    );
    expect(other.review).toMatchObject({ state: 'not-trained', forecasts: null });
    expect(other.review.reason).toContain('names the bundle ffffffffffff');

    // The same outputs, of which the code is no longer the one that made them.
    const edited = await reviewed('edited', 'master', () => seed(7));
    expect(edited.review).toMatchObject({ state: 'not-trained', forecasts: null });
    expect(edited.review.reason).toContain('another recipe');
  });

  /** Opens a pull request from `master` (or from where `origin` stands) and looks at it as a workflow does. */
  async function reviewed(
    branch: string,
    into: 'test' | 'master',
    change: () => Promise<void>,
    env = secrets,
    model = MODEL,
  ) {
    const { machine, head, base } = await pullRequest(branch, into, change);
    machine.env = env;
    const ran = await machine.perennial(
      ...['review', model, '--into', into, '--base', base, '--head', head, '--now', LATER],
    );
    const text = await readFile(
      join(machine.root, 'artifacts', model, 'review', 'review.json'),
      'utf8',
    ).catch(() => {
      throw new Error(`no submission; exit code ${ran.exitCode}:\n${ran.stderr}`);
    });
    const review = ReviewSubmission.parse(JSON.parse(text));
    expect(review).toMatchObject({ head_sha: head, base_ref: into });
    for (const secret of [secrets.MLFLOW_TRACKING_PASSWORD]) expect(text + ran.stderr).not.toContain(secret);
    return { ...ran, review, machine };
  }

  async function pullRequest(branch: string, into: 'test' | 'master', change: () => Promise<void>) {
    // What goes into `master` stands on what the workflow candidate left.
    const from = into === 'master' ? 'candidate' : 'master';
    await git(origin, 'checkout', '--quiet', '-B', branch, from);
    await change();
    await origin.commit();
    const machine = await machineOf(branch);
    await git(origin, 'checkout', '--quiet', 'master');
    const head = await git(machine, 'rev-parse', 'HEAD');
    return { machine, head, base: await git(origin, 'rev-parse', into) };
  }

  /** Another machine with that branch checked out, as actions/checkout leaves it. */
  async function machineOf(branch: string): Promise<Clone> {
    await git(origin, 'checkout', '--quiet', branch);
    const machine = await origin.elsewhere();
    machines.push(machine);
    return machine;
  }

  async function promote(named: { version: string; digest: string; run: string | null }): Promise<void> {
    const path = join(origin.root, 'reports', MODEL, 'production.json');
    const production = JSON.parse(await readFile(path, 'utf8'));
    await writeFile(path, JSON.stringify({ ...production, ...named }));
  }

  const seed = (value: number) =>
    origin.params((yaml) => yaml.setIn(['models', MODEL, 'train'], { seed: value }));

  /** Code of a pull request that spoils what its challenger forecasts. */
  async function challenger(spoil: string): Promise<void> {
    const path = join(origin.root, 'pipeline', 'stages', 'train', 'run.ts');
    const code = await readFile(path, 'utf8');
    const line = "await writeForecasts(join(scratch, 'forecasts.parquet')";
    expect(code).toContain(line);
    const spoilt = `for (const { model: of, point } of result.forecasts) if (of === 'challenger') point.forEach((value, row) => { point[row] = value ${spoil}; });\n  `;
    await writeFile(path, code.replace(line, spoilt + line));
  }

  async function appendTo(file: string, text: string): Promise<void> {
    const path = join(origin.root, file);
    await writeFile(path, (await readFile(path, 'utf8')) + text);
  }

  const report = (machine: Clone) =>
    readFile(join(machine.root, 'artifacts', MODEL, 'review', 'report.md'), 'utf8');

  const name = () => `${secrets.PERENNIAL_MODEL_PREFIX}${MODEL}`;

  /** What a review may not change: registered versions and objects of the remote. */
  async function state() {
    const versions = await mlflow.searchModelVersions(`name = '${name()}'`);
    const { stdout } = await execa('find', [objects, '-type', 'f']);
    return { versions: versions.map(({ version }) => version), objects: stdout.split('\n').sort() };
  }
});

async function git(clone: Clone, ...args: string[]): Promise<string> {
  return (await execa('git', args, { cwd: clone.root })).stdout.trim();
}
