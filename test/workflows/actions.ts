import { setTimeout as wait } from 'node:timers/promises';
import { execa } from 'execa';
import { parse } from 'yaml';
import * as shapes from '../servers/git-host/shapes.ts';
import type { RunState } from '../servers/git-host/state.ts';
import type { GitHost, HostEvent } from '../servers/git-host.ts';
import type { Act, ActOrder } from './act.ts';
import type { ActRun } from './act-log.ts';
import { readWorkflow } from './read-workflows.ts';

export interface ActionsOptions {
  /** Of the repository: a fork's code never sees them. */
  secrets?: Record<string, string>;
  variables?: Record<string, string>;
  /** Of the environment `robots`: only runs on these branches see them. */
  robots?: { secrets: Record<string, string>; branches: string[] };
  /** Environment of the runners. */
  env?: Record<string, string>;
}

export interface Finished extends ActRun {
  workflow: string;
  event: string;
  run: RunState;
  /** Of act alone, without the wait for its turn. */
  ms: number;
}

interface Wanted {
  order: Omit<ActOrder, 'run' | 'secrets' | 'variables' | 'env'>;
  head: { branch: string | null; repository: string };
  fromFork: boolean;
}

/** What GitHub Actions does for the stand-in host: looks which workflows an event starts, runs them with act, shows their jobs beside the commit, and tells `workflow_run` of them. */
export class Actions {
  /** In the order of their ends. */
  readonly finished: Finished[] = [];
  readonly #host: GitHost;
  readonly #act: Act;
  readonly #options: ActionsOptions;
  readonly #events: HostEvent[] = [];
  #only: string[] | null = null;
  readonly #meanwhile: { workflow: string; action: string; happens: () => Promise<unknown> }[] = [];
  readonly #known = new Map<number, Wanted>();
  readonly #groups = new Map<string, Promise<unknown>>();
  readonly #stops = new Map<string, AbortController>();

  constructor(host: GitHost, act: Act, options: ActionsOptions = {}) {
    this.#host = host;
    this.#act = act;
    this.#options = options;
    host.on((event) => this.#events.push(event));
  }

  /** Runs all that events have started, and what that starts in turn. @returns what was run */
  async idle(): Promise<Finished[]> {
    const before = this.finished.length;
    await this.#drain();
    return this.finished.slice(before);
  }

  /** Side by side, for a run may wait for what another one says of its pull request. */
  async #drain(first?: Promise<Finished>): Promise<void> {
    const running = new Set<Promise<void>>();
    const failed: unknown[] = [];
    const add = (run: Promise<Finished>) => {
      const one: Promise<void> = run.then(
        () => void running.delete(one),
        (error) => {
          running.delete(one);
          failed.push(error);
        },
      );
      running.add(one);
    };
    if (first) add(first);
    for (;;) {
      for (let event = this.#events.shift(); event; event = this.#events.shift()) {
        if (!event.startsWorkflows) continue;
        for (const wanted of await this.#startedBy(event)) add(this.#run(wanted));
      }
      if (running.size === 0) break;
      await Promise.race([...running, wait(LOOK_EVERY_MS)]);
    }
    if (failed.length > 0) throw failed[0];
  }

  /** Others are left out from now on: a test is about few of them, and each takes its time. */
  onlyWorkflows(files: string[]): void {
    this.#only = files;
  }

  /** What happens in the world just before the next run of a workflow that an event's action starts; once. */
  meanwhile(workflow: string, action: string, happens: () => Promise<unknown>): void {
    this.#meanwhile.push({ workflow, action, happens });
  }

  /** Forgets events that a test made only to set the stage. */
  forget(): void {
    this.#events.length = 0;
  }

  /** As the clock does. */
  async schedule(workflow: string): Promise<Finished> {
    const payload = this.#host.payloads.schedule('17 6 * * *');
    return await this.#whole(await this.#onDefaultBranch(workflow, 'schedule', payload));
  }

  /** As a person does on the page of a workflow. */
  async dispatch(workflow: string, inputs: Record<string, string> = {}): Promise<Finished> {
    const payload = this.#host.payloads.workflowDispatch(workflow, inputs);
    return await this.#whole(await this.#onDefaultBranch(workflow, 'workflow_dispatch', payload));
  }

  /** With all that it starts. */
  async #whole(wanted: Wanted): Promise<Finished> {
    const run = this.#run(wanted);
    await this.#drain(run);
    return await run;
  }

