import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GithubHome } from '../../pipeline/contracts/github.ts';
import { type Api, answerApi, type Seen } from './git-host/api.ts';
import { Bare } from './git-host/bare.ts';
import { type FaultOrder, Faults } from './git-host/faults.ts';
import { RefFollower } from './git-host/follow-refs.ts';
import { answerGit, type GitHttp } from './git-host/git-http.ts';
import { Hands, ROBOT_RIGHTS } from './git-host/hands.ts';
import { answerInside, type Inside } from './git-host/inside.ts';
import { Payloads } from './git-host/payloads.ts';
import { ROUTES } from './git-host/routes.ts';
import { type Actor, loginOf, type Repository, type Rights, State } from './git-host/state.ts';
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

/** A small stateful stand-in for GitHub on one loopback port: its REST API, and git over HTTP on a real bare
 *  repository. What it is sent and what it answers is checked against GitHub's own OpenAPI description. */
export class GitHost extends Hands {
  readonly faults = new Faults();
  readonly requests: Seen[] = [];
  /** Of git over HTTP, apart from the API's. */
  readonly gitRequests: { method: string; path: string; status: number; who: string | null }[] = [];
  /** What GitHub would not have taken, one sentence each. */
  readonly violations: string[] = [];
  readonly events: HostEvent[] = [];
  /** Payloads of events, for `act` and for commands that read GITHUB_EVENT_PATH. */
  payloads!: Payloads;
  #listeners: ((event: HostEvent) => void)[] = [];
  #server = createServer((request, response) => void this.#answer(request, response));
  #follower!: RefFollower;
  #api!: Api;
  #git!: GitHttp;
  #inside!: Inside;
  #following = Promise.resolve();

  private constructor(state: State, folder: string, rights: Rights | null) {
    super(state, folder, rights);
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
    this.payloads = new Payloads(state, links);
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
  /** For clients; as the robots' App where nothing else is asked for. */
  home(asked: Partial<GithubHome> = {}): GithubHome {
    const [owner, name] = this.repository.split('/');
    const { id, privateKey, installation } = this.app;
    return GithubHome.parse({
      apiUrl: this.apiUrl,
      serverUrl: this.serverUrl,
      owner,
      name,
      as: { kind: 'app', id, privateKey, installation },
      ...asked,
    });
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

  /** What GitHub would not have taken so far, forgotten: for tests that ask for it on purpose. */
  takeViolations(): string[] {
    return this.violations.splice(0);
  }

  /** Takes the repository as it is now for where the story begins: no event tells of what was pushed before. */
  async settle(): Promise<void> {
    await this.#follow({ kind: 'nobody' });
    this.events.length = 0;
  }

  fail(order: FaultOrder): void {
    this.faults.add(order);
  }

  /** What the host tells of, as it happens. */
  on(listener: (event: HostEvent) => void): void {
    this.#listeners.push(listener);
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
      if (path.startsWith('/api/uploads/'))
        return await answerApi(this.#api, request, response, path.slice('/api/uploads'.length));
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
