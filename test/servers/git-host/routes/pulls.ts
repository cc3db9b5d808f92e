import { type Answer, type Call, created, invalid, notFound, ok, Refusal, type Routes } from '../call.ts';
import { keepPullHead, pullPayload } from '../follow-refs.ts';
import { mergeViolations, OUT_OF_DATE } from '../rules.ts';
import * as shapes from '../shapes.ts';
import { loginOf, type PullState } from '../state.ts';
import { merge } from './merge.ts';

const ROOT = '/repos/{owner}/{repo}/pulls';

export const pullRoutes: Routes = {
  [`GET ${ROOT}`]: { needs: [{ pull_requests: 'read' }], answer: list },
  [`POST ${ROOT}`]: { needs: [{ pull_requests: 'write' }], answer: open },
  [`GET ${ROOT}/{pull_number}`]: {
    needs: [{ pull_requests: 'read' }],
    answer: async (call) => ok(await whole(call, await pullOf(call))),
  },
  [`PATCH ${ROOT}/{pull_number}`]: { needs: [{ pull_requests: 'write' }], answer: change },
  [`GET ${ROOT}/{pull_number}/files`]: { needs: [{ pull_requests: 'read' }], answer: files },
  [`GET ${ROOT}/{pull_number}/commits`]: { needs: [{ pull_requests: 'read' }], answer: commits },
  [`PUT ${ROOT}/{pull_number}/merge`]: {
    needs: [{ contents: 'write' }],
    answer: async (call) => merge(call, await pullOf(call)),
  },
  [`GET ${ROOT}/{pull_number}/reviews`]: { needs: [{ pull_requests: 'read' }], answer: reviews },
  [`POST ${ROOT}/{pull_number}/reviews`]: { needs: [{ pull_requests: 'write' }], answer: review },
};

async function list(call: Call): Promise<Answer> {
  const { state, query, links } = call;
  await call.refsMoved();
  const wanted = (query.state as string) ?? 'open';
  const [owner, ...ref] = String(query.head ?? '').split(':');
  const found = state.pulls.filter(
    (one) =>
      (wanted === 'all' || one.state === wanted) &&
      (query.base === undefined || one.base.ref === query.base) &&
      // GitHub passes over a `head` without its owner.
      (ref.length === 0 || (one.head.repo.split('/')[0] === owner && one.head.ref === ref.join(':'))),
  );
  const key =
    query.sort === 'updated' ? (one: PullState) => one.updatedAt : (one: PullState) => one.createdAt;
  const falling =
    (query.direction ?? (query.sort === undefined || query.sort === 'created' ? 'desc' : 'asc')) === 'desc';
  found.sort((a, b) => (key(a).localeCompare(key(b)) || a.number - b.number) * (falling ? -1 : 1));
  return { list: found.map((one) => shapes.pull(state, links, one)) };
}

async function open(call: Call): Promise<Answer> {
  const { state, body, links } = call;
  const [first, ...rest] = String(body.head).split(':');
  const owner = rest.length > 0 ? first : state.repository.owner;
  const ref = rest.length > 0 ? rest.join(':') : first;
  const repo =
    owner === state.repository.owner
      ? state.repository
      : [...state.forks.values()].find((one) => one.owner === owner);
  const head = repo ? await repo.bare.head(ref) : null;
  const base = await state.repository.bare.head(body.base);
  if (!repo || head === null)
    throw new Refusal(422, 'Validation Failed', {
      errors: [{ resource: 'PullRequest', field: 'head', code: 'invalid' }],
    });
  if (base === null)
    throw new Refusal(422, 'Validation Failed', {
      errors: [{ resource: 'PullRequest', field: 'base', code: 'invalid' }],
    });
  const full = `${repo.owner}/${repo.name}`;
  if (
    state.pulls.some(
      (one) =>
        one.state === 'open' && one.head.repo === full && one.head.ref === ref && one.base.ref === body.base,
    )
  ) {
    throw invalid('PullRequest', 'head', `A pull request already exists for ${owner}:${ref}.`);
  }
  const pull: PullState = {
    number: 0,
    title: body.title,
    body: body.body ?? null,
    state: 'open',
    draft: body.draft ?? false,
    author: loginOf(call.actor) ?? 'ghost',
    head: { repo: full, ref, sha: head },
    base: { ref: body.base, sha: base },
    mergedAt: null,
    mergeCommit: null,
    createdAt: state.now(),
    updatedAt: state.now(),
    closedAt: null,
    labels: [],
  };
  if (repo === state.repository && (await repo.bare.isAncestor(head, base))) {
    throw invalid('PullRequest', 'head', `No commits between ${body.base} and ${ref}`);
  }
  pull.number = state.nextNumber();
  state.pulls.push(pull);
  await keepPullHead(state, pull);
  call.emit('pull_request', 'opened', pullPayload(state, links, pull, 'opened', call.actor));
  return created(await whole(call, pull, false));
}