  async #startedBy({ name, payload, who }: HostEvent): Promise<Wanted[]> {
    if (name === 'rerun') return [this.#known.get(payload.run_id as number)!];
    const { state } = this.#host;
    if (name === 'workflow_dispatch') {
      const file = String(payload.workflow).split('/').pop()!;
      return [await this.#onDefaultBranch(file, name, payload)];
    }
    if (name === 'pull_request') {
      const pull = payload.pull_request as Pull;
      const order = {
        payload,
        sha: pull.head.sha,
        ref: `refs/pull/${pull.number}/merge`,
        actor: who ?? undefined,
      };
      const head = { branch: pull.head.ref, repository: pull.head.repo?.full_name ?? '' };
      return (await this.#workflowsAt(pull.head.sha, name, payload, pull.base.ref)).map((workflow) => ({
        order: { ...order, workflow, event: name },
        head,
        fromFork: head.repository !== this.#host.repository,
      }));
    }
    if (name === 'push') {
      const { ref, after } = payload as { ref: string; after: string };
      const branch = /^refs\/heads\/(.+)$/.exec(ref)?.[1];
      if (!branch || /^0+$/.test(after)) return [];
      return (await this.#workflowsAt(after, name, payload, branch)).map((workflow) => ({
        order: { payload, sha: after, ref, actor: who ?? undefined, workflow, event: name },
        head: { branch, repository: this.#host.repository },
        fromFork: false,
      }));
    }
    const sha = (await state.repository.bare.head(state.repository.defaultBranch))!;
    const files = await this.#workflowsAt(sha, name, payload, null);
    return await Promise.all(files.map((file) => this.#onDefaultBranch(file, name, payload)));
  }

  async #onDefaultBranch(workflow: string, event: string, payload: Record<string, unknown>): Promise<Wanted> {
    const { defaultBranch, bare } = this.#host.state.repository;
    const { state } = this.#host;
    const whole = { repository: shapes.repository(state, this.#links), ...payload };
    const order = { workflow, event, payload: whole, sha: (await bare.head(defaultBranch))! };
    return {
      order: { ...order, ref: `refs/heads/${defaultBranch}` },
      head: { branch: defaultBranch, repository: this.#host.repository },
      fromFork: false,
    };
  }

  /** Files whose `on:` wants the event. @param branch into which, or onto which; null where none counts */
  async #workflowsAt(
    sha: string,
    event: string,
    payload: Record<string, unknown>,
    branch: string | null,
  ): Promise<string[]> {
    const cwd = this.#host.bare;
    const { stdout } = await execa('git', ['ls-tree', '--name-only', sha, '.github/workflows/'], { cwd });
    const files: string[] = [];
    for (const path of stdout.split('\n').filter((name) => name.endsWith('.yml'))) {
      const { stdout: text } = await execa('git', ['show', `${sha}:${path}`], { cwd });
      const on = (parse(text) as { on: Record<string, Filter | null> }).on;
      if (!(event in on)) continue;
      const filter = on[event] ?? {};
      const types = filter.types ?? (event === 'pull_request' ? OF_A_PULL_REQUEST : null);
      if (types && !types.includes(String(payload.action))) continue;
      if (branch !== null && filter.branches && !filter.branches.includes(branch)) continue;
      const told = (payload.workflow_run as { name?: string } | undefined)?.name;
      if (filter.workflows && !filter.workflows.includes(told ?? '')) continue;
      files.push(path.split('/').pop()!);
    }
    return files.filter((file) => this.#only?.includes(file) ?? true);
  }

  /** One at a time in each group of `concurrency`; a newer run of the same pull request ends the older one. */
  async #run(wanted: Wanted): Promise<Finished> {
    const { workflow, payload } = wanted.order;
    const pull = payload.pull_request as Pull | undefined;
    const group = pull ? `${workflow} ${pull.number}` : workflow;
    const stop = new AbortController();
    if (pull) this.#stops.get(group)?.abort();
    this.#stops.set(group, stop);
    const run = (this.#groups.get(group) ?? Promise.resolve()).then(() => this.#inTurn(wanted, stop.signal));
    this.#groups.set(
      group,
      run.catch(() => {}),
    );
    return await run;
  }

  async #inTurn(wanted: Wanted, signal: AbortSignal): Promise<Finished> {
    const { order, head } = wanted;
    const { stdout: text } = await execa(
      'git',
      ['show', `${order.sha}:.github/workflows/${order.workflow}`],
      {
        cwd: this.#host.bare,
      },
    );
    const { name } = readWorkflow(text);
    const path = `.github/workflows/${order.workflow}`;
    const again = [...this.#known].find(([, known]) => known === wanted)?.[0];
    const run =
      this.#host.state.runs.find(({ id }) => id === again) ??
      this.#host.addRun({
        ...{ name, path, event: order.event, status: 'queued', conclusion: null },
        ...{ headBranch: head.branch, headSha: order.sha, headRepo: head.repository },
        actor: order.actor ?? this.#host.state.repository.owner,
      });
    this.#known.set(run.id, wanted);
    // A run that is made again was requested before.
    await this.#tell(again === undefined ? 'requested' : 'in_progress', run);
    const due = this.#meanwhile.findIndex(
      ({ workflow, action }) => workflow === order.workflow && action === order.payload.action,
    );
    if (due >= 0) await this.#meanwhile.splice(due, 1)[0].happens();
    const began = performance.now();
    const done = signal.aborted
      ? { result: 'cancelled' as const, jobs: [], log: 'a newer run of the same pull request came' }
      : await this.#act.run(
          this.#host,
          {
            ...order,
            run,
            ...this.#knows(wanted),
            variables: this.#options.variables,
            env: this.#options.env,
          },
          { signal },
        );
    run.status = 'completed';
    run.conclusion = done.result;
    run.updatedAt = this.#host.state.now();
    for (const job of done.jobs) {
      if (order.event === 'pull_request' || order.event === 'push')
        this.#host.checkRun(order.sha, job.name, job.result);
    }
    const finished = {
      ...done,
      workflow: order.workflow,
      event: order.event,
      run: { ...run },
      ms: performance.now() - began,
    };
    this.finished.push(finished);
    await this.#tell('completed', run);
    return finished;
  }

  /** Runs at once what waits for another workflow's run. */
  async #tell(action: 'requested' | 'in_progress' | 'completed', run: RunState): Promise<void> {
    const { defaultBranch, bare } = this.#host.state.repository;
    const payload = this.#host.payloads.workflowRun(run, action);
    const sha = (await bare.head(defaultBranch))!;
    for (const file of await this.#workflowsAt(sha, 'workflow_run', payload, null))
      await this.#run(await this.#onDefaultBranch(file, 'workflow_run', payload));
  }

  #knows({ order, fromFork }: Wanted): Pick<ActOrder, 'secrets'> {
    const token = { GITHUB_TOKEN: this.#host.workflowToken() };
    if (fromFork) return { secrets: token };
    const { secrets = {}, robots } = this.#options;
    const branch = /^refs\/heads\/(.+)$/.exec(order.ref)?.[1];
    const trusted = branch !== undefined && robots?.branches.includes(branch);
    return { secrets: { ...secrets, ...(trusted && robots?.secrets), ...token } };
  }

  get #links() {
    return { api: this.#host.apiUrl, server: this.#host.serverUrl };
  }
}

const LOOK_EVERY_MS = 200;
const OF_A_PULL_REQUEST = ['opened', 'synchronize', 'reopened'];

interface Filter {
  branches?: string[];
  types?: string[];
  workflows?: string[];
}

interface Pull {
  number: number;
  head: { sha: string; ref: string; repo: { full_name: string } | null };
  base: { ref: string; sha: string };
}
