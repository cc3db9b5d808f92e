// A team's repository on the stand-in Git host, with a registry in a folder and an image registry of Docker: each step of
// the workflow release as its job runs it. Nothing is trained: bundles are baselines.
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { parseDocument } from 'yaml';
import { dockerAt } from '../../pipeline/clients/docker.ts';
import type { BundleFiles } from '../../pipeline/contracts/bundle.ts';
import type { GithubHome } from '../../pipeline/contracts/github.ts';
import type { RegisteredVersion } from '../../pipeline/contracts/registry.ts';
import { writeBundle } from '../../pipeline/registry/bundle-folder.ts';
import { folderRegistry } from '../../pipeline/registry/folder.ts';
import { productionOf } from '../../pipeline/stages/register/entries.ts';
import { MODEL, type Sample } from '../../serve/sample-service.testing.ts';
import { GitHost } from '../servers/git-host.ts';
import { Clone, type Ran } from '../stories/clone.ts';

export const REGISTRY = process.env.PERENNIAL_TEST_REGISTRY ?? 'http://127.0.0.1:5000';

/** Whether there is an engine and a registry; said once where one is missing. */
export async function canRelease(): Promise<boolean> {
  const engine = await dockerAt().version();
  const registry = await fetch(`${REGISTRY}/v2/`, { signal: AbortSignal.timeout(10_000) }).then(
    ({ ok }) => ok,
    () => false,
  );
  if (engine && registry) return true;
  const missing = engine ? `no image registry answers at ${REGISTRY}` : 'no Docker engine answers';
  process.stderr.write(`images are not released here: ${missing}\n`);
  return false;
}

const AUTHOR = ['-c', 'user.name=ada', '-c', 'user.email=ada@localhost'];

export interface Step extends Ran {
  step: string;
  outputs: Record<string, string>;
  summary: string;
}

export class ReleaseTeam {
  /** Of each step, for the table at the end. */
  readonly steps: { of: string; step: string; ended: string; seconds: number }[] = [];
  readonly images: string;
  private chapter = '';
  private runs = 0;

  private constructor(
    readonly host: GitHost,
    readonly clone: Clone,
    readonly folder: string,
    registry: string,
  ) {
    this.images = `${registry}/e2e-${randomBytes(4).toString('hex')}/perennial`;
  }

  /** @param registry `http://127.0.0.1:5000` */
  static async start(registry: string): Promise<ReleaseTeam> {
    const [host, clone] = await Promise.all([GitHost.start(), Clone.make()]);
    const team = new ReleaseTeam(host, clone, await mkdtemp(join(tmpdir(), 'perennial-release-')), registry);
    await clone.removeExample();
    await clone.params((yaml) => {
      for (const { key } of (yaml.get('models') as { items: { key: { value: string } }[] }).items.slice())
        if (key.value !== MODEL) yaml.deleteIn(['models', key.value]);
    });
    await team.forgetHistory();
    // As the collecting run leaves it; its data are asked for by nobody here.
    await team.merge({ 'data.dvc': `outs:\n- md5: ${'d'.repeat(32)}.dir\n  path: data\n` });
    return team;
  }

  /** Without this repository's own commits, which every step and every job would fetch. */
  private async forgetHistory(): Promise<void> {
    const { stdout } = await this.git(...AUTHOR, 'commit-tree', 'HEAD^{tree}', '-m', 'a team begins');
    await this.git('reset', '--quiet', '--soft', stdout);
  }

  async end(): Promise<void> {
    await Promise.all([this.clone.remove(), rm(this.folder, { recursive: true, force: true })]);
    await this.host.stop();
  }

  tells(chapter: string): void {
    this.chapter = chapter;
  }

  get registry() {
    return folderRegistry(join(this.clone.root, 'models', MODEL), { model: MODEL, now: () => new Date() });
  }

  /** As a training does. */
  async register({ files, version }: Pick<Sample, 'files' | 'version'>): Promise<RegisteredVersion> {
    return this.registry.register(files, factsOf(version));
  }

  async observe(pack: BundleFiles): Promise<void> {
    const folder = join(this.clone.root, 'artifacts', MODEL, 'pack');
    await rm(folder, { recursive: true, force: true });
    await writeBundle(folder, pack);
  }

  /** What git is to serve from now on. @returns the commit */
  promote(version: RegisteredVersion, more: Record<string, string> = {}): Promise<string> {
    return this.merge({ ...promotionOf(version), ...more });
  }

  /** A change of master, on the host and here. */
  merge(files: Record<string, string>, message = 'a merge'): Promise<string> {
    return this.commitTo('master', files, message);
  }

