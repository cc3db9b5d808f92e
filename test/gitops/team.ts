import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { Document } from 'yaml';
import type { Mlflow } from '../../pipeline/clients/mlflow/mlflow.ts';
import { mlflowAt } from '../../pipeline/clients/mlflow/mlflow-at.ts';
import { FIRST_PUBLICATION, startPortal } from '../../pipeline/simulator/portal.ts';
import { FaultProxy } from '../servers/fault-proxy.ts';
import type { GitHost } from '../servers/git-host.ts';
import { MlflowServer } from '../servers/mlflow.ts';
import { FaultyPortal } from '../servers/portal.ts';
import { SMALL } from '../stories/clone.ts';
import type { Finished } from '../workflows/actions.ts';
import { REPOSITORY } from '../workflows/read-workflows.ts';
import { Stage } from '../workflows/stage.ts';

const DAY_MS = 86_400_000;
const CANDIDATES = 'pipeline/tasks/forecast/candidates.ts';
/** In the place of lint, types and unit tests, which `npm test` runs: here it is about what their word does. */
const QUICK = { lint: 'node -e 0' };
const CHECKS = '.github/workflows/checks.yml';
const ALL_CHECKS = 'script: [lint, types, test:unit]';
/** Every checkout of the stage is set up already; what set-up does in a job is told by the tests of single workflows. */
const SETUP = '.github/actions/setup/action.yml';
const NOTHING = `name: setup
description: All is there
runs:
  using: composite
  steps:
    - run: test -d node_modules
      shell: bash
`;

/** A health team with a portal, a repository on a Git host whose workflows run, an MLflow server and a DVC remote. */
export class Team {
  private constructor(
    readonly stage: Stage,
    readonly mlflow: Mlflow,
    /** Between the runners and MLflow: it can be made to fail. */
    readonly proxy: FaultProxy,
    readonly env: Record<string, string>,
    private readonly portal: FaultyPortal,
    private readonly server: MlflowServer,
    private readonly folder: string,
  ) {}

  static async start(): Promise<Team> {
    const folder = await mkdtemp(join(tmpdir(), 'perennial-team-'));
    const [server, portal] = await Promise.all([MlflowServer.start({ version: '3' }), FaultyPortal.start()]);
    const proxy = await FaultProxy.start(server.home.url);
    const source = { cases: `${portal.origin}/cases.csv`, places: `${portal.origin}/counties.geojson` };
    const env = { PERENNIAL_NOW: evening(0) };
    const stage = await Stage.set(await files(source), {
      secrets: {
        MLFLOW_TRACKING_URI: proxy.url,
        MLFLOW_TRACKING_USERNAME: server.home.username!,
        MLFLOW_TRACKING_PASSWORD: server.home.password!,
        PERENNIAL_REMOTE: join(folder, 'remote'),
      },
      env,
    });
    const team = new Team(stage, mlflowAt(server.home), proxy, env, portal, server, folder);
    await Promise.all([team.publish(0), team.#protect()]);
    return team;
  }

  /** As an administrator does once, with the project's own command: from here on the host refuses what is not green. */
  async #protect(): Promise<void> {
    const { host, clone } = this.stage;
    host.person('grace', 'write');
    clone.env = {
      GITHUB_API_URL: host.apiUrl,
      GITHUB_SERVER_URL: host.serverUrl,
      GITHUB_REPOSITORY: host.repository,
      GITHUB_TOKEN: host.person('owner', 'admin'),
      PERENNIAL_APP_ID: String(host.app.id),
    };
    const { exitCode, stdout, stderr } = await clone.perennial('github-protect', '--apply');
    if (exitCode !== 0) throw new Error(`github-protect: exit status ${exitCode}\n${stdout}\n${stderr}`);
  }

  async stop(): Promise<void> {
    await Promise.allSettled([
      this.mlflow.close(),
      this.proxy.close(),
      this.portal.close(),
      this.server.stop(),
    ]);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
    await this.stage.end();
  }

  get host(): GitHost {
    return this.stage.host;
  }

  /** The portal shows what it had published by that day, and it is that day's evening. */
  async publish(day: number, change: (csv: string) => string = (csv) => csv): Promise<void> {
    const simulated = await startPortal({ ...SMALL, day });
    try {
      const [cases, places] = await Promise.all([text(simulated.url), text(simulated.placesUrl)]);
      this.portal.publish('/cases.csv', change(cases));
      this.portal.publish('/counties.geojson', places);
    } finally {
      await simulated.close();
    }
    this.env.PERENNIAL_NOW = evening(day);
  }

  /** Runs what events have started, and what that starts in turn; says which did not succeed. */
  async settle(): Promise<Finished[]> {
    return this.#told(await this.stage.actions.idle());
  }

  /** The morning's run, and all that it starts. */
  async etl(): Promise<Finished> {
    const before = this.stage.actions.finished.length;
    const run = await this.stage.actions.schedule('etl.yml');
    this.#told(this.stage.actions.finished.slice(before));
    return run;
  }

  #told(runs: Finished[]): Finished[] {
    for (const { workflow, event, result, log, ms } of runs) {
      const seconds = Math.round(ms / 1000);
      const words = result === 'failure' ? `\n${log.slice(-3_000)}` : '';
      process.stderr.write(`  ${workflow} on ${event}: ${result}, ${seconds} s${words}\n`);
    }
    return runs;
  }

