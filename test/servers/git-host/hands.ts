import { join } from 'node:path';
import type { Permission, Ruleset } from '../../../pipeline/clients/github/github.ts';
import { Bare } from './bare.ts';
import { makeApp } from './make-app.ts';
import type { App, ArtifactState, Rights, RunState, State } from './state.ts';

/** What robots need. */
export const ROBOT_RIGHTS: Rights = {
  metadata: 'read',
  contents: 'write',
  pull_requests: 'write',
  issues: 'write',
  statuses: 'write',
  checks: 'read',
  actions: 'write',
};

/** What a test does to the host by hand: people, forks, and what workflows leave there. */
export class Hands {
  /** All that the host remembers. */
  readonly state: State;
  /** The robots' App. */
  readonly app: App;

  protected constructor(
    state: State,
    protected readonly folder: string,
    rights: Rights | null,
  ) {
    this.state = state;
    this.app = makeApp(state, { name: `perennial-${state.repository.owner}`, rights });
  }

  /** `owner/name`. */
  get repository(): string {
    return this.state.fullName;
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
}
