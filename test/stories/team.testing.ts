import { randomBytes } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { githubAt } from '../../pipeline/clients/github/github-at.ts';
import { mlflowAt } from '../../pipeline/clients/mlflow/mlflow-at.ts';
import { robotFiles } from '../../pipeline/commands/etl/sample-robot-files.testing.ts';
import type { MlflowHome } from '../../pipeline/contracts/homes.ts';
import { startPortal } from '../../pipeline/simulator/portal.ts';
import { GitHost } from '../servers/git-host.ts';
import { Clone, type Ran, SMALL } from './clone.ts';

const AUTHOR = ['-c', 'user.name=story', '-c', 'user.email=story@localhost'];

/** First evening of the portal, and the ones after it. */
export const evening = (day: number) =>
  new Date(Date.parse('2026-06-30T23:00:00Z') + day * 86_400_000).toISOString();

/** A team's repository on the stand-in host, its remote, its registry, and a portal that publishes a file. Each command runs
 *  as a workflow's job does: on a machine that has nothing but a checkout. */
export class Team {
  readonly prefix = `team-${randomBytes(5).toString('hex')}-`;
  readonly model = 'infections';
  private readonly gone: Clone[] = [];
  private runs = 0;
  private ada: string | null = null;

  private constructor(
    readonly host: GitHost,
    readonly base: Clone,
    readonly folder: string,
    private readonly mlflow: MlflowHome,
  ) {}

  static async start(mlflow: MlflowHome): Promise<Team> {
    const host = await GitHost.start();
    const base = await Clone.make();
    await base.removeExample();
    await base.withoutNetwork();
    const folder = await mkdtemp(join(tmpdir(), 'perennial-team-'));
    const team = new Team(host, base, folder, mlflow);
    await base.params((yaml) => {
      yaml.setIn(['models', team.model, 'source'], {
        urls: [join(folder, 'cases.csv')],
        expected_every: '1d',
      });
      yaml.setIn(['models', team.model, 'gate'], { max_age: '400d' });
    });
    await team.push('master');
    return team;
  }

  /** The host's name for a registered model. */
  get registered(): string {
    return `${this.prefix}${this.model}`;
  }

  /** What the portal shows from now on. @param change of the text */
  async publish(day: number, change: (csv: string) => string = (csv) => csv): Promise<void> {
    const portal = await startPortal({ ...SMALL, day });
    try {
      const text = await (await fetch(portal.url)).text();
      await writeFile(join(this.folder, 'cases.csv'), change(text));
    } finally {
      await portal.close();
    }
  }

  /** Puts what the base clone has upon a branch of the host. */
  async push(branch: string): Promise<void> {
    await execa('git', ['push', '--quiet', '--force', this.host.bare, `HEAD:refs/heads/${branch}`], {
      cwd: this.base.root,
    });
  }

  /** A new machine with a checkout of a branch. */
  async machine(branch = 'master'): Promise<Clone> {
    const clone = await this.base.elsewhere();
    this.gone.push(clone);
    await execa('git', ['fetch', '--quiet', this.host.bare, branch], { cwd: clone.root });
    await execa('git', ['reset', '--quiet', '--hard', 'FETCH_HEAD'], { cwd: clone.root });
    return clone;
  }

  /** One step of a job, and what it told the workflow. */
  async step(
    clone: Clone,
    day: number,
    ...args: string[]
  ): Promise<Ran & { outputs: Record<string, string>; summary: string }> {
    const [output, summary] = [join(this.folder, 'output'), join(this.folder, 'summary')];
    await Promise.all([writeFile(output, ''), writeFile(summary, '')]);
    const { app } = this.host;
    clone.env = {
      ...clone.env,
      GITHUB_ACTIONS: 'true',
      GITHUB_REPOSITORY: this.host.repository,
      GITHUB_API_URL: this.host.apiUrl,
      GITHUB_SERVER_URL: this.host.serverUrl,
      GITHUB_RUN_ID: String(1000 + this.runs++),
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      PERENNIAL_APP_ID: String(app.id),
      PERENNIAL_APP_PRIVATE_KEY: app.privateKey,
      PERENNIAL_APP_INSTALLATION: String(app.installation),
      PERENNIAL_REMOTE: join(this.folder, 'remote'),
      PERENNIAL_MODEL_PREFIX: this.prefix,
      MLFLOW_EXPERIMENT_NAME: this.registered,
      MLFLOW_TRACKING_URI: this.mlflow.url,
      ...(this.mlflow.username && {
        MLFLOW_TRACKING_USERNAME: this.mlflow.username,
        MLFLOW_TRACKING_PASSWORD: this.mlflow.password ?? '',
      }),
    };
    const ran = await clone.perennial(...args, '--now', evening(day));
    return {
      ...ran,
      outputs: outputsIn(await readFile(output, 'utf8')),
      summary: await readFile(summary, 'utf8'),
    };
  }

  /** The whole workflow `etl`, job by job, artifacts handed on as Actions do.
   *  @returns each step that ran */
  async etl(day: number, ...options: string[]) {
    const first = await this.machine();
    const collect = await this.step(first, day, 'etl-collect', ...options);
    const from = await mkdtemp(join(this.folder, 'from-'));
    const left = (clone: Clone, name: string) => join(clone.root, 'artifacts', '_etl', name);
    if (collect.outputs.propose !== 'true') return { collect, trained: [], propose: null };
    await cp(left(first, 'collect'), join(from, 'perennial-etl-collect'), { recursive: true });
    const trained = [];
    for (const { model } of JSON.parse(collect.outputs.train) as { model: string }[]) {
      const machine = await this.machine();
      await cp(left(first, 'collect'), left(machine, 'collect'), { recursive: true });
      trained.push(await this.step(machine, day, 'etl-train', model));
      await cp(left(machine, `train-${model}`), join(from, `perennial-etl-train-${model}`), {
        recursive: true,
      }).catch(() => {});
    }
    const propose = await this.step(await this.machine(), day, 'etl-propose', '--from', from);
    return { collect, trained, propose };
  }

