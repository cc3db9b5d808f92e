import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import pino from 'pino';
import { GitHost } from '../../../test/servers/git-host.ts';
import { Clone, type Ran, SMALL } from '../../../test/stories/clone.ts';
import { makeConsole } from '../../console.ts';
import type { GithubHome } from '../../contracts/github.ts';
import { type Homes, type MlflowHome, RemoteHome } from '../../contracts/homes.ts';
import type { Environment } from '../environment.ts';

export const FIRST_DAY = '2026-06-30T23:00:00Z';
/** Sixty days on: enough that the champion has not learnt from to decide. */
export const REVIEW_DAY = '2026-08-29T23:00:00Z';

/** One training of a champion and one review of a pull request, real in every part, made once for all tests: a clone with
 *  `master`, `test` and a feature branch, a DVC folder, a registry on MLflow, and the artifact that the review left. */
export class JudgeStory {
  readonly prefix = `judge-${randomBytes(4).toString('hex')}-`;
  clone!: Clone;
  remote!: string;
  homes!: Homes;
  env!: Record<string, string>;
  master!: string;
  feature!: string;
  /** Folder of the review's artifact. */
  review!: string;

  static async make(mlflow: MlflowHome): Promise<JudgeStory> {
    const story = new JudgeStory();
    story.remote = await mkdtemp(join(tmpdir(), 'judge-remote-'));
    story.env = {
      MLFLOW_TRACKING_URI: mlflow.url,
      ...(mlflow.username && { MLFLOW_TRACKING_USERNAME: mlflow.username }),
      ...(mlflow.password && { MLFLOW_TRACKING_PASSWORD: mlflow.password }),
      PERENNIAL_MODEL_PREFIX: story.prefix,
      PERENNIAL_REMOTE: story.remote,
    };
    story.homes = {
      mlflow,
      remote: folderRemote(story.remote),
      dagshub: null,
    };
    const clone = await Clone.make(SMALL);
    story.clone = clone;
    clone.env = story.env;
    await clone.removeExample();
    await clone.params((yaml) => {
      yaml.setIn(['promotion', 'mode'], 'pull-request');
      // Not due again between the two days: the champion of the first one is who is compared with.
      yaml.setIn(['models', 'infections', 'schedule'], { train: 'quarterly' });
      yaml.deleteIn(['models', 'italy']);
      yaml.deleteIn(['models', 'temperature']);
    });
    // The champion was promoted as a merge would: production.json is on master.
    await story.run('run', '--now', FIRST_DAY);
    await clone.commit();
    await story.run('run', '--now', REVIEW_DAY);
    await clone.commit();
    await story.git('branch', '--force', 'master');
    await story.git('branch', '--force', 'test');
    story.master = await story.head();
    await story.git('checkout', '--quiet', '-b', 'feature');
    await clone.params((yaml) => yaml.setIn(['models', 'infections', 'train', 'seed'], 2));
    story.feature = await story.head();
    clone.env = { ...story.env, GITHUB_RUN_ID: '1', GITHUB_RUN_ATTEMPT: '1' };
    await story.run(
      ...['review', 'infections', '--into', 'test', '--base', story.master, '--head', story.feature],
      ...['--now', REVIEW_DAY],
    );
    clone.env = story.env;
    story.review = await mkdtemp(join(tmpdir(), 'judge-review-'));
    await cp(join(clone.root, 'artifacts', 'infections', 'review'), story.review, { recursive: true });
    return story;
  }

  async remove(): Promise<void> {
    await this.clone?.remove();
    for (const folder of [this.remote, this.review])
      if (folder) await rm(folder, { recursive: true, force: true });
  }

  /** What the review submitted, file by file. */
  async submitted(): Promise<Map<string, Buffer>> {
    const names = ['review.json', 'forecasts.parquet', 'report.md'];
    return new Map(
      await Promise.all(
        names.map(async (name) => [name, await readFile(join(this.review, name))] as [string, Buffer]),
      ),
    );
  }

  /** `perennial judge` as the workflow calls it. */
  async judge(host: GitHost, { event, summary }: { event: string; summary?: string }): Promise<Ran> {
    const { apiUrl, serverUrl, repository, app } = host;
    this.clone.env = {
      ...this.env,
      GITHUB_ACTIONS: 'true',
      GITHUB_EVENT_PATH: event,
      GITHUB_API_URL: apiUrl,
      GITHUB_SERVER_URL: serverUrl,
      GITHUB_REPOSITORY: repository,
      PERENNIAL_APP_ID: String(app.id),
      PERENNIAL_APP_INSTALLATION: String(app.installation),
      PERENNIAL_APP_PRIVATE_KEY: app.privateKey,
      ...(summary && { GITHUB_STEP_SUMMARY: summary }),
    };
    try {
      return await this.clone.perennial('judge', '--now', REVIEW_DAY);
    } finally {
      this.clone.env = this.env;
    }
  }

  head(): Promise<string> {
    return this.commit('HEAD');
  }

  async commit(name: string): Promise<string> {
    return (await this.git('rev-parse', name)).stdout.trim();
  }

  git(...args: string[]) {
    const author = ['-c', 'user.name=story', '-c', 'user.email=story@localhost'];
    return execa('git', [...author, ...args], { cwd: this.clone.root });
  }

  private async run(...args: string[]): Promise<void> {
    const { exitCode, stderr } = await this.clone.perennial(...args);
    if (exitCode !== 0) throw new Error(`perennial ${args[0]} exited with ${exitCode}:\n${stderr}`);
  }
}

function folderRemote(path: string): RemoteHome {
  const config = { url: path };
  return RemoteHome.parse({
    name: 'story',
    kind: 'folder',
    shown: path,
    config,
    secrets: [],
    from: 'PERENNIAL_REMOTE',
  });
}

/** A Git host that has the story's branches. */
export async function hostOf(story: JudgeStory): Promise<GitHost> {
  const host = await GitHost.start({ owner: 'acme', name: 'perennial' });
  for (const branch of ['master', 'test', 'feature'])
    await story.git('push', '--quiet', '--force', host.bare, `${branch}:refs/heads/${branch}`);
  return host;
}

export function githubHome(host: GitHost): GithubHome {
  return host.home({ timeoutMs: 10_000, retries: 1, longestWaitMs: 1_000 });
}

export function quietEnvironment(now: string): Environment {
  return {
    run: 'judge-test',
    console: makeConsole({ quiet: true, json: false }),
    log: pino({ level: process.env.LOG_LEVEL ?? 'silent' }),
    now: () => new Date(now),
    signal: new AbortController().signal,
  };
}
