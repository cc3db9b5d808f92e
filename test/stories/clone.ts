import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { parseDocument } from 'yaml';

const REPOSITORY = join(import.meta.dirname, '..', '..');
const AUTHOR = ['-c', 'user.name=story', '-c', 'user.email=story@localhost'];
const NETWORK = 'const lstm = await lstmCandidates(settings);';
const RUN_LIMIT_MS = 8 * 60_000;

/** Rhode Island's five counties for nine months: a whole run trains in seconds. */
export const SMALL = { state: '44', seed: 20260101, days: 280 };

export interface Ran {
  exitCode: number | undefined;
  stdout: string;
  stderr: string;
}

/** A clone of this repository as it stands, what is not yet committed with it, set up by the same links. */
export class Clone {
  readonly root: string;
  readonly home: string;

  private constructor(root: string) {
    this.root = root;
    this.home = join(root, '.perennial');
  }

  static async make(simulator: Record<string, unknown> = SMALL): Promise<Clone> {
    const clone = new Clone(await mkdtemp(join(tmpdir(), 'perennial-story-')));
    await git(REPOSITORY, 'clone', '--quiet', '--no-hardlinks', REPOSITORY, clone.root);
    await copyUncommitted(clone.root);
    await clone.useSetUp();
    await clone.params((yaml) => yaml.setIn(['models', 'infections', 'source', 'simulator'], simulator));
    return clone;
  }

  /** A second one, with all that runs have left in it. */
  async copy(): Promise<Clone> {
    const root = await mkdtemp(join(tmpdir(), 'perennial-story-'));
    await cp(this.root, root, { recursive: true, verbatimSymlinks: true });
    return new Clone(root);
  }

  /** Another machine: all that is committed here, and nothing else. */
  async elsewhere(): Promise<Clone> {
    const other = new Clone(await mkdtemp(join(tmpdir(), 'perennial-story-')));
    await git(this.root, 'clone', '--quiet', '--no-hardlinks', this.root, other.root);
    await other.useSetUp();
    other.env = this.env;
    return other;
  }

  /** What a workflow does after a run. */
  async commit(): Promise<void> {
    await git(this.root, 'add', '--all');
    await git(this.root, ...AUTHOR, 'commit', '--quiet', '--allow-empty', '--message', 'story');
  }

  /** Changes params.yaml and commits it, so that `git status` tells only what runs do. */
  async params(change: (yaml: ReturnType<typeof parseDocument>) => void): Promise<void> {
    const file = join(this.root, 'params.yaml');
    const yaml = parseDocument(await readFile(file, 'utf8'));
    change(yaml);
    await writeFile(file, yaml.toString());
    await this.commit();
  }

  /** As a team does that begins with data of its own: the example's state would judge theirs. */
  async removeExample(): Promise<void> {
    await git(this.root, 'rm', '-r', '--quiet', 'data.dvc', 'dvc.lock', 'reports');
    await this.commit();
  }

  /** For stories of something else than its training, which is by far the longest: baselines and trees stay. */
  async withoutNetwork(): Promise<void> {
    const file = join(this.root, 'pipeline', 'tasks', 'forecast', 'candidates.ts');
    const code = await readFile(file, 'utf8');
    if (!code.includes(NETWORK)) throw new Error(`${file} no longer holds "${NETWORK}"`);
    await writeFile(file, code.replace(NETWORK, 'const lstm: Candidate[] = [];'));
    await this.commit();
  }

  npm(...args: string[]): Promise<Ran> {
    return ran(execa('npm', args, this.options()));
  }

  /** `npm run pipeline -- …`, without npm's own second. */
  perennial(...args: string[]): Promise<Ran> {
    return ran(this.start(...args));
  }

  /** The same, not waited for, as a process group of its own. */
  start(...args: string[]) {
    return execa('node', ['setup/run.mjs', 'pipeline/main.ts', ...args], {
      ...this.options(),
      detached: true,
    });
  }

  /** Returns when a run holds the workspace. */
  async untilAtWork(): Promise<void> {
    for (let waited = 0; !existsSync(join(this.home, 'artifacts', 'run.lock.owner.json')); waited += 100) {
      if (waited > 60_000) throw new Error('no run began within a minute');
      await wait(100);
    }
  }

  async json<T = Record<string, unknown>>(...path: string[]): Promise<T> {
    return JSON.parse(await this.text(...path)) as T;
  }

  text(...path: string[]): Promise<string> {
    return readFile(join(this.home, ...path), 'utf8');
  }

  /** Empty where git sees nothing new. */
  async status(): Promise<string> {
    return (await git(this.root, 'status', '--porcelain')).stdout;
  }

  remove(): Promise<void> {
    return rm(this.root, { recursive: true, force: true, maxRetries: 3 });
  }

  env: Record<string, string> = {};

  /** Set-up is told by stamps inside of both folders: through the links it has nothing to do. */
  private async useSetUp(): Promise<void> {
    for (const name of ['node_modules', '.venv'])
      await symlink(join(REPOSITORY, name), join(this.root, name));
    await writeFile(join(this.root, '.git', 'info', 'exclude'), 'node_modules\n.venv\n');
  }

  private options() {
    const inherited = Object.entries(process.env).filter(
      ([name]) =>
        !/^(PERENNIAL_|MLFLOW_|DAGSHUB_|AWS_|AZURE_|GIT_|INIT_CWD|VITEST|NODE_ENV|GITHUB_ACTIONS)/.test(name),
    );
    return {
      cwd: this.root,
      reject: false,
      timeout: RUN_LIMIT_MS,
      extendEnv: false,
      env: { ...Object.fromEntries(inherited), ...this.env },
    } as const;
  }
}

async function ran(
  child: PromiseLike<{ exitCode?: number; stdout?: unknown; stderr?: unknown }>,
): Promise<Ran> {
  const { exitCode, stdout, stderr } = await child;
  return { exitCode, stdout: String(stdout), stderr: String(stderr) };
}

function git(root: string, ...args: string[]) {
  return execa('git', args, { cwd: root });
}

/** What a developer is about to commit is what the stories are to tell of. */
async function copyUncommitted(root: string): Promise<void> {
  const list = (...args: string[]) =>
    git(REPOSITORY, 'ls-files', '-z', ...args).then(({ stdout }) => stdout.split('\0').filter(Boolean));
  const deleted = new Set(await list('--deleted'));
  for (const file of await list('--modified', '--others', '--exclude-standard')) {
    if (!deleted.has(file)) await cp(join(REPOSITORY, file), join(root, file), { recursive: true });
  }
  for (const file of deleted) await rm(join(root, file), { force: true });
}
