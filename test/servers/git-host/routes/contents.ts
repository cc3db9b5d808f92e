import { type Answer, type Call, notFound, ok, Refusal, type Routes } from '../call.ts';
import { allowed, authorOf, commitOf, commitShape } from './git.ts';

const PATH = '/repos/{owner}/{repo}/contents/{path}';

export const contentRoutes: Routes = {
  [`GET ${PATH}`]: { needs: [{ contents: 'read' }], answer: read },
  [`PUT ${PATH}`]: { needs: [{ contents: 'write' }], answer: put },
};

async function read(call: Call): Promise<Answer> {
  const { bare, defaultBranch } = call.state.repository;
  const commit = await commitOf(call, (call.query.ref as string) ?? defaultBranch);
  const sha = await blobOf(call, commit);
  if (sha === null) throw notFound();
  const content = Buffer.from(await bare.git(['cat-file', 'blob', sha]), 'utf8');
  return ok({ ...file(call, sha, content.length), encoding: 'base64', content: content.toString('base64') });
}

/** One file in one commit, signed by the host. */
async function put(call: Call): Promise<Answer> {
  const { state, body, actor, path } = call;
  const { bare, defaultBranch } = state.repository;
  const branch = body.branch ?? defaultBranch;
  const parent = await bare.head(branch);
  if (parent === null) throw new Refusal(404, `Branch ${branch} not found`);
  const there = await blobOf(call, parent);
  if (there !== null && body.sha === undefined)
    throw new Refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.');
  if (body.sha !== undefined && body.sha !== there)
    throw new Refusal(409, `${path.path} does not match ${body.sha}`);
  const bytes = Buffer.from(body.content, 'base64');
  const blob = await bare.git(['hash-object', '-w', '--stdin'], { input: bytes });
  const tree = await withFile(call, parent, blob);
  const author = body.author ?? body.committer ?? authorOf(state, actor);
  const sha = await bare.commitTree(tree, [parent], body.message, author);
  allowed(call, { ref: `refs/heads/${branch}`, from: parent, to: sha, forward: true });
  if (!(await bare.move(`refs/heads/${branch}`, sha, parent)))
    throw new Refusal(409, `${branch} was moved meanwhile`);
  // Only what an App makes in its own name is signed by GitHub.
  if (body.author === undefined && body.committer === undefined && actor.kind === 'installation')
    state.signed.add(sha);
  await call.refsMoved();
  const { commit, ...whole } = await commitShape(call, sha);
  const answer = { content: file(call, blob, bytes.length), commit: { ...whole, ...commit } };
  return { status: there === null ? 201 : 200, body: answer };
}

async function withFile(call: Call, parent: string, blob: string): Promise<string> {
  const { bare } = call.state.repository;
  const env = { GIT_INDEX_FILE: `${bare.folder}/index-${call.state.nextId()}` };
  await bare.git(['read-tree', parent], { env });
  await bare.git(['update-index', '--add', '--cacheinfo', `100644,${blob},${call.path.path}`], { env });
  return bare.git(['write-tree'], { env });
}

async function blobOf({ state, path }: Call, commit: string): Promise<string | null> {
  return state.repository.bare
    .git(['rev-parse', '-q', '--verify', '--end-of-options', `${commit}:${path.path}`])
    .catch(() => null);
}

const file = ({ path, links, state }: Call, sha: string, size: number) => ({
  type: 'file',
  name: path.path.split('/').pop(),
  path: path.path,
  sha,
  size,
  url: `${links.api}/repos/${state.fullName}/contents/${path.path}`,
  _links: {},
});
