import type { Links } from './call.ts';
import type {
  App,
  ArtifactState,
  AssetState,
  CommentState,
  IssueState,
  PullState,
  ReleaseState,
  Repository,
  RunState,
  State,
  StatusOf,
} from './state.ts';

/** How GitHub writes what is known here. What else its shape asks for is filled in by its description. */
export const user = (state: State, links: Links, login: string) => {
  const { id, type } = state.account(login);
  return {
    login,
    id,
    type,
    node_id: `U_${id}`,
    url: `${links.api}/users/${encodeURIComponent(login)}`,
    html_url: `${links.server}/${login.endsWith('[bot]') ? `apps/${login.slice(0, -5)}` : login}`,
    site_admin: false,
  };
};

export const repository = (state: State, links: Links, repo: Repository = state.repository) => ({
  id: repo.id,
  node_id: `R_${repo.id}`,
  name: repo.name,
  full_name: `${repo.owner}/${repo.name}`,
  private: repo.private,
  visibility: repo.private ? 'private' : 'public',
  fork: repo.forkOf !== null,
  default_branch: repo.defaultBranch,
  owner: user(state, links, repo.owner),
  url: `${links.api}/repos/${repo.owner}/${repo.name}`,
  html_url: `${links.server}/${repo.owner}/${repo.name}`,
  clone_url: `${links.server}/${repo.owner}/${repo.name}.git`,
  has_issues: true,
  ...state.settings,
});

export const pullPage = (state: State, links: Links, number: number) =>
  `${links.server}/${state.fullName}/pull/${number}`;

export function pull(state: State, links: Links, of: PullState) {
  const api = `${links.api}/repos/${state.fullName}`;
  const head = state.repositoryOf(of.head.repo);
  const label = (repo: string, ref: string) => `${repo.split('/')[0]}:${ref}`;
  return {
    id: of.number + 100_000,
    number: of.number,
    title: of.title,
    body: of.body,
    state: of.state,
    locked: false,
    draft: of.draft,
    user: user(state, links, of.author),
    created_at: of.createdAt,
    updated_at: of.updatedAt,
    closed_at: of.closedAt,
    merged_at: of.mergedAt,
    merge_commit_sha: of.mergeCommit,
    labels: of.labels.map((name) => label_(links, state, name)),
    author_association: state.roles.get(of.author) === 'admin' ? 'OWNER' : 'CONTRIBUTOR',
    url: `${api}/pulls/${of.number}`,
    html_url: pullPage(state, links, of.number),
    issue_url: `${api}/issues/${of.number}`,
    statuses_url: `${api}/statuses/${of.head.sha}`,
    head: {
      label: label(of.head.repo, of.head.ref),
      ref: of.head.ref,
      sha: of.head.sha,
      user: user(state, links, of.head.repo.split('/')[0]),
      repo: head && repository(state, links, head),
    },
    base: {
      label: label(state.fullName, of.base.ref),
      ref: of.base.ref,
      sha: of.base.sha,
      user: user(state, links, state.repository.owner),
      repo: repository(state, links),
    },
  };
}

const label_ = (links: Links, state: State, name: string) => ({
  id: name.length,
  node_id: `LA_${name}`,
  name,
  color: 'ededed',
  default: false,
  description: null,
  url: `${links.api}/repos/${state.fullName}/labels/${encodeURIComponent(name)}`,
});

export { label_ as label };

/** Pull requests are issues too. */
export function issue(state: State, links: Links, of: IssueState | PullState) {
  const api = `${links.api}/repos/${state.fullName}`;
  const isPull = 'head' in of;
  return {
    id: of.number + 200_000,
    node_id: `I_${of.number}`,
    number: of.number,
    title: of.title,
    body: of.body,
    state: of.state,
    user: user(state, links, of.author),
    labels: of.labels.map((name) => label_(links, state, name)),
    comments: state.comments.filter((one) => one.issue === of.number).length,
    created_at: of.createdAt,
    updated_at: of.updatedAt,
    closed_at: of.closedAt,
    url: `${api}/issues/${of.number}`,
    html_url: isPull
      ? pullPage(state, links, of.number)
      : `${links.server}/${state.fullName}/issues/${of.number}`,
    author_association: 'NONE',
    ...(isPull && {
      pull_request: {
        url: `${api}/pulls/${of.number}`,
        html_url: pullPage(state, links, of.number),
        diff_url: `${pullPage(state, links, of.number)}.diff`,
        patch_url: `${pullPage(state, links, of.number)}.patch`,
        merged_at: of.mergedAt,
      },
    }),
  };
}

export function app({ state, links }: { state: State; links: Links }, app: App) {
  return {
    id: app.id,
    slug: app.slug,
    name: app.name,
    node_id: `A_${app.id}`,
    description: null,
    external_url: links.server,
    html_url: `${links.server}/apps/${app.slug}`,
    owner: user(state, links, state.repository.owner),
    permissions: app.rights ?? app.asks ?? {},
    events: [],
    created_at: state.now(),
    updated_at: state.now(),
  };
}

