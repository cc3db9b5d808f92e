import { changedPaths, mergeBase } from '../../clients/git-objects.ts';
import { fetchRefs, type Remote, remoteRefs } from '../../clients/git-remote.ts';
import type { Github, Pull } from '../../clients/github/github.ts';
import { isRobotPath, ROBOT_BRANCHES } from '../../contracts/github.ts';
import type { Params } from '../../contracts/params.ts';
import { trainEveryDays } from '../../stages/retrain/due.ts';
import { REPOSITORY } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { openGithub } from '../open-github.ts';
import { robotFilesAt } from './left.ts';
import { contentKey, expiryDays, type OpenRobotPull } from './pulls.ts';
import { productionOf, promotedIn, promotionOf, type RobotFiles } from './robot-files.ts';

export interface BranchSeen {
  sha: string;
  files: RobotFiles;
}

/** The host as one look finds it. */
export interface Seen {
  master: BranchSeen;
  /** `perennial/data`; null: not there. */
  data: BranchSeen | null;
  /** Open pull requests of our own robots towards master. */
  pulls: (OpenRobotPull & { files: RobotFiles | null })[];
}

/** What robots have of the Git host. */
export interface Desk {
  github: Github;
  remote: Remote;
  author: { name: string; email: string };
  look(params: Params): Promise<Seen>;
  /** Heads of branches, their objects fetched. */
  heads(...patterns: string[]): Promise<Map<string, string>>;
}

/** @throws UsageError where nothing says which repository this is */
export async function openDesk(environment: Environment): Promise<Desk> {
  const { github, remote: remoteOf } = await openGithub(environment);
  const remote = await remoteOf(REPOSITORY);
  const login = await github.login();
  const name = login ?? 'perennial';
  const desk: Desk = {
    github,
    remote,
    author: { name, email: `${name}@users.noreply.github.com` },
    async heads(...patterns) {
      const refs = await remoteRefs(
        remote,
        patterns.map((pattern) => `refs/heads/${pattern}`),
      );
      if (refs.size > 0) await fetchRefs(remote, [...refs.keys()]);
      return new Map([...refs].map(([ref, sha]) => [ref.replace('refs/heads/', ''), sha]));
    },
    async look(params) {
      const heads = await desk.heads('master', 'perennial/*');
      const seen = async (sha: string | undefined): Promise<BranchSeen | null> =>
        sha === undefined ? null : { sha, files: await robotFilesAt(REPOSITORY, sha) };
      const master = await seen(heads.get('master'));
      if (!master) throw new Error(`${github.repository} has no branch master`);
      const pulls = (await github.openPulls({ base: 'master' })).filter(
        (pull) => pull.head.repo === github.repository && pull.author === login,
      );
      const open: Seen['pulls'] = [];
      for (const pull of pulls) {
        const kind = kindOf(pull.head.ref);
        if (!kind) continue;
        const branch = await seen(heads.get(pull.head.ref));
        const outdated = branch !== null && (await robotsMovedOn(branch.sha, master.sha));
        open.push({ ...(await described(pull, kind)), ...contentOf(branch, master, params), outdated });
      }
      return { master, data: await seen(heads.get(ROBOT_BRANCHES.data)), pulls: open };
    },
  };
  return desk;

  async function described(pull: Pull, kind: OpenRobotPull['kind']) {
    const { number, head, createdAt } = pull;
    const reviews = kind === 'promotion' ? await github.approvals(number) : [];
    const approved = reviews.some(({ state, sha }) => state === 'APPROVED' && sha === head.sha);
    return { number, kind, branch: head.ref, headSha: head.sha, createdAt, approved };
  }
}

function contentOf(branch: BranchSeen | null, master: BranchSeen, params: Params) {
  const promoted = branch ? promotedIn(branch.files, master.files) : [];
  const periods = promoted.map(({ model }) => trainEveryDays(params.models[model]?.schedule.train));
  const moved = promoted.some(({ model }) => {
    const champion = branch && promotionOf(branch.files, model)?.champion?.digest;
    return (champion ?? null) !== (productionOf(master.files, model)?.digest ?? null);
  });
  return {
    files: branch?.files ?? null,
    content: branch && contentKey(promoted),
    overtaken: branch !== null && (promoted.length === 0 || moved),
    expiresAfterDays: expiryDays(Math.max(0, ...periods)),
  };
}

/** Whether master's own robot files have changed since a branch was made: what robots wrote there would conflict. */
export async function robotsMovedOn(branch: string, master: string): Promise<boolean> {
  const base = await mergeBase(REPOSITORY, branch, master);
  if (base === master) return false;
  if (base === null) return true;
  const changed = await changedPaths(REPOSITORY, base, master);
  return changed.some(isRobotPath);
}

function kindOf(branch: string): OpenRobotPull['kind'] | null {
  if (branch === ROBOT_BRANCHES.data) return 'data';
  return branch.startsWith(ROBOT_BRANCHES.promotion('')) ? 'promotion' : null;
}