  private async commitTo(branch: string, files: Record<string, string>, message: string): Promise<string> {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(this.clone.root, path)), { recursive: true });
      await writeFile(join(this.clone.root, path), text);
      await this.git('add', '--force', path);
    }
    await this.git(...AUTHOR, 'commit', '--quiet', '--allow-empty', '--message', message);
    await this.git('push', '--quiet', '--force', this.host.bare, `HEAD:refs/heads/${branch}`);
    await this.host.settle();
    return (await this.git('rev-parse', 'HEAD')).stdout;
  }

  /** A pull request into master that promotes a version, with the observations of the day. @returns its number */
  async propose(version: RegisteredVersion, more: Record<string, string> = {}): Promise<number> {
    const branch = `promotion-${version.version}`;
    await this.git('add', '--force', join('artifacts', MODEL, 'pack'));
    await this.commitTo(branch, { ...promotionOf(version), ...more }, branch);
    const { number } = await this.api<{ number: number }>('POST', '/pulls', {
      ...{ title: `promote ${version.version}`, head: branch, base: 'master' },
    });
    return number;
  }

  /** What a person has merged on the host. */
  async pull(): Promise<string> {
    await this.git('fetch', '--quiet', this.host.bare, 'master');
    await this.git('reset', '--quiet', '--hard', 'FETCH_HEAD');
    return (await this.git('rev-parse', 'HEAD')).stdout;
  }

  async mergePull(number: number): Promise<void> {
    await this.api('PUT', `/pulls/${number}/merge`, { merge_method: 'merge' });
  }

  /** As the owner. @param path below the repository's own address */
  private async api<T>(method: string, path: string, body: unknown): Promise<T> {
    const response = await fetch(`${this.host.apiUrl}/repos/${this.host.repository}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.host.person('owner', 'admin')}`, 'user-agent': 'tests' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  git(...args: string[]) {
    return execa('git', args, { cwd: this.clone.root });
  }

  read(path: string): Promise<string> {
    return readFile(join(this.clone.root, path), 'utf8');
  }

  async params(): Promise<ReturnType<typeof parseDocument>> {
    return parseDocument(await this.read('params.yaml'));
  }

  get home(): GithubHome {
    return this.host.home({ timeoutMs: 20_000, retries: 1, longestWaitMs: 1_000 });
  }

  /** One step of a job, and what it told the workflow. */
  async step(name: string, ...args: string[]): Promise<Step> {
    this.clone.env = await this.environment();
    const { GITHUB_OUTPUT: output, GITHUB_STEP_SUMMARY: summary } = this.clone.env;
    const began = performance.now();
    const ran = await this.clone.perennial(name, ...args);
    const ms = performance.now() - began;
    const outputs = outputsIn(await readFile(output, 'utf8'));
    const ended = ran.exitCode === 0 ? 'done' : outputs.refused ? 'refused' : 'failed';
    this.ran(name, ended, ms);
    return { ...ran, step: name, outputs, summary: await readFile(summary, 'utf8') };
  }

  /** For the table at the end. */
  ran(step: string, ended: string, ms: number): void {
    this.steps.push({ of: this.chapter, step, ended, seconds: ms / 1000 });
  }

  /** Of one step. */
  async environment(): Promise<Record<string, string>> {
    const [output, summary] = [join(this.folder, 'output'), join(this.folder, 'summary')];
    await Promise.all([writeFile(output, ''), writeFile(summary, '')]);
    const { app } = this.host;
    return {
      GITHUB_ACTIONS: 'true',
      GITHUB_REPOSITORY: this.host.repository,
      GITHUB_API_URL: this.host.apiUrl,
      GITHUB_SERVER_URL: this.host.serverUrl,
      GITHUB_RUN_ID: String(1000 + this.runs++),
      GITHUB_ACTOR: 'ada',
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      PERENNIAL_APP_ID: String(app.id),
      PERENNIAL_APP_PRIVATE_KEY: app.privateKey,
      PERENNIAL_APP_INSTALLATION: String(app.installation),
      IMAGE_REGISTRY: this.images,
    };
  }

  plan(...args: string[]): Promise<Step> {
    return this.step('release-plan', ...args);
  }

  build({ outputs }: Step): Promise<Step> {
    const { commit, version, models, image } = outputs;
    return this.step(
      ...['release-build', '--commit', commit, '--version', version],
      ...['--models', models, '--image', image],
    );
  }

  push({ outputs }: Step): Promise<Step> {
    return this.step('release-push', '--version', outputs.version);
  }

  verify({ outputs }: Step, image: string): Promise<Step> {
    return this.step(
      ...['release-verify', image, '--released', 'artifacts/_release', '--commit', outputs.commit],
    );
  }

  publish({ outputs }: Step, image: string): Promise<Step> {
    return this.step(
      ...['release-publish', '--released', 'artifacts/_release', '--version', outputs.version],
      ...['--commit', outputs.commit, '--image', image],
    );
  }

  revert({ outputs }: Step, reason: string): Promise<Step> {
    return this.step('release-revert', '--commit', outputs.commit, '--reason', reason);
  }

  /** Table of all steps. */
  told(): string {
    const rows = this.steps.map(
      ({ of, step, ended, seconds }) =>
        `${of.padEnd(44)} ${step.padEnd(18)} ${ended.padEnd(8)} ${seconds.toFixed(1).padStart(6)} s`,
    );
    return rows.join('\n');
  }
}

/** What a training tells the registry; the rest the registry itself adds. */
export function factsOf(version: RegisteredVersion) {
  const { model: _, version: __, digest: ___, registered_at: ____, ...facts } = version;
  return facts;
}

function promotionOf(version: RegisteredVersion): Record<string, string> {
  const production = productionOf(version, '2026-07-01T00:00:00.000Z');
  return { [`reports/${MODEL}/production.json`]: `${JSON.stringify(production, null, 2)}\n` };
}

/** `name<<delimiter` and its lines, as GITHUB_OUTPUT is written. */
function outputsIn(text: string): Record<string, string> {
  const found = [...text.matchAll(/^(\w+)<<(\S+)\n([\s\S]*?)\n\2$/gm)];
  return Object.fromEntries(found.map(([, name, , value]) => [name, value]));
}
