import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Permission, Ruleset } from '../../pipeline/clients/github/github.ts';
import { type Api, answerApi, type Seen } from './git-host/api.ts';
import { Bare } from './git-host/bare.ts';
import { type FaultOrder, Faults } from './git-host/faults.ts';
import { RefFollower } from './git-host/follow-refs.ts';
import { answerGit, type GitHttp } from './git-host/git-http.ts';
import { answerInside, type Inside } from './git-host/inside.ts';
import { makeApp } from './git-host/make-app.ts';
import { eventPayload } from './git-host/payloads.ts';
import { ROUTES } from './git-host/routes.ts';
import {
  type Actor,
  type App,
  type ArtifactState,
  loginOf,
  type Repository,
  type Rights,
  type RunState,
  State,
} from './git-host/state.ts';
import { answerStorage } from './git-host/storage.ts';

export interface GitHostOptions {
  owner?: string;
  name?: string;
  /** Default true: nothing is read without a token. */
  private?: boolean;
  /** `free` with a private repository: no branch rules. */
  plan?: 'free' | 'pro';
  defaultBranch?: string;
  /** What the robots' App was granted; default: all that they need. Null: it is not installed. */
  rights?: Rights | null;
}

export interface HostEvent {
  name: string;
  payload: Record<string, unknown>;
  /** False: made by a workflow's own token, which starts no other workflow. */
  startsWorkflows: boolean;
  who: string | null;
}

export const ROBOT_RIGHTS: Rights = {
  metadata: 'read',
  contents: 'write',
  pull_requests: 'write',
  issues: 'write',
  statuses: 'write',
  checks: 'read',
  actions: 'write',
  workflows: 'write',
};

/** A small stateful stand-in for GitHub on one loopback port: its REST API, and git over HTTP on a real bare
 *  repository. What it is sent and what it answers is checked against GitHub's own OpenAPI description. */
export class GitHost {
  readonly faults = new Faults();
  readonly requests: Seen[] = [];
  /** Of git over HTTP, apart from the API's. */
  readonly gitRequests: { method: string; path: string; status: number; who: string | null }[] = [];
  /** What GitHub would not have taken, one sentence each. */
  readonly violations: string[] = [];
  readonly events: HostEvent[] = [];
  /** The robots' App. */
  readonly app: App;
  #listeners: ((event: HostEvent) => void)[] = [];
  #server = createServer((request, response) => void this.#answer(request, response));
  #follower!: RefFollower;
  #api!: Api;
  #git!: GitHttp;
  #inside!: Inside;
  #following = Promise.resolve();

  private constructor(
    readonly state: State,
    private readonly folder: string,
    rights: Rights | null,
  ) {
    this.app = makeApp(state, { name: `perennial-${state.repository.owner}`, rights });
  }