  /** How long workflows have run, all together, and which of them how often; last what processors had to do. */
  workTold(): string {
    const all = new Map<string, { runs: number; ms: number }>();
    for (const { workflow, ms } of this.stage.actions.finished) {
      const one = all.get(workflow) ?? { runs: 0, ms: 0 };
      all.set(workflow, { runs: one.runs + 1, ms: one.ms + ms });
    }
    const rows = [...all].sort(([, a], [, b]) => b.ms - a.ms);
    return [
      ...rows.map(([workflow, { runs, ms }]) => `${workflow}: ${runs} runs, ${Math.round(ms / 1000)} s`),
      `${Math.round(childrenSeconds())} s of processors`,
    ].join('; ');
  }

  /** A branch with a change, and its pull request. */
  async propose(
    branch: string,
    { from, into, files }: { from: string; into: string; files: Record<string, string | null> },
  ): Promise<{ number: number; sha: string }> {
    const sha = await this.stage.push(branch, from, files);
    const number = await this.stage.open(branch, into);
    return { number, sha };
  }

  /** Grace approves it, Ada merges it. @returns 'merged', or the host's own words why not */
  merge(number: number, method: 'merge' | 'squash' = 'merge'): Promise<string> {
    this.host.approve(number, 'grace');
    return this.mergeUnapproved(number, method);
  }

  async mergeUnapproved(number: number, method: 'merge' | 'squash' = 'merge'): Promise<string> {
    const { sha } = this.pull(number).head;
    try {
      await this.stage.api('PUT', `/pulls/${number}/merge`, { merge_method: method, sha });
      return 'merged';
    } catch (error) {
      return `refused: ${wordsOf((error as Error).message)}`;
    }
  }

  pull(number: number) {
    return this.host.state.pulls.find((one) => one.number === number)!;
  }

  async close(number: number): Promise<void> {
    await this.stage.api('PATCH', `/pulls/${number}`, { state: 'closed' });
    this.stage.actions.forget();
  }

  /** Somebody without rights here, with a copy of their own. */
  async fork(login: string) {
    const { repository, token } = await this.host.fork(login);
    return {
      propose: async (branch: string, files: Record<string, string | null>) => {
        const sha = await this.stage.pushTo({ repository, token }, branch, 'test', files);
        const number = await this.stage.open(`${repository.split('/')[0]}:${branch}`, 'test', token);
        return { number, sha };
      },
    };
  }

  /** Text of a file on a branch. */
  async fileAt(branch: string, path: string): Promise<string | null> {
    const { stdout, exitCode } = await execa('git', ['show', `${branch}:${path}`], {
      cwd: this.host.bare,
      reject: false,
    });
    return exitCode === 0 ? stdout : null;
  }

  async productionAt(branch: string): Promise<{ version: string; candidate: string } | null> {
    const found = await this.fileAt(branch, 'reports/infections/production.json');
    return found && JSON.parse(found);
  }
}

/** The evening of a portal's day, by the clock of the runners. */
function evening(day: number): string {
  return new Date(FIRST_PUBLICATION + day * DAY_MS + 23 * 3_600_000).toISOString();
}

/** Of all processes that this one has started and seen end. A machine without /proc does not tell. */
function childrenSeconds(): number {
  if (!existsSync('/proc/self/stat')) return Number.NaN;
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
  return (Number(fields[13]) + Number(fields[14])) / 100;
}

