import { type Answer, type Call, created, notFound, nothing, ok, Refusal, type Routes } from '../call.ts';
import { pushViolations, type Update } from '../rules.ts';
import * as shapes from '../shapes.ts';
import { loginOf, type State } from '../state.ts';

const ROOT = '/repos/{owner}/{repo}';
const READ = [{ contents: 'read' as const }];
const WRITE = [{ contents: 'write' as const }];
const ZERO = '0'.repeat(40);

export const gitRoutes: Routes = {
  [`GET ${ROOT}/branches`]: { needs: READ, answer: branches },
  [`GET ${ROOT}/branches/{branch}`]: { needs: READ, answer: branch },
  [`GET ${ROOT}/commits`]: { needs: READ, answer: commits },
  [`GET ${ROOT}/commits/{ref}`]: {
    needs: READ,
    answer: async (call) => ok(await commitShape(call, await commitOf(call, call.path.ref))),
  },
  [`GET ${ROOT}/git/ref/{ref}`]: { needs: READ, answer: ref },
  [`GET ${ROOT}/git/matching-refs/{ref}`]: { needs: READ, answer: matching },
  [`POST ${ROOT}/git/refs`]: { needs: WRITE, answer: makeRef },
  [`PATCH ${ROOT}/git/refs/{ref}`]: { needs: WRITE, answer: moveRef },
  [`DELETE ${ROOT}/git/refs/{ref}`]: { needs: WRITE, answer: dropRef },
  [`GET ${ROOT}/compare/{basehead}`]: { needs: READ, answer: compare },
};

async function branches(call: Call): Promise<Answer> {
  const found = await call.state.repository.bare.refs('refs/heads');
  return { list: found.map(({ ref, sha }) => ({ name: ref.slice(11), commit: { sha }, protected: false })) };
}

async function branch(call: Call): Promise<Answer> {
  const name = call.path.branch;
  const sha = await call.state.repository.bare.head(name);
  if (sha === null) throw new Refusal(404, 'Branch not found');
  return ok({ name, commit: await commitShape(call, sha), protected: false });
}

async function commits(call: Call): Promise<Answer> {
  const { query, state } = call;
  const from = await commitOf(call, (query.sha as string) ?? state.repository.defaultBranch);
  const paths = query.path === undefined ? [] : ['--', String(query.path)];
  const shas = (await state.repository.bare.git(['rev-list', '--max-count=250', from, ...paths]))
    .split('\n')
    .filter(Boolean);
  return { list: await Promise.all(shas.map((sha) => commitShape(call, sha))) };
}

async function ref(call: Call): Promise<Answer> {
  const name = `refs/${call.path.ref}`;
  const found = (await call.state.repository.bare.refs(name)).find((one) => one.ref === name);
  if (!found) throw notFound();
  return ok(refShape(call, found));
}

async function matching(call: Call): Promise<Answer> {
  const all = await call.state.repository.bare.refs('refs');
  return {
    list: all.filter((one) => one.ref.startsWith(`refs/${call.path.ref}`)).map((one) => refShape(call, one)),
  };
}

async function makeRef(call: Call): Promise<Answer> {
  const { body, state } = call;
  if ((await state.repository.bare.refs(body.ref)).some((one) => one.ref === body.ref))
    throw new Refusal(422, 'Reference already exists');
  if ((await state.repository.bare.commitOf(body.sha)) === null)
    throw new Refusal(422, 'Object does not exist');
  allowed(call, { ref: body.ref, from: ZERO, to: body.sha, forward: true });
  await state.repository.bare.move(body.ref, body.sha, '');
  await call.refsMoved();
  return created(refShape(call, { ref: body.ref, sha: body.sha, type: 'commit' }));
}

async function moveRef(call: Call): Promise<Answer> {
  const { bare } = call.state.repository;
  const name = `refs/${call.path.ref}`;
  const from = await bare.commitOf(name);
  if (from === null) throw new Refusal(422, 'Reference does not exist');
  if ((await bare.commitOf(call.body.sha)) === null) throw new Refusal(422, 'Object does not exist');
  const forward = await bare.isAncestor(from, call.body.sha);
  if (!forward && call.body.force !== true) throw new Refusal(422, 'Update is not a fast forward');
  allowed(call, { ref: name, from, to: call.body.sha, forward });
  await bare.move(name, call.body.sha, from);
  await call.refsMoved();
  return ok(refShape(call, { ref: name, sha: call.body.sha, type: 'commit' }));
}

async function dropRef(call: Call): Promise<Answer> {
  const name = `refs/${call.path.ref}`;
  const from = await call.state.repository.bare.commitOf(name);
  if (from === null) throw new Refusal(422, 'Reference does not exist');
  allowed(call, { ref: name, from, to: ZERO, forward: true });
  await call.state.repository.bare.remove(name);
  await call.refsMoved();
  return nothing();
}