  /** What robots asked the host to change since the last call. */
  writes(): string[] {
    const asked = this.host.requests.splice(0);
    const pushes = this.host.gitRequests.splice(0).filter(({ path }) => path.includes('git-receive-pack'));
    return [...asked, ...pushes]
      .filter(
        ({ method, path }) =>
          method !== 'GET' && !path.includes('/access_tokens') && !path.includes('upload-pack'),
      )
      .map(({ method, path }) => `${method} ${path}`);
  }

  /** A file as a branch of the host has it. */
  async file(branch: string, path: string): Promise<string | null> {
    const { stdout, exitCode } = await execa('git', ['show', `${branch}:${path}`], {
      cwd: this.host.bare,
      reject: false,
      stripFinalNewline: false,
    });
    return exitCode === 0 ? stdout : null;
  }

  async json<T = Record<string, unknown>>(branch: string, path: string): Promise<T | null> {
    const text = await this.file(branch, path);
    return text === null ? null : (JSON.parse(text) as T);
  }

  /** Number of the version that the registry calls champion: what is served. */
  async alias(): Promise<number | null> {
    const client = mlflowAt(this.mlflow);
    try {
      return (await client.versionByAlias(this.registered, 'champion'))?.version ?? null;
    } finally {
      await client.close();
    }
  }

  /** Commits files in the base clone. */
  async commitFiles(files: Record<string, unknown>): Promise<void> {
    for (const [path, text] of robotFiles(files)) {
      await mkdir(dirname(join(this.base.root, path)), { recursive: true });
      await writeFile(join(this.base.root, path), text);
    }
    await this.base.commit();
  }

  /** Puts what the base clone has committed last upon a branch of the host, whatever that has gained. */
  async rebase(branch: string): Promise<void> {
    const git = (...args: string[]) => execa('git', [...AUTHOR, ...args], { cwd: this.base.root });
    await git('fetch', '--quiet', this.host.bare, branch);
    await git('rebase', '--quiet', 'FETCH_HEAD');
    await this.push(branch);
  }

  async head(branch: string): Promise<string | null> {
    const asked = ['rev-parse', '--verify', '--quiet', `refs/heads/${branch}`];
    const { stdout } = await execa('git', asked, { cwd: this.host.bare, reject: false });
    return stdout.trim() || null;
  }

  /** Paths that differ between two branches. */
  async changed(from: string, to: string): Promise<string[]> {
    const { stdout } = await execa('git', ['diff', '--name-only', from, to], { cwd: this.host.bare });
    return stdout.split('\n').filter(Boolean);
  }

  /** The judge's part, as the App: a good word on the first open pull request's commit that is meant. */
  async judge(means: (sha: string) => boolean, limitMs = 120_000): Promise<void> {
    const github = githubAt(this.host.home());
    for (let waited = 0; waited < limitMs; waited += 500) {
      const sha = this.host.state.pulls
        .filter(({ state }) => state === 'open')
        .map(({ head }) => head.sha)
        .find(means);
      if (sha)
        return github.setStatus(sha, { context: 'perennial', state: 'success', description: 'passed' });
      await wait(500);
    }
    throw new Error('no pull request to judge came in time');
  }

  /** A person merges a pull request on its page. */
  async merge(number: number): Promise<void> {
    this.ada ??= this.host.person('ada', 'write');
    const answer = await fetch(`${this.host.apiUrl}/repos/${this.host.repository}/pulls/${number}/merge`, {
      method: 'PUT',
      headers: {
        authorization: `Bearer ${this.ada}`,
        'user-agent': 'ada',
        accept: 'application/json',
        'content-type': 'application/json',
      },
      body: JSON.stringify({ merge_method: 'merge' }),
    });
    if (!answer.ok) throw new Error(`#${number} was not merged: ${await answer.text()}`);
    this.writes();
  }

  /** Snapshots (closed months as one) that a branch's data have in the remote. */
  async snapshots(branch: string): Promise<string[]> {
    const md5 = /md5: (\w+\.dir)/.exec((await this.file(branch, 'data.dvc')) ?? '')?.[1] ?? '';
    const path = join(this.folder, 'remote', 'files', 'md5', md5.slice(0, 2), md5.slice(2));
    const files = JSON.parse(await readFile(path, 'utf8')) as { relpath: string }[];
    const raw = files.flatMap(({ relpath }) => /^infections\/raw\/([^/]+)/.exec(relpath)?.[1] ?? []);
    return [...new Set(raw)].sort();
  }

  async stop(): Promise<void> {
    await Promise.allSettled([
      ...this.gone.map((clone) => clone.remove()),
      this.base.remove(),
      rm(this.folder, { recursive: true, force: true }),
    ]);
    await this.host.stop();
  }
}

/** Of a GITHUB_OUTPUT file: `name<<delimiter`, lines, delimiter. */
function outputsIn(text: string): Record<string, string> {
  const found = text.matchAll(/^(\w+)<<(\S+)\n([\s\S]*?)\n\2$/gm);
  return Object.fromEntries([...found].map(([, name, , value]) => [name, value]));
}