export function comment(state: State, links: Links, of: CommentState) {
  const isPull = state.pulls.some((one) => one.number === of.issue);
  const page = isPull
    ? pullPage(state, links, of.issue)
    : `${links.server}/${state.fullName}/issues/${of.issue}`;
  return {
    id: of.id,
    node_id: `IC_${of.id}`,
    body: of.body,
    user: user(state, links, of.author),
    created_at: of.createdAt,
    updated_at: of.updatedAt,
    url: `${links.api}/repos/${state.fullName}/issues/comments/${of.id}`,
    html_url: `${page}#issuecomment-${of.id}`,
    issue_url: `${links.api}/repos/${state.fullName}/issues/${of.issue}`,
    author_association: 'NONE',
    performed_via_github_app: of.app && app({ state, links }, of.app),
  };
}

export const status = (state: State, links: Links, of: StatusOf) => ({
  id: of.id,
  node_id: `SC_${of.id}`,
  url: `${links.api}/repos/${state.fullName}/statuses/${of.sha}`,
  state: of.state,
  context: of.context,
  description: of.description,
  target_url: of.target,
  created_at: of.at,
  updated_at: of.at,
  avatar_url: null,
  creator: user(state, links, of.author),
});

export const artifact = (state: State, links: Links, of: ArtifactState) => ({
  id: of.id,
  node_id: `A_${of.id}`,
  name: of.name,
  size_in_bytes: of.zip.length,
  url: `${links.api}/repos/${state.fullName}/actions/artifacts/${of.id}`,
  archive_download_url: `${links.api}/repos/${state.fullName}/actions/artifacts/${of.id}/zip`,
  expired: Date.parse(of.expiresAt) <= state.clock(),
  created_at: of.createdAt,
  updated_at: of.createdAt,
  expires_at: of.expiresAt,
  workflow_run: {
    id: of.run,
    repository_id: state.repository.id,
    head_repository_id: state.repository.id,
    head_branch: of.headBranch,
    head_sha: of.headSha,
  },
});

export function run(state: State, links: Links, of: RunState) {
  const api = `${links.api}/repos/${state.fullName}`;
  const head = state.repositoryOf(of.headRepo);
  return {
    id: of.id,
    name: of.name,
    node_id: `WFR_${of.id}`,
    head_branch: of.headBranch,
    head_sha: of.headSha,
    path: of.path,
    display_title: of.name,
    run_number: of.number,
    run_attempt: of.attempt,
    event: of.event,
    status: of.status,
    conclusion: of.conclusion,
    workflow_id: state.workflows.find((one) => one.path === of.path)?.id ?? 1,
    url: `${api}/actions/runs/${of.id}`,
    html_url: `${links.server}/${state.fullName}/actions/runs/${of.id}`,
    created_at: of.createdAt,
    updated_at: of.updatedAt,
    run_started_at: of.createdAt,
    actor: user(state, links, of.actor),
    triggering_actor: user(state, links, of.actor),
    artifacts_url: `${api}/actions/runs/${of.id}/artifacts`,
    // GitHub leaves this list empty for forks.
    pull_requests: [],
    repository: repository(state, links),
    head_repository: head && repository(state, links, head),
  };
}

export function release(state: State, links: Links, of: ReleaseState) {
  const api = `${links.api}/repos/${state.fullName}/releases/${of.id}`;
  return {
    id: of.id,
    node_id: `RE_${of.id}`,
    tag_name: of.tag,
    target_commitish: of.commit,
    name: of.title,
    body: of.body,
    draft: of.draft,
    prerelease: false,
    created_at: of.createdAt,
    published_at: of.publishedAt,
    author: user(state, links, of.author),
    url: api,
    html_url: `${links.server}/${state.fullName}/releases/tag/${of.tag}`,
    assets_url: `${api}/assets`,
    // As on a server of one's own: uploads go to another path than the rest.
    upload_url: `${links.server}/api/uploads/repos/${state.fullName}/releases/${of.id}/assets{?name,label}`,
    tarball_url: null,
    zipball_url: null,
    assets: of.assets.map((asset) => releaseAsset(state, links, of, asset)),
  };
}

export const releaseAsset = (state: State, links: Links, of: ReleaseState, asset: AssetState) => ({
  id: asset.id,
  node_id: `RA_${asset.id}`,
  name: asset.name,
  label: '',
  state: 'uploaded',
  content_type: asset.type,
  size: asset.bytes.length,
  digest: null,
  download_count: 0,
  created_at: asset.at,
  updated_at: asset.at,
  uploader: user(state, links, of.author),
  url: `${links.api}/repos/${state.fullName}/releases/assets/${asset.id}`,
  browser_download_url: `${links.server}/${state.fullName}/releases/download/${of.tag}/${asset.name}`,
});
