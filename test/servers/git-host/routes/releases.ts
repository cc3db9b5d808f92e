import { type Answer, type Call, created, invalid, notFound, nothing, ok, type Routes } from '../call.ts';
import * as shapes from '../shapes.ts';
import { loginOf, type ReleaseState } from '../state.ts';
import { signedPath } from '../storage.ts';

const ROOT = '/repos/{owner}/{repo}/releases';
const READ = [{ contents: 'read' as const }];
const WRITE = [{ contents: 'write' as const }];

export const releaseRoutes: Routes = {
  [`GET ${ROOT}`]: { needs: READ, answer: list },
  [`GET ${ROOT}/latest`]: { needs: READ, answer: latest },
  [`GET ${ROOT}/{release_id}`]: { needs: READ, answer: (call) => ok(shape(call, found(call))) },
  [`POST ${ROOT}`]: { needs: WRITE, answer: make },
  [`PATCH ${ROOT}/{release_id}`]: { needs: WRITE, answer: change },
  [`POST ${ROOT}/{release_id}/assets`]: { needs: WRITE, answer: upload },
  [`GET ${ROOT}/assets/{asset_id}`]: { needs: READ, answer: download },
  [`DELETE ${ROOT}/assets/{asset_id}`]: { needs: WRITE, answer: remove },
};

/** Drafts are shown to who may write alone; all robots of ours may. */
function list(call: Call): Answer {
  return { list: [...call.state.releases].reverse().map((one) => shape(call, one)) };
}

function latest(call: Call): Answer {
  const one = call.state.releases.find((release) => release.latest && !release.draft);
  if (!one) throw notFound();
  return ok(shape(call, one));
}

async function make(call: Call): Promise<Answer> {
  const { state, body, actor } = call;
  const published = body.draft !== true;
  if (published && state.releases.some(({ tag, draft }) => tag === body.tag_name && !draft))
    throw invalid('Release', 'tag_name', 'already_exists');
  const release: ReleaseState = {
    id: state.nextId(),
    tag: body.tag_name,
    commit: body.target_commitish ?? state.repository.defaultBranch,
    title: body.name ?? null,
    body: body.body ?? null,
    draft: body.draft === true,
    latest: false,
    author: loginOf(actor) ?? 'ghost',
    createdAt: state.now(),
    publishedAt: null,
    assets: [],
  };
  state.releases.push(release);
  if (published) await publish(call, release, body.make_latest !== 'false');
  return created(shape(call, release));
}

async function change(call: Call): Promise<Answer> {
  const release = found(call);
  const { name, body, draft, make_latest } = call.body;
  if (name !== undefined) release.title = name;
  if (body !== undefined) release.body = body;
  if (draft === false && release.draft) await publish(call, release, make_latest !== 'false');
  else if (make_latest === 'true' && !release.draft) markLatest(call, release);
  return ok(shape(call, release));
}

/** A tag that is not there is made then, as GitHub does. */
async function publish(call: Call, release: ReleaseState, isLatest: boolean): Promise<void> {
  const { bare } = call.state.repository;
  const ref = `refs/tags/${release.tag}`;
  if ((await bare.commitOf(ref)) === null) {
    const commit = await bare.commitOf(release.commit);
    if (commit === null) throw invalid('Release', 'target_commitish', 'is invalid');
    await bare.move(ref, commit, '');
  }
  release.draft = false;
  release.publishedAt = call.state.now();
  if (isLatest) markLatest(call, release);
}

function markLatest({ state }: Call, release: ReleaseState): void {
  for (const one of state.releases) one.latest = one === release;
}

function upload(call: Call): Answer {
  const { state, query, body, links } = call;
  const release = found(call);
  if (release.assets.some(({ name }) => name === query.name))
    throw invalid('ReleaseAsset', 'name', 'already_exists');
  const asset = {
    id: state.nextId(),
    name: String(query.name),
    bytes: body as Buffer,
    type: 'application/octet-stream',
    at: state.now(),
  };
  release.assets.push(asset);
  return created(shapes.releaseAsset(state, links, release, asset));
}

function download(call: Call): Answer {
  const { state, path, links } = call;
  const release = state.releases.find(({ assets }) => assets.some(({ id }) => String(id) === path.asset_id));
  const asset = release?.assets.find(({ id }) => String(id) === path.asset_id);
  if (!release || !asset) throw notFound();
  if (call.accept !== 'application/octet-stream')
    return ok(shapes.releaseAsset(state, links, release, asset));
  return { status: 302, headers: { location: `${links.server}${signedPath(asset.id, state.clock())}` } };
}

function remove(call: Call): Answer {
  for (const release of call.state.releases) {
    const at = release.assets.findIndex(({ id }) => String(id) === call.path.asset_id);
    if (at < 0) continue;
    release.assets.splice(at, 1);
    return nothing();
  }
  throw notFound();
}

function found({ state, path }: Call): ReleaseState {
  const release = state.releases.find(({ id }) => String(id) === path.release_id);
  if (!release) throw notFound();
  return release;
}

const shape = ({ state, links }: Call, release: ReleaseState) => shapes.release(state, links, release);