async function compare(call: Call): Promise<Answer> {
  const { bare } = call.state.repository;
  const [base, head] = await Promise.all(call.path.basehead.split('...').map((name) => commitOf(call, name)));
  const [behind, ahead] = (await bare.git(['rev-list', '--left-right', '--count', `${base}...${head}`]))
    .split('\t')
    .map(Number);
  const between = await bare.git(['merge-base', base, head]);
  const names = (await bare.git(['diff', '--name-only', '--no-renames', between, head]))
    .split('\n')
    .filter(Boolean);
  const shas = (await bare.git(['rev-list', '--reverse', `${base}..${head}`]))
    .split('\n')
    .filter(Boolean)
    .slice(0, 250);
  return ok({
    status: ahead && behind ? 'diverged' : ahead ? 'ahead' : behind ? 'behind' : 'identical',
    ahead_by: ahead,
    behind_by: behind,
    total_commits: ahead,
    base_commit: await commitShape(call, base),
    merge_base_commit: await commitShape(call, between),
    commits: await Promise.all(shas.map((sha) => commitShape(call, sha))),
    files: names.slice(0, 300).map((filename) => ({ filename, sha: head, status: 'modified' })),
  });
}

/** @throws Refusal 422, as a push over the API is refused by rules */
export function allowed({ state, actor }: Call, update: Update): void {
  const violations = pushViolations(state, actor, [update]);
  if (violations.length > 0) throw new Refusal(422, violations.join('\n'));
}

export async function commitOf({ state }: Call, name: string): Promise<string> {
  const { bare } = state.repository;
  const sha = (await bare.head(name)) ?? (await bare.commitOf(name));
  if (sha !== null) return sha;
  throw /^[0-9a-f]{40}$/.test(name) ? new Refusal(422, `No commit found for SHA: ${name}`) : notFound();
}

export async function commitShape(call: Call, sha: string) {
  const { state, links } = call;
  const { bare } = state.repository;
  const text = await bare.git([
    'show',
    '-s',
    '--format=%an%x00%ae%x00%aI%x00%cn%x00%ce%x00%cI%x00%P%x00%T%x00%B',
    sha,
  ]);
  const [an, ae, at, cn, ce, ct, parents, tree, message] = text.split('\0');
  const changed = await bare.git([
    'diff-tree',
    '--root',
    '-r',
    '--no-commit-id',
    '--no-renames',
    '--numstat',
    '-z',
    '-m',
    '--first-parent',
    sha,
  ]);
  const files = changed
    .split('\0')
    .filter(Boolean)
    .map((line) => line.split('\t'));
  const signed = state.signed.has(sha);
  return {
    sha,
    url: `${links.api}/repos/${state.fullName}/commits/${sha}`,
    html_url: `${links.server}/${state.fullName}/commit/${sha}`,
    commit: {
      message: message.trimEnd(),
      author: { name: an, email: ae, date: at },
      committer: { name: cn, email: ce, date: ct },
      tree: { sha: tree },
      verification: {
        verified: signed,
        reason: signed ? 'valid' : 'unsigned',
        payload: null,
        signature: null,
        verified_at: null,
      },
    },
    author: accountOf(call, ae),
    committer: accountOf(call, ce),
    parents: parents
      .split(' ')
      .filter(Boolean)
      .map((one) => ({ sha: one })),
    files: files.slice(0, 300).map(([added, removed, filename]) => ({
      sha: null,
      filename,
      status: 'modified',
      additions: Number(added) || 0,
      deletions: Number(removed) || 0,
      changes: (Number(added) || 0) + (Number(removed) || 0),
    })),
  };
}

/** GitHub knows its people by the address that it gave them; whoever writes another's number is nobody. */
function accountOf({ state, links }: Call, email: string) {
  if (email === 'noreply@github.com') return shapes.user(state, links, 'web-flow');
  const [, id, login] = /^(\d+)\+(.+)@users\.noreply\.github\.com$/.exec(email) ?? [];
  return login !== undefined && state.account(login).id === Number(id)
    ? shapes.user(state, links, login)
    : null;
}

export function authorOf(state: State, actor: Call['actor']) {
  const login = loginOf(actor) ?? 'ghost';
  return { name: login, email: `${state.account(login).id}+${login}@users.noreply.github.com` };
}

const refShape = (
  { links, state }: Call,
  { ref: name, sha, type }: { ref: string; sha: string; type: string },
) => ({
  ref: name,
  url: `${links.api}/repos/${state.fullName}/git/${name}`,
  object: { type, sha, url: `${links.api}/repos/${state.fullName}/git/commits/${sha}` },
});
