import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { GitHost } from '../servers/git-host.ts';
import { Clone } from '../stories/clone.ts';
import { Act, actProgram } from './act.ts';
import { Actions, type ActionsOptions } from './actions.ts';

const AUTHOR = ['-c', 'user.name=ada', '-c', 'user.email=ada@localhost'];

export interface StageOptions extends ActionsOptions {
  /** What else is changed in params.yaml. */
  params?: Parameters<Clone['params']>[0];
}

/** Whether act can be had; said once where it cannot. */
export async function canAct(): Promise<boolean> {
  const program = await actProgram();
  if (program === null)
    process.stderr.write('workflows are not run here: this machine has no Go to build act with\n');
  return program !== null;
}

/** A team's repository on the stand-in host, its workflows at work: this repository as it stands, on `dev`, `test` and
 *  `master`, with an example small enough to train in seconds. */
export class Stage {
  readonly #act: Act;
  /** Token of somebody who may write. */
  readonly ada: string;

  private constructor(
    readonly host: GitHost,
    readonly clone: Clone,
    readonly actions: Actions,
    act: Act,
  ) {
    this.#act = act;
    this.ada = host.person('ada', 'write');
  }

  /** @param files what differs from this repository, by path; null: is not there */
  static async set(files: Record<string, string | null> = {}, options: StageOptions = {}): Promise<Stage> {
    const [host, clone, act] = await Promise.all([GitHost.start(), Clone.make(), Act.start()]);
    // Each model is a job.
    await clone.params((yaml) => {
      for (const model of ['italy', 'temperature']) yaml.deleteIn(['models', model]);
      options.params?.(yaml);
    });
    const { app } = host;
    const robots = {
      secrets: { PERENNIAL_APP_PRIVATE_KEY: app.privateKey, ...options.robots?.secrets },
      branches: options.robots?.branches ?? ['master', 'test'],
    };
    const variables = {
      PERENNIAL_APP_ID: String(app.id),
      PERENNIAL_APP_INSTALLATION: String(app.installation),
      // An image takes a Docker engine, and minutes: tests of it ask for one.
      IMAGE_REGISTRY: 'none',
      ...options.variables,
    };
    const stage = new Stage(host, clone, new Actions(host, act, { ...options, robots, variables }), act);
    await stage.write(files);
    // Without this repository's own history, which every job would fetch.
    const { stdout: tree } = await stage.git('write-tree');
    const { stdout: first } = await stage.git(...AUTHOR, 'commit-tree', tree, '-m', 'stage');
    const branches = ['dev', 'test', 'master'].map((branch) => `+${first}:refs/heads/${branch}`);
    await stage.git('push', '--quiet', host.originFor(host.person('owner', 'admin')), ...branches);
    for (const file of await readdir(join(clone.root, '.github', 'workflows'))) host.addWorkflow(file);
    stage.actions.forget();
    return stage;
  }

  /** @throws Error if anything was asked of the host that GitHub would not take */
  async end(): Promise<void> {
    await Promise.all([this.#act.stop(), this.clone.remove()]);
    await this.host.stop();
  }

  /** Commits onto a branch and pushes it as a person. @returns the commit */
  push(branch: string, from: string, files: Record<string, string | null>): Promise<string> {
    return this.pushTo({ repository: this.host.repository, token: this.ada }, branch, from, files);
  }

  /** The same into a fork. */
  async pushTo(
    to: { repository: string; token: string },
    branch: string,
    from: string,
    files: Record<string, string | null>,
  ): Promise<string> {
    await this.git('fetch', '--quiet', this.host.bare, '+refs/heads/*:refs/remotes/host/*');
    await this.git('checkout', '--quiet', '--force', '--detach', `host/${from}`);
    await this.write(files);
    await this.git(...AUTHOR, 'commit', '--quiet', '--message', `change of ${branch}`);
    await this.git(
      'push',
      '--quiet',
      this.host.originFor(to.token, to.repository),
      `HEAD:refs/heads/${branch}`,
    );
    return (await this.git('rev-parse', 'HEAD')).stdout;
  }

  /** A file as a branch has it. */
  async read(branch: string, path: string): Promise<string> {
    const { stdout } = await execa('git', ['show', `${branch}:${path}`], { cwd: this.host.bare });
    return `${stdout}\n`;
  }

  /** @param head branch, or `owner:branch` of a fork @returns its number */
  async open(head: string, base: string, token = this.ada): Promise<number> {
    const body = { title: `${head} into ${base}`, head, base };
    return ((await this.api('POST', '/pulls', body, token)) as { number: number }).number;
  }

  /** @param path below the repository's own address */
  async api(method: string, path: string, body?: unknown, token = this.ada): Promise<unknown> {
    const response = await fetch(`${this.host.apiUrl}/repos/${this.host.repository}${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'user-agent': 'tests' },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.status === 204 ? null : await response.json();
  }

  /** State and description of a status, newest; null where there is none. */
  status(sha: string, context = 'perennial') {
    const found = this.host.state.statusesOf(sha).find((one) => one.context === context);
    return found ? { state: found.state, description: found.description } : null;
  }

  comments(pull: number): string[] {
    return this.host.state.comments.filter(({ issue }) => issue === pull).map(({ body }) => body);
  }

  private async write(files: Record<string, string | null>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      if (text === null) {
        await this.git('rm', '-r', '--quiet', '--ignore-unmatch', path);
        continue;
      }
      await mkdir(dirname(join(this.clone.root, path)), { recursive: true });
      await writeFile(join(this.clone.root, path), text);
      await this.git('add', '--force', path);
    }
  }

  private git(...args: string[]) {
    return execa('git', args, { cwd: this.clone.root, timeout: 120_000 });
  }
}
