import type { StatusState } from '../../contracts/github.ts';

export interface Pull {
  number: number;
  title: string;
  body: string;
  state: 'open' | 'closed';
  merged: boolean;
  draft: boolean;
  /** Login; robots end in `[bot]`. */
  author: string;
  /** `repo` is `owner/name`; null where a fork was deleted. */
  head: { ref: string; sha: string; repo: string | null };
  base: { ref: string; sha: string };
  labels: string[];
  page: string;
  createdAt: string;
}

export interface Comment {
  id: number;
  author: string;
  body: string;
  page: string;
  /** Id of the App that wrote it; null: a person, or a host that does not say. */
  app: number | null;
}

export interface Artifact {
  id: number;
  name: string;
  bytes: number;
  expired: boolean;
  createdAt: string | null;
  expiresAt: string | null;
  /** Run that made it. */
  headSha: string | null;
}

export interface WorkflowRun {
  id: number;
  name: string;
  event: string;
  status: string;
  conclusion: string | null;
  headBranch: string | null;
  headSha: string;
  createdAt: string;
  page: string;
}

export interface Issue {
  number: number;
  title: string;
  body: string;
  state: 'open' | 'closed';
  author: string;
  page: string;
}

export interface Release {
  id: number;
  tag: string;
  /** What it was made for: a commit, or a branch where a person made it. */
  commit: string;
  title: string;
  body: string;
  draft: boolean;
  page: string;
  /** With a template at its end. */
  uploadUrl: string;
  /** `whole`: its upload was completed. */
  assets: { id: number; name: string; bytes: number; whole: boolean }[];
}

export type Permission = 'admin' | 'maintain' | 'write' | 'triage' | 'read' | 'none';

/** As GitHub's API writes it; `.github/rulesets/*.json` hold it too. */
export interface Ruleset {
  id?: number;
  name: string;
  target: 'branch';
  enforcement: 'active' | 'disabled' | 'evaluate';
  conditions: { ref_name: { include: string[]; exclude: string[] } };
  rules: { type: string; parameters?: Record<string, unknown> }[];
  bypass_actors: { actor_id: number | null; actor_type: string; bypass_mode: string }[];
}

/** One method, one endpoint (or its pages); each bounded by a time-out, its answer parsed, absence returned as null,
 *  every refusal a GithubError. Made by `githubAt`. */
export interface Github {
  /** `owner/name`, and its page. */
  readonly repository: string;
  readonly page: string;
  /** Requests made so far, for the figure that bounds them. */
  requests(): number;
  /** Login of who acts: `perennial-acme[bot]`, a person, or null for nobody. Asked once. */
  login(): Promise<string | null>;
  /** Is a comment of our own? An App knows its own by its id, without a request. */
  ours(comment: Pick<Comment, 'author' | 'app'>): Promise<boolean>;
  /** A token for `git push` and `git fetch` over https, as long as it is good; null for nobody. A secret. */
  gitToken(): Promise<string | null>;

  /** Open ones, newest first. @param head `owner:branch` */
  openPulls(filter?: { head?: string; base?: string }): Promise<Pull[]>;
  pull(number: number): Promise<Pull | null>;
  createPull(pull: { title: string; body: string; head: string; base: string }): Promise<Pull>;
  updatePull(
    number: number,
    change: { title?: string; body?: string; state?: 'open' | 'closed' },
  ): Promise<Pull>;
  /** Merges that very commit. `merged: false` where rules or the host do not allow it (yet), with what it said. */
  mergePull(
    number: number,
    options: { sha: string; method: 'merge' | 'squash'; title?: string },
  ): Promise<{ merged: true; sha: string } | { merged: false; why: string }>;
  /** Latest review of each person; a mere remark does not replace an approval. */
  approvals(number: number): Promise<{ author: string; state: string; sha: string }[]>;
  /** Paths a pull request changes, all pages; of a moved file both names. @throws GithubError `too-large` from 3,000 on:
   *  the host lists no more */
  pullFiles(number: number): Promise<string[]>;

  /** All pages. */
  comments(issue: number): Promise<Comment[]>;
  createComment(issue: number, body: string): Promise<Comment>;
  updateComment(id: number, body: string): Promise<Comment>;
  react(commentId: number, content: '+1' | 'eyes' | 'confused' | 'rocket'): Promise<void>;
  permission(user: string): Promise<Permission>;

  /** A longer description than the host takes (140 letters) is cut. */
  setStatus(
    sha: string,
    status: { context: string; state: StatusState; description: string; target?: string },
  ): Promise<void>;
  /** The newest of each context. */
  statuses(
    sha: string,
  ): Promise<{ context: string; state: StatusState; description: string; author: string | null }[]>;