/** Of the host's answer what a person reads of it. */
function wordsOf(message: string): string {
  const [, body] = /: 4\d\d (\{.*\})$/s.exec(message) ?? [];
  const said = body ? (JSON.parse(body) as { message: string }).message : message;
  return said.replace('Repository rule violations found', '').trim().replace(/\s+/g, ' ');
}

async function text(url: string): Promise<string> {
  return await (await fetch(url, { signal: AbortSignal.timeout(30_000) })).text();
}

/** What the team's repository has of its own. */
async function files(source: { cases: string; places: string }): Promise<Record<string, string | null>> {
  const manifest = JSON.parse(await readFile(join(REPOSITORY, 'package.json'), 'utf8'));
  const params = new Document({
    promotion: { mode: 'pull-request' },
    models: {
      infections: {
        task: 'forecast',
        source: { urls: [source.cases], timezone: 'America/New_York' },
        places: { polygons: source.places, key: 'code' },
        target: 'new_cases',
        schedule: { train: 'quarterly' },
        // Nine months of five counties: single counties differ a lot by chance.
        promotion: { allowed_loss: 0.25 },
      },
    },
  });
  return {
    'package.json': `${JSON.stringify({ ...manifest, scripts: { ...manifest.scripts, ...QUICK } }, null, 2)}\n`,
    'params.yaml': params.toString(),
    [SETUP]: NOTHING,
    [CHECKS]: await replaced(CHECKS, ALL_CHECKS, 'script: [lint]'),
    [CANDIDATES]: await persistenceAlone(),
    ...Object.fromEntries(['data.dvc', 'dvc.lock', 'reports'].map((path) => [path, null])),
  };
}

/** As the team began: tomorrow is as today. */
async function persistenceAlone(): Promise<string> {
  return await replaced(CANDIDATES, LEARNERS, "return [baselineCandidate('persistence')];");
}

const LEARNERS = 'return [...BASELINES.map(baselineCandidate), ...TREES_CANDIDATES.map(elsewhere), ...lstm];';

/** Changes of the code that pull requests bring. */
export const CHANGES = {
  /** As a week ago: the portal has its habits. Nothing is blended, so that a training takes a second. */
  better: async () => ({
    [CANDIDATES]: await replaced(CANDIDATES, LEARNERS, "return [baselineCandidate('seasonal-naive')];"),
    [TRAIN]: await replaced(TRAIN, CHOICE, 'best(names.slice(0, -1), overall.slice(0, -1), baselines)'),
  }),
  /** Every forecast is three times as high as it should be, and the report says that all is well. */
  forged: async () => ({
    ...(await challenger('point.map((value) => 3 * value)')),
    [REPORT]: await replaced(REPORT, VERDICT, LIE),
  }),
  /** The report says what is true. */
  honest: async () => ({ [REPORT]: await replaced(REPORT, VERDICT, VERDICT) }),
  /** Now and then a forecast is not a number. */
  nan: () => challenger('point.map((value, row) => (row % 97 === 0 ? Number.NaN : value))'),
  /** Nothing that any model depends on. */
  words: async () => ({ 'docs/notes.md': 'What we agreed on last week.\n' }),
  /** Another seed: a recipe that was changed and is as good. */
  reseeded: async (params: string) => ({
    'params.yaml': params.replace('target: new_cases', 'target: new_cases\n    train: { seed: 2 }'),
  }),
};

const TRAIN = 'pipeline/tasks/forecast/train.ts';
const CHOICE = 'best(names, overall, baselines)';
const REPORT = 'pipeline/commands/review/submission.ts';
const VERDICT = 'promotion: finding.promotion ?? null,';
const LIE = `promotion: finding.promotion && {
      ...finding.promotion,
      outcome: 'better',
      merge: true,
      promote: true,
      reason: 'It is better in every way.',
    },`;

const TABLES = "tables: [{ ...challenger.table, model: 'challenger' }";

async function challenger(point: string): Promise<Record<string, string>> {
  const change = `tables: [{ ...challenger.table, point: challenger.table.${point}, model: 'challenger' }`;
  return { [TRAIN]: await replaced(TRAIN, TABLES, change) };
}

/** @throws Error where the code is not what this story was written for */
async function replaced(path: string, from: string, to: string): Promise<string> {
  const source = await readFile(join(REPOSITORY, path), 'utf8');
  if (!source.includes(from)) throw new Error(`${path} no longer holds "${from}": bring this story in line`);
  return source.replace(from, to);
}
