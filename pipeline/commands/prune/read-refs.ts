import { git } from '../../clients/git.ts';
import { resolveCommit } from '../../clients/git-objects.ts';
import { type Remote, remoteRefs } from '../../clients/git-remote.ts';
import { EXIT, PerennialError } from '../../contracts/errors.ts';

/** A branch, a tag, or a recent commit. */
export interface RefAt {
  /** For people: `branch master`, `tag v1.2.0`, `commit 0123abc`. */
  name: string;
  kind: 'branch' | 'tag' | 'commit';
  commit: string;
}

/** Recent commits count too: a pull request that is open may be judged on the data of last week. */
const RECENT_DAYS = 14;

/** Every branch and tag of this clone and of its host, and what the last two weeks committed of data.
 *  @param remote null: a repository that has no host
 *  @throws PerennialError where the clone is shallow or lacks what the host has: what they need cannot be seen */
export async function readRefs(root: string, remote: Remote | null, now: Date): Promise<RefAt[]> {
  const shallow = (await git(root, ['rev-parse', '--is-shallow-repository'])).stdout.trim();
  if (shallow === 'true') {
    throw refusal(
      'this clone is shallow: what its branches and tags need cannot be seen',
      'git fetch --unshallow --tags origin',
    );
  }
  const here = await localRefs(root);
  const there = remote ? await hostRefs(root, remote) : [];
  const refs = unique([...there, ...here]);
  if (refs.length === 0)
    throw refusal('this repository has no commit yet', 'run it where the models come from');
  return [...refs, ...(await recent(root, refs, now))];
}

async function localRefs(root: string): Promise<RefAt[]> {
  const { stdout } = await git(root, [
    'for-each-ref',
    '--format=%(refname)',
    'refs/heads',
    'refs/remotes',
    'refs/tags',
  ]);
  const names = stdout.split('\n').filter((name) => name !== '' && !name.endsWith('/HEAD'));
  const found = await Promise.all(names.map(async (name) => refAt(name, await resolveCommit(root, name))));
  return found.filter((ref) => ref !== null);
}

/** The host says itself what there is: a clone may know only some of its branches. */
async function hostRefs(root: string, remote: Remote): Promise<RefAt[]> {
  const refs = await remoteRefs(remote, ['refs/heads/*', 'refs/tags/*']);
  const found: RefAt[] = [];
  for (const [name, sha] of refs) {
    if (name.endsWith('^{}')) continue;
    const commit = await resolveCommit(root, sha);
    const ref = refAt(name, commit);
    if (ref) found.push(ref);
    // A tag may name something else than a commit: that needs no data.
    else if (!(await isHere(root, sha))) {
      const shown = name.replace(/^refs\/(heads|tags)\//, '');
      throw refusal(
        `${shown} of the host was not fetched: what it needs cannot be seen`,
        'git fetch --tags origin "+refs/heads/*:refs/remotes/origin/*"',
      );
    }
  }
  return found;
}

async function recent(root: string, refs: RefAt[], now: Date): Promise<RefAt[]> {
  const since = new Date(now.getTime() - RECENT_DAYS * 86_400_000).toISOString();
  const tips = [...new Set(refs.map(({ commit }) => commit))];
  const asked = [
    'rev-list',
    `--since=${since}`,
    ...tips,
    '--',
    'data.dvc',
    'dvc.lock',
    ':(glob)reports/*/pack.dvc',
  ];
  const { stdout } = await git(root, asked);
  const known = new Set(tips);
  return stdout
    .split('\n')
    .filter((commit) => commit !== '' && !known.has(commit))
    .map((commit) => ({ name: `commit ${commit.slice(0, 7)}`, kind: 'commit', commit }));
}

function refAt(name: string, commit: string | null): RefAt | null {
  if (commit === null) return null;
  const [, kind, rest] = /^refs\/(heads|remotes\/[^/]+|tags)\/(.+)$/.exec(name) ?? [];
  if (rest === undefined) return null;
  return kind === 'tags'
    ? { name: `tag ${rest}`, kind: 'tag', commit }
    : { name: `branch ${rest}`, kind: 'branch', commit };
}

async function isHere(root: string, sha: string): Promise<boolean> {
  return (await git(root, ['cat-file', '-e', sha], { accept: [1, 128] })).exitCode === 0;
}

/** One name may stand here and at the host in different places: both count. */
function unique(refs: RefAt[]): RefAt[] {
  return [...new Map(refs.map((ref) => [`${ref.name} ${ref.commit}`, ref])).values()];
}

function refusal(message: string, fetch: string): PerennialError {
  return new PerennialError(`${message}; nothing was removed`, {
    exitCode: EXIT.setup,
    hint: `run it in a whole clone: ${fetch} (in a workflow: fetch-depth: 0)`,
  });
}
