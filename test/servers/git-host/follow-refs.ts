import type { Call, Links } from './call.ts';
import * as shapes from './shapes.ts';
import { type Actor, loginOf, type PullState, type Repository, type State } from './state.ts';

const ZERO = '0'.repeat(40);

/** Notices what moved in the repositories, whoever moved it, as GitHub does after a push: tells of it, and lets pull
 *  requests follow. */
export class RefFollower {
  readonly #known = new Map<string, Map<string, string>>();

  constructor(
    private readonly state: State,
    private readonly links: Links,
    private readonly emit: (actor: Actor, ...event: Parameters<Call['emit']>) => void,
  ) {}

  async follow(actor: Actor): Promise<void> {
    const { state } = this;
    for (const repo of [state.repository, ...state.forks.values()]) await this.#pushes(repo, actor);
    for (const pull of state.pulls.filter((one) => one.state === 'open')) await this.#pull(pull, actor);
  }

  async #pushes(repo: Repository, actor: Actor): Promise<void> {
    const name = `${repo.owner}/${repo.name}`;
    const before = this.#known.get(name) ?? new Map<string, string>();
    const now = new Map((await repo.bare.refs('refs/heads')).map(({ ref, sha }) => [ref, sha]));
    this.#known.set(name, now);
    if (repo !== this.state.repository) return;
    for (const ref of new Set([...before.keys(), ...now.keys()])) {
      const from = before.get(ref) ?? ZERO;
      const to = now.get(ref) ?? ZERO;
      if (from !== to)
        this.emit(actor, 'push', null, await pushPayload(this.state, this.links, { ref, from, to, actor }));
    }
  }

  #head(repository: string, branch: string): string | null {
    return this.#known.get(repository)?.get(`refs/heads/${branch}`) ?? null;
  }

  async #pull(pull: PullState, actor: Actor): Promise<void> {
    const { state } = this;
    const sha = this.#head(pull.head.repo, pull.head.ref);
    const base = this.#head(state.fullName, pull.base.ref);
    if (sha !== null && sha !== pull.head.sha) {
      pull.head.sha = sha;
      pull.base.sha = base ?? pull.base.sha;
      pull.updatedAt = state.now();
      await keepPullHead(state, pull);
      this.emit(
        actor,
        'pull_request',
        'synchronize',
        pullPayload(state, this.links, pull, 'synchronize', actor),
      );
    }
    const merged =
      base !== null &&
      base !== pull.base.sha &&
      (await state.repository.bare.isAncestor(pull.head.sha, base));
    if (merged) {
      pull.mergedAt = state.now();
      pull.mergeCommit = base;
    }
    if (merged || sha === null || base === null) {
      pull.state = 'closed';
      pull.closedAt = state.now();
      this.emit(actor, 'pull_request', 'closed', pullPayload(state, this.links, pull, 'closed', actor));
    }
  }
}

/** `refs/pull/<n>/head` in the upstream repository, with a fork's commits too. */
export async function keepPullHead(state: State, pull: PullState): Promise<void> {
  const { bare } = state.repository;
  const head = state.repositoryOf(pull.head.repo);
  if (head && head !== state.repository) {
    await bare.git([
      'fetch',
      '-q',
      '--no-tags',
      head.bare.folder,
      `+${pull.head.sha}:refs/pull/${pull.number}/head`,
    ]);
  } else {
    await bare.git(['update-ref', `refs/pull/${pull.number}/head`, pull.head.sha]);
  }
}

export function pullPayload(
  state: State,
  links: Links,
  pull: PullState,
  action: string,
  actor: Actor,
): Record<string, unknown> {
  return {
    action,
    number: pull.number,
    pull_request: {
      ...shapes.pull(state, links, pull),
      merged: pull.mergedAt !== null,
      mergeable_state: 'unknown',
    },
    repository: shapes.repository(state, links),
    sender: shapes.user(state, links, loginOf(actor) ?? pull.author),
  };
}

export async function pushPayload(
  state: State,
  links: Links,
  { ref, from, to, actor }: { ref: string; from: string; to: string; actor: Actor },
): Promise<Record<string, unknown>> {
  const login = loginOf(actor) ?? state.repository.owner;
  const message =
    to === ZERO
      ? null
      : await state.repository.bare.git(['log', '-1', '--format=%B%x00%aI%x00%an%x00%ae%x00%T', to]);
  const [text, at, name, email, tree] = message?.split('\0') ?? [];
  const head =
    message === null
      ? null
      : {
          id: to,
          tree_id: tree,
          distinct: true,
          message: text.trim(),
          timestamp: at,
          url: `${links.server}/${state.fullName}/commit/${to}`,
          author: { name, email },
          committer: { name, email },
          added: [],
          removed: [],
          modified: [],
        };
  return {
    ref,
    before: from,
    after: to,
    created: from === ZERO,
    deleted: to === ZERO,
    forced: from !== ZERO && to !== ZERO && !(await state.repository.bare.isAncestor(from, to)),
    base_ref: null,
    compare: `${links.server}/${state.fullName}/compare/${from.slice(0, 12)}...${to.slice(0, 12)}`,
    commits: head ? [head] : [],
    head_commit: head,
    pusher: { name: login, email: `${login}@users.noreply.github.com` },
    repository: { ...shapes.repository(state, links), created_at: 1, pushed_at: 1 },
    sender: shapes.user(state, links, login),
  };
}