  static async start(options: GitHostOptions = {}): Promise<GitHost> {
    const folder = await mkdtemp(join(tmpdir(), 'perennial-git-host-'));
    const { owner = 'acme', name = 'perennial', defaultBranch = 'master' } = options;
    const bare = await Bare.make(join(folder, `${owner}--${name}.git`), defaultBranch);
    const repository: Repository = {
      id: 501,
      owner,
      name,
      forkOf: null,
      private: options.private ?? true,
      defaultBranch,
      bare,
    };
    const state = new State(repository);
    state.plan = options.plan ?? 'pro';
    state.roles.set(owner, 'admin');
    const host = new GitHost(state, folder, options.rights === undefined ? ROBOT_RIGHTS : options.rights);
    await new Promise<void>((resolve) => host.#server.listen(0, '127.0.0.1', resolve));
    host.#listen();
    return host;
  }

  #listen(): void {
    const { state, faults, requests, violations } = this;
    const links = { api: this.apiUrl, server: this.serverUrl };
    const emit: Api['emit'] = (...event) => this.#emit(...event);
    this.#follower = new RefFollower(state, links, emit);
    const refsMoved = (actor: Actor) => this.#follow(actor);
    this.#api = {
      state,
      routes: ROUTES,
      keys: Object.keys(ROUTES),
      links,
      faults,
      requests,
      violations,
      emit,
      refsMoved,
    };
    this.#git = {
      state,
      ask: `${this.serverUrl}/_hooks/pre-receive`,
      pushes: new Map(),
      pushed: refsMoved,
      seen: (request) => void this.gitRequests.push(request),
    };
    this.#inside = { git: this.#git, upload: (artifact) => this.uploadArtifact(artifact) };
  }

  get serverUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }
  get apiUrl(): string {
    return `${this.serverUrl}/api/v3`;
  }
  /** `owner/name`. */
  get repository(): string {
    return this.state.fullName;
  }
  /** For `git clone`; with a token in it git asks no questions. */
  get origin(): string {
    return `${this.serverUrl}/${this.repository}.git`;
  }
  originFor(token: string, repository = this.repository): string {
    return `${this.serverUrl.replace('//', `//x-access-token:${token}@`)}/${repository}.git`;
  }
  /** The bare repository's folder: what is pushed there meets no rule. */
  get bare(): string {
    return this.state.repository.bare.folder;
  }

  /** @throws Error if anything was asked that GitHub would not take */
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    await this.#following;
    await rm(this.folder, { recursive: true, force: true, maxRetries: 3 });
    this.assertClean();
  }

  assertClean(): void {
    if (this.violations.length > 0)
      throw new Error(`GitHub would not have taken this:\n${this.violations.join('\n')}`);
  }

  /** A person and a token of theirs. */
  person(login: string, role: Permission, options: { expiresAt?: string } = {}): string {
    this.state.roles.set(login, role);
    const expires = options.expiresAt ? Date.parse(options.expiresAt) : null;
    return this.state.makeToken('ghp', { kind: 'user', login, expires, scopes: ['repo', 'workflow'] });
  }

  /** The token that a workflow is given: what it does starts no other workflow. */
  workflowToken(rights: Rights = { contents: 'read', metadata: 'read' }): string {
    const actions: App = { ...this.app, id: 15368, slug: 'github-actions', name: 'GitHub Actions', rights };
    const expires = this.state.clock() + 86_400_000;
    return this.state.makeToken('ghs', {
      kind: 'installation',
      app: actions,
      rights,
      expires,
      startsWorkflows: false,
    });
  }

  /** A fork of somebody else, with a token of theirs. */
  async fork(owner: string): Promise<{ repository: string; token: string; bare: string }> {
    const { name, defaultBranch, bare: upstream, private: hidden } = this.state.repository;
    const bare = await Bare.make(join(this.folder, `${owner}--${name}.git`), defaultBranch);
    await bare.git(['fetch', '-q', upstream.folder, '+refs/heads/*:refs/heads/*']);
    const fork = {
      id: this.state.nextId(),
      owner,
      name,
      forkOf: this.repository,
      private: hidden,
      defaultBranch,
      bare,
    };
    this.state.forks.set(`${owner}/${name}`.toLowerCase(), fork);
    return {
      repository: `${owner}/${name}`,
      token: this.person(owner, this.state.roles.get(owner) ?? 'read'),
      bare: bare.folder,
    };
  }

  /** A workflow's run, as `workflow_run` tells of it; pass it to `event`. */
  addRun(run: Partial<RunState> & { headSha: string }): RunState {
    const at = this.state.now();
    const whole: RunState = {
      id: this.state.nextId(),
      name: 'model-review',
      path: '.github/workflows/model-review.yml',
      event: 'pull_request',
      status: 'completed',
      conclusion: 'success',
      headBranch: null,
      headRepo: this.repository,
      actor: this.state.repository.owner,
      number: this.state.runs.length + 1,
      attempt: 1,
      createdAt: at,
      updatedAt: at,
      ...run,
    };
    this.state.runs.push(whole);
    return whole;
  }

  addWorkflow(file: string, state = 'active'): void {
    this.state.workflows.push({
      id: this.state.nextId(),
      name: file.replace(/\.ya?ml$/, ''),
      path: `.github/workflows/${file}`,
      state,
    });
  }

  /** @param zip its bytes @returns its number */
  uploadArtifact(artifact: { run: number; name: string; zip: Uint8Array; keptMs?: number }): number {
    const run = this.state.runs.find(({ id }) => id === artifact.run);
    const { state } = this;
    const whole: ArtifactState = {
      id: state.nextId(),
      name: artifact.name,
      run: artifact.run,
      headSha: run?.headSha ?? '0'.repeat(40),
      headBranch: run?.headBranch ?? '',
      zip: Buffer.from(artifact.zip),
      createdAt: state.now(),
      expiresAt: new Date(state.clock() + (artifact.keptMs ?? 90 * 86_400_000)).toISOString(),
    };
    state.artifacts.push(whole);
    return whole.id;
  }

  addComments(issue: number, count: number, author = 'chatty'): void {
    for (let i = 1; i <= count; i++) {
      const at = this.state.now();
      this.state.comments.push({
        id: this.state.nextId(),
        issue,
        author,
        app: null,
        body: `comment ${i}`,
        createdAt: at,
        updatedAt: at,
        reactions: [],
      });
    }
  }

  approve(pull: number, author: string): void {
    const found = this.state.pulls.find(({ number }) => number === pull);
    if (!found) throw new Error(`no pull request ${pull}`);
    this.state.reviews.push({
      id: this.state.nextId(),
      pull,
      author,
      state: 'APPROVED',
      sha: found.head.sha,
      body: '',
      at: this.state.now(),
    });
  }

  /** A job of a workflow, as it shows beside a commit. Conclusion null: it runs. */
  checkRun(sha: string, name: string, conclusion: string | null, app = 15368): void {
    this.state.checks.push({ id: this.state.nextId(), sha, name, conclusion, app, at: this.state.now() });
  }

  addRuleset(ruleset: Ruleset): void {
    this.state.rulesets.push({ ...ruleset, id: this.state.nextId() });
  }

  /** A code as GitHub's manifest page gives it. */
  manifestCode(name: string, rights: Rights = ROBOT_RIGHTS): string {
    const code = `code-${this.state.nextId()}`;
    this.state.manifests.set(code, { name, rights });
    return code;
  }

  fail(order: FaultOrder): void {
    this.faults.add(order);
  }

  /** What the host tells of, as it happens. */
  on(listener: (event: HostEvent) => void): void {
    this.#listeners.push(listener);
  }

  /** Payload of an event in GitHub's whole shape, from what is known of it. */
  payload(name: string, known: Record<string, unknown>): Record<string, unknown> {
    return eventPayload(name, known);
  }

  #emit(actor: Actor, name: string, action: string | null, payload: Record<string, unknown>): void {
    const startsWorkflows = actor.kind !== 'installation' || actor.startsWorkflows;
    const event = {
      name,
      payload: action ? { action, ...payload } : payload,
      startsWorkflows,
      who: loginOf(actor),
    };
    this.events.push(event);
    for (const listener of this.#listeners) listener(event);
  }

  /** One after the other: two requests that look at the refs at once would tell of a push twice. */
  #follow(actor: Actor): Promise<void> {
    const next = this.#following.then(() => this.#follower.follow(actor));
    this.#following = next.catch(() => {});
    return next;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    response.on('error', () => {});
    try {
      if (path.startsWith('/api/v3/'))
        return await answerApi(this.#api, request, response, path.slice('/api/v3'.length));
      if (path.startsWith('/_storage/')) return answerStorage(this.state, request, response);
      if (path.startsWith('/_')) return await answerInside(this.#inside, request, response);
      if (await answerGit(this.#git, request, response)) return;
      response.writeHead(404, { 'content-type': 'text/html' }).end('<html>Not Found</html>');
    } catch (error) {
      // A client that hangs up is no fault of anybody here.
      if (!request.destroyed)
        this.violations.push(`${request.method} ${path}: the stand-in failed: ${error}`);
      response.destroy();
    }
  }
}