  runArtifacts(runId: number): Promise<Artifact[]>;
  /** The zip. @throws GithubError `expired` (410), `too-large` beyond `maxBytes` */
  downloadArtifact(id: number, options: { maxBytes: number }): Promise<Uint8Array>;
  /** The newest hundred, newest first; none where there is no such workflow. @param workflow its file's name */
  workflowRuns(
    workflow: string,
    filter?: { branch?: string; event?: string; status?: string; sha?: string },
  ): Promise<WorkflowRun[]>;
  workflowRun(id: number): Promise<WorkflowRun | null>;
  rerunWorkflow(runId: number): Promise<void>;
  /** @param workflow its file's name */
  dispatchWorkflow(
    workflow: string,
    options: { ref: string; inputs?: Record<string, string> },
  ): Promise<void>;
  workflows(): Promise<{ id: number; path: string; state: string }[]>;
  enableWorkflow(id: number): Promise<void>;

  openIssues(filter?: { labels?: string[] }): Promise<Issue[]>;
  createIssue(issue: { title: string; body: string; labels?: string[] }): Promise<Issue>;
  updateIssue(
    number: number,
    change: { title?: string; body?: string; state?: 'open' | 'closed' },
  ): Promise<Issue>;

  /** Head of a branch; null where there is none. */
  branch(name: string): Promise<{ sha: string } | null>;
  deleteBranch(name: string): Promise<void>;
  /** Author's and committer's login, the host's word on its signature, parents and changed paths (the first 300; of a moved file both
   *  names); null where there is none. */
  commit(sha: string): Promise<{
    sha: string;
    author: string | null;
    /** `web-flow` where the host itself made the commit. */
    committer: string | null;
    verified: boolean;
    parents: string[];
    files: string[];
    message: string;
  } | null>;
  /** One file in one commit on a branch, signed by the host. @param replaces blob sha of the file it replaces */
  putFile(
    path: string,
    file: { branch: string; content: string; message: string; replaces?: string },
  ): Promise<{ commit: string }>;

  /** @returns false where there is a tag of that name already, of whatever commit */
  createTag(name: string, sha: string): Promise<boolean>;
  /** The one that is marked so; no draft. */
  latestRelease(): Promise<Release | null>;
  /** The newest hundred, drafts too. */
  releases(): Promise<Release[]>;
  /** A draft: nobody sees it until it is published. */
  createRelease(release: { tag: string; commit: string; title: string; body: string }): Promise<Release>;
  /** @param change.publish no draft any more, and the latest one */
  updateRelease(id: number, change: { title?: string; body?: string; publish?: boolean }): Promise<Release>;
  uploadAsset(
    release: Pick<Release, 'id' | 'tag' | 'uploadUrl'>,
    file: { name: string; bytes: Uint8Array; type: string },
  ): Promise<void>;
  /** One that is not there is no error. */
  deleteAsset(id: number): Promise<void>;
  downloadAsset(id: number, options: { maxBytes: number }): Promise<Uint8Array>;

  rulesets(): Promise<Ruleset[]>;
  createRuleset(ruleset: Ruleset): Promise<Ruleset>;
  updateRuleset(id: number, ruleset: Ruleset): Promise<Ruleset>;

  repositorySettings(): Promise<{
    defaultBranch: string;
    private: boolean;
    allowMergeCommit: boolean;
    allowSquashMerge: boolean;
    allowAutoMerge: boolean;
    ownerType: 'User' | 'Organization';
    /** What the token may do here. */
    permissions: { admin: boolean; push: boolean; pull: boolean };
  }>;
  updateRepository(change: {
    allow_merge_commit?: boolean;
    allow_squash_merge?: boolean;
    delete_branch_on_merge?: boolean;
  }): Promise<void>;
  secretNames(): Promise<string[]>;
  variables(): Promise<Record<string, string>>;
  environments(): Promise<{ name: string; branches: 'all' | 'protected' | 'custom' }[]>;
  environmentBranches(environment: string): Promise<string[]>;
  environmentSecretNames(environment: string): Promise<string[]>;
  /** Where the App is installed here; null where it is not. Acts as the App itself. */
  installation(): Promise<{
    id: number;
    appId: number;
    slug: string;
    permissions: Record<string, string>;
  } | null>;
  /** Turns the code that GitHub's manifest page gave into an App. Acts as nobody. */
  convertManifest(code: string): Promise<{ id: number; slug: string; pem: string; page: string }>;
  /** When the token we act with ends; null where the host does not say, and for an App: its tokens are made anew. */
  tokenExpiry(): Promise<string | null>;
}