async function change(call: Call): Promise<Answer> {
  const { state, body, actor } = call;
  const pull = await pullOf(call);
  if (body.state === 'open' && pull.state === 'closed' && pull.mergedAt !== null) {
    throw invalid('PullRequest', 'state', 'state cannot be changed. The pull request was merged.');
  }
  if (body.title !== undefined) pull.title = body.title;
  if (body.body !== undefined) pull.body = body.body;
  if (body.base !== undefined)
    pull.base = { ref: body.base, sha: (await state.repository.bare.head(body.base)) ?? pull.base.sha };
  pull.updatedAt = state.now();
  if (body.state !== undefined && body.state !== pull.state) {
    pull.state = body.state;
    pull.closedAt = body.state === 'closed' ? state.now() : null;
    const action = body.state === 'closed' ? 'closed' : 'reopened';
    call.emit('pull_request', action, pullPayload(state, call.links, pull, action, actor));
  } else {
    call.emit('pull_request', 'edited', {
      ...pullPayload(state, call.links, pull, 'edited', actor),
      changes: {},
    });
  }
  return ok(await whole(call, pull));
}

async function files(call: Call): Promise<Answer> {
  const { bare } = call.state.repository;
  const pull = await pullOf(call);
  const from = await bare.git(['merge-base', pull.base.sha, pull.head.sha]);
  const [words, counts] = await Promise.all([
    bare.git(['diff', '--name-status', '--no-renames', '-z', from, pull.head.sha]),
    bare.git(['diff', '--numstat', '--no-renames', '-z', from, pull.head.sha]),
  ]);
  const status = new Map<string, string>();
  const parts = words.split('\0').filter(Boolean);
  for (let i = 0; i + 1 < parts.length; i += 2)
    status.set(parts[i + 1], { A: 'added', D: 'removed' }[parts[i]] ?? 'modified');
  const list = counts
    .split('\0')
    .filter(Boolean)
    .map((line) => {
      const [added, removed, filename] = line.split('\t');
      const additions = Number(added) || 0;
      const deletions = Number(removed) || 0;
      return {
        sha: pull.head.sha,
        filename,
        status: status.get(filename),
        additions,
        deletions,
        changes: additions + deletions,
      };
    });
  return { list: list.slice(0, 3_000) };
}

async function commits(call: Call): Promise<Answer> {
  const pull = await pullOf(call);
  const shas = await call.state.repository.bare.git([
    'rev-list',
    '--reverse',
    `${pull.base.sha}..${pull.head.sha}`,
  ]);
  const list = shas
    .split('\n')
    .filter(Boolean)
    .slice(0, 250)
    .map((sha) => ({ sha, commit: { tree: { sha } } }));
  return { list };
}

async function reviews(call: Call): Promise<Answer> {
  const pull = await pullOf(call);
  return {
    list: call.state.reviews.filter((one) => one.pull === pull.number).map((one) => reviewShape(call, one)),
  };
}

async function review(call: Call): Promise<Answer> {
  const { state, body } = call;
  const pull = await pullOf(call);
  const author = loginOf(call.actor) ?? 'ghost';
  if (author === pull.author && body.event === 'APPROVE')
    throw new Refusal(422, 'Unprocessable Entity', { errors: ['Can not approve your own pull request'] });
  const states = { APPROVE: 'APPROVED', REQUEST_CHANGES: 'CHANGES_REQUESTED', COMMENT: 'COMMENTED' } as const;
  const one = {
    id: state.nextId(),
    pull: pull.number,
    author,
    state: states[body.event as keyof typeof states] ?? ('COMMENTED' as const),
    sha: body.commit_id ?? pull.head.sha,
    body: body.body ?? '',
    at: state.now(),
  };
  state.reviews.push(one);
  return ok(reviewShape(call, one));
}

function reviewShape({ state, links }: Call, one: Call['state']['reviews'][number]) {
  return {
    id: one.id,
    user: shapes.user(state, links, one.author),
    body: one.body,
    state: one.state,
    commit_id: one.sha,
    submitted_at: one.at,
    html_url: `${shapes.pullPage(state, links, one.pull)}#pullrequestreview-${one.id}`,
  };
}

export async function pullOf(call: Call): Promise<PullState> {
  await call.refsMoved();
  const pull = call.state.pulls.find((one) => one.number === Number(call.path.pull_number));
  if (!pull) throw notFound();
  return pull;
}

const asked = new WeakMap<PullState, string>();

/** As one pull request alone is shown: with whether it can be merged, which GitHub finds out after it was first asked. */
async function whole(call: Call, pull: PullState, looks = true): Promise<Record<string, unknown>> {
  const { state, links } = call;
  const { bare } = state.repository;
  const base = (await bare.head(pull.base.ref)) ?? pull.base.sha;
  const of = `${base} ${pull.head.sha}`;
  const known = asked.get(pull) === of;
  if (looks) asked.set(pull, of);
  const clean = known && pull.state === 'open' ? (await bare.mergedTree(base, pull.head.sha)) !== null : null;
  const violations = clean ? await mergeViolations(state, null, pull, null) : [];
  return {
    ...shapes.pull(state, links, pull),
    merged: pull.mergedAt !== null,
    mergeable: clean,
    mergeable_state: mergeableState(clean, pull.draft, violations),
    comments: state.comments.filter((one) => one.issue === pull.number).length,
  };
}

function mergeableState(clean: boolean | null, draft: boolean, violations: string[]): string {
  if (clean === null) return 'unknown';
  if (!clean) return 'dirty';
  if (draft) return 'draft';
  if (violations.length === 0) return 'clean';
  return violations.every((line) => line === OUT_OF_DATE) ? 'behind' : 'blocked';
}
