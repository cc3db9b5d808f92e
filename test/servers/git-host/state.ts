import { createHash, randomBytes } from 'node:crypto';
import type { Permission, Ruleset } from '../../../pipeline/clients/github/github.ts';
import type { StatusState } from '../../../pipeline/contracts/github.ts';
import type { Bare } from './bare.ts';

export type Level = 'read' | 'write' | 'admin';
/** Rights by GitHub's names: `contents`, `issues`, `pull_requests`, `statuses`, `actions`, `administration` … */
export type Rights = Record<string, Level>;

export interface App {
  id: number;
  slug: string;
  name: string;
  /** PEM. */
  privateKey: string;
  publicKey: string;
  installation: number;
  /** What it was granted here; null: it is not installed. */
  rights: Rights | null;
  /** What its manifest asks for. */
  asks?: Rights;
}

/** Who makes a request. */
export type Actor =
  | { kind: 'nobody' }
  | { kind: 'user'; login: string; expires: number | null; scopes: string[] }
  | { kind: 'app'; app: App }
  | { kind: 'installation'; app: App; rights: Rights; expires: number; startsWorkflows: boolean };

export interface PullState {
  number: number;
  title: string;
  body: string | null;
  state: 'open' | 'closed';
  draft: boolean;
  author: string;
  head: { repo: string; ref: string; sha: string };
  base: { ref: string; sha: string };
  mergedAt: string | null;
  mergeCommit: string | null;
  createdAt: string;
  updatedAt: string;
  closedAt: string | null;
  labels: string[];
}

export interface IssueState {
  number: number;
  title: string;
  body: string | null;
  state: 'open' | 'closed';
  author: string;
  labels: string[];
  createdAt: string;
  updatedAt: string;
  closedAt: string | null;
}

export interface CommentState {
  id: number;
  issue: number;
  author: string;
  app: App | null;
  body: string;
  createdAt: string;
  updatedAt: string;
  reactions: { id: number; content: string; author: string }[];
}

export interface ReviewState {
  id: number;
  pull: number;
  author: string;
  state: 'APPROVED' | 'CHANGES_REQUESTED' | 'COMMENTED' | 'DISMISSED';
  sha: string;
  body: string;
  at: string;
}

export interface StatusOf {
  id: number;
  sha: string;
  context: string;
  state: StatusState;
  description: string | null;
  target: string | null;
  author: string;
  /** Id of the App that set it; null: a person. */
  app: number | null;
  at: string;
}

export interface CheckState {
  id: number;
  sha: string;
  name: string;
  conclusion: string | null;
  app: number;
  at: string;
}

export interface ArtifactState {
  id: number;
  name: string;
  run: number;
  headSha: string;
  headBranch: string;
  zip: Buffer;
  createdAt: string;
  expiresAt: string;
}

export interface AssetState {
  id: number;
  name: string;
  bytes: Buffer;
  type: string;
  at: string;
}

export interface ReleaseState {
  id: number;
  tag: string;
  commit: string;
  title: string | null;
  body: string | null;
  draft: boolean;
  latest: boolean;
  author: string;
  createdAt: string;
  publishedAt: string | null;
  assets: AssetState[];
}

export interface RunState {
  id: number;
  name: string;
  /** `.github/workflows/etl.yml`. */
  path: string;
  event: string;
  status: string;
  conclusion: string | null;
  headBranch: string | null;
  headSha: string;
  /** `owner/name`: a fork's runs name it. */
  headRepo: string;
  actor: string;
  number: number;
  attempt: number;
  createdAt: string;
  updatedAt: string;
}

export interface WorkflowState {
  id: number;
  name: string;
  path: string;
  state: string;
}

export interface EnvironmentState {
  branches: 'all' | 'protected' | 'custom';
  policies: string[];
  secrets: string[];
  variables: Record<string, string>;
}

export interface Repository {
  id: number;
  owner: string;
  name: string;
  /** `owner/name`, of which it is a fork. */
  forkOf: string | null;
  private: boolean;
  defaultBranch: string;
  bare: Bare;
}

/** All that the stand-in remembers. One upstream repository and its forks. */
export class State {
  readonly accounts = new Map<string, { id: number; type: 'User' | 'Organization' | 'Bot' }>();
  /** What people may do in the repository. */
  readonly roles = new Map<string, Permission>();
  readonly tokens = new Map<string, Actor>();
  readonly apps: App[] = [];
  readonly manifests = new Map<string, { name: string; rights: Rights }>();
  readonly forks = new Map<string, Repository>();
  readonly pulls: PullState[] = [];
  readonly issues: IssueState[] = [];
  readonly comments: CommentState[] = [];
  readonly reviews: ReviewState[] = [];
  readonly statuses: StatusOf[] = [];
  readonly checks: CheckState[] = [];
  readonly artifacts: ArtifactState[] = [];
  readonly releases: ReleaseState[] = [];
  readonly runs: RunState[] = [];
  readonly workflows: WorkflowState[] = [];
  readonly rulesets: (Ruleset & { id: number })[] = [];
  readonly labels = new Set<string>(['bug', 'documentation', 'enhancement']);
  readonly secrets = new Set<string>();
  readonly variables = new Map<string, string>();
  readonly environments = new Map<string, EnvironmentState>();
  readonly settings = {
    allow_merge_commit: true,
    allow_squash_merge: true,
    allow_rebase_merge: true,
    allow_auto_merge: false,
    delete_branch_on_merge: false,
  };
  /** Commits that the host signed. */
  readonly signed = new Set<string>();
  /** `free` and private: GitHub keeps no branch rules there. */
  plan: 'free' | 'pro' = 'pro';
  #ids = 1_000;
  #numbers = 0;
  #ahead = 0;

  constructor(readonly repository: Repository) {}

  get fullName(): string {
    return `${this.repository.owner}/${this.repository.name}`;
  }

  nextId(): number {
    return ++this.#ids;
  }

  /** Pull requests and issues are counted together. */
  nextNumber(): number {
    return ++this.#numbers;
  }

  /** ms since 1970, by the host's clock. */
  clock(): number {
    return Date.now() + this.#ahead;
  }

  now(): string {
    return new Date(this.clock()).toISOString().replace(/\.\d+/, '');
  }

  advance(ms: number): void {
    this.#ahead += ms;
  }

  account(login: string): { id: number; login: string; type: 'User' | 'Organization' | 'Bot' } {
    let known = this.accounts.get(login);
    if (!known) {
      // The same person has the same number in every test.
      const id = createHash('sha256').update(login).digest().readUInt32BE(0) >>> 4;
      known = { id, type: login.endsWith('[bot]') ? 'Bot' : 'User' };
      this.accounts.set(login, known);
    }
    return { login, ...known };
  }

  makeToken(prefix: string, actor: Actor): string {
    const token = `${prefix}_${randomBytes(18).toString('hex')}`;
    this.tokens.set(token, actor);
    return token;
  }

  repositoryOf(fullName: string): Repository | null {
    if (fullName.toLowerCase() === this.fullName.toLowerCase()) return this.repository;
    return this.forks.get(fullName.toLowerCase()) ?? null;
  }

  /** Newest first, one a context. */
  statusesOf(sha: string): StatusOf[] {
    return this.statuses.filter((one) => one.sha === sha).sort((a, b) => b.id - a.id);
  }
}

export const loginOf = (actor: Actor): string | null => {
  if (actor.kind === 'user') return actor.login;
  if (actor.kind === 'installation') return `${actor.app.slug}[bot]`;
  return null;
};
