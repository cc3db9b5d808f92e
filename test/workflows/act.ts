import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { goTool } from '../servers/installed.ts';
import { type ActRun, readActLog } from './act-log.ts';
import { REPOSITORY, readWorkflow } from './read-workflows.ts';
import { ACTIONS } from './rules.ts';

const ACT = { program: 'github.com/nektos/act', version: 'v0.2.89' };
const RUN_LIMIT_MS = 15 * 60_000;

/** One run of one workflow. */
export interface ActOrder {
  /** File in `.github/workflows/` of that commit. */
  workflow: string;
  event: string;
  payload: Record<string, unknown>;
  /** The commit that the event is of, and its branch: `refs/heads/master`, `refs/pull/5/merge`. */
  sha: string;
  ref: string;
  run: { id: number; attempt: number };
  actor?: string;
  /** What a run may know; each secret of eight letters or more, for act hides every occurrence. */
  secrets?: Record<string, string>;
  variables?: Record<string, string>;
  /** Environment of the runner itself. */
  env?: Record<string, string>;
}

export interface ActHost {
  apiUrl: string;
  serverUrl: string;
  /** `owner/name`. */
  repository: string;
  /** Folder of the bare repository. */
  bare: string;
}

/** @returns the program; null where this machine has no Go to build it with */
export function actProgram(): Promise<string | null> {
  return goTool(ACT.program, ACT.version);
}

/** Runs workflows for real, on this machine, with the actions of test/actions in the place of GitHub's. Checkouts are
 *  real clones from the host; node_modules and .venv are those of this repository. */
export class Act {
  readonly #program: string;
  readonly #folder: string;
  #count = 0;

  private constructor(program: string, folder: string) {
    this.#program = program;
    this.#folder = folder;
  }

  /** @throws Error where there is no Go: ask `actProgram` first */
  static async start(): Promise<Act> {
    const program = await actProgram();
    if (program === null) throw new Error('act cannot be had: this machine has no Go');
    return new Act(program, await mkdtemp(join(tmpdir(), 'perennial-act-')));
  }

  stop(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  /** @param signal ends the run, as a newer one of its group does */
  async run(host: ActHost, order: ActOrder, { signal }: { signal?: AbortSignal } = {}): Promise<ActRun> {
    const folder = join(this.#folder, String(++this.#count));
    const tree = join(folder, 'tree');
    await mkdir(folder);
    // Objects are the host's own: also a fork's commit is there, which no branch holds.
    await execa('git', ['clone', '--quiet', '--shared', '--no-checkout', host.bare, tree]);
    await execa('git', ['checkout', '--quiet', order.sha, '--', '.github'], { cwd: tree });
    await execa('git', ['update-ref', '--no-deref', 'HEAD', order.sha], { cwd: tree });
    const file = join(tree, '.github', 'workflows', order.workflow);
    const files = {
      payload: join(folder, 'event.json'),
      secrets: join(folder, 'secrets.yml'),
      variables: join(folder, 'variables.yml'),
    };
    // JSON is YAML, and holds a key of several lines.
    await writeFile(files.payload, JSON.stringify(order.payload));
    await writeFile(files.secrets, JSON.stringify(order.secrets ?? {}), { mode: 0o600 });
    await writeFile(files.variables, JSON.stringify(order.variables ?? {}));
    const child = execa(
      this.#program,
      [
        ...[order.event, '-W', file, '-C', tree, '-e', files.payload, '--json'],
        ...[
          '--secret-file',
          files.secrets,
          '--var-file',
          files.variables,
          '--env-file',
          '',
          '--input-file',
          '',
        ],
        ...['-P', 'ubuntu-latest=-self-hosted', '--no-cache-server', '--no-skip-checkout'],
        ...['--action-cache-path', join(folder, 'act'), '--actor', order.actor ?? 'somebody'],
        ...['--defaultbranch', 'master'],
        ...[...ACTIONS].flatMap(([name, pin]) => [
          '--local-repository',
          `${name}@${pin.split(' ')[0]}=${join(REPOSITORY, 'test', 'actions', name.split('/')[1])}`,
        ]),
        ...Object.entries(contextOf(host, order)).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      ],
      {
        cwd: folder,
        extendEnv: false,
        env: { ...machine(), ...testEnv(this.#folder), ...order.env },
        reject: false,
        timeout: RUN_LIMIT_MS,
        cancelSignal: signal,
        forceKillAfterDelay: 10_000,
        maxBuffer: 200_000_000,
      },
    );
    const { stdout, stderr, exitCode } = await child;
    const workflow = readWorkflow(await readFile(file, 'utf8'));
    const run = readActLog(stdout, workflow);
    if (!signal?.aborted && run.jobs.every(({ result }) => result === 'skipped') && exitCode !== 0)
      throw new Error(`act did not run ${order.workflow}: ${stderr}\n${run.log}`);
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    return signal?.aborted ? { ...run, result: 'cancelled' } : run;
  }
}

function contextOf(host: ActHost, order: ActOrder): Record<string, string> {
  const [owner] = host.repository.split('/');
  return {
    GITHUB_API_URL: host.apiUrl,
    GITHUB_SERVER_URL: host.serverUrl,
    GITHUB_REPOSITORY: host.repository,
    GITHUB_REPOSITORY_OWNER: owner,
    GITHUB_REF: order.ref,
    SHA_REF: order.sha,
    GITHUB_RUN_ID: String(order.run.id),
    GITHUB_RUN_ATTEMPT: String(order.run.attempt),
    GITHUB_RUN_NUMBER: '1',
  };
}

/** What a runner's machine has; nothing of the settings of whoever runs the tests. */
function machine(): Record<string, string> {
  const names = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'XDG_CACHE_HOME', 'npm_config_registry', 'SSL_CERT_FILE'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]!]])),
  );
}

function testEnv(folder: string): Record<string, string> {
  const ready = existsSync(join(REPOSITORY, 'node_modules'));
  if (!ready) throw new Error('node_modules is missing; run npm run setup');
  return { PERENNIAL_TEST_SETUP: REPOSITORY, PERENNIAL_TEST_CACHE: join(folder, 'cache') };
}
