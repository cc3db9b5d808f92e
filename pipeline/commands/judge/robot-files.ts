import { changedPaths } from '../../clients/git-objects.ts';
import { GateReport } from '../../contracts/gate.ts';
import { isRobotPath, ROBOT_PATHS } from '../../contracts/github.ts';
import type { Bench } from './bench.ts';
import type { ReviewedPull } from './find-pull.ts';
import { parsed } from './parsed.ts';
import type { Commits } from './what-changed.ts';

export interface RobotFiles {
  /** Reports of the gate that the pull request brings, by model; null where one does not parse. */
  gates: Map<string, GateReport | null>;
  /** What a reviewer should know of files that only robots commit. */
  notes: string[];
}

/** What a pull request changes of the files that only robots commit. */
export async function robotFiles(
  { root, tree }: Bench,
  { from, head }: Commits,
  pull: ReviewedPull,
): Promise<RobotFiles> {
  const paths = await changedPaths(root, from, head);
  const gates = new Map<string, GateReport | null>();
  for (const path of paths) {
    const model = /^reports\/([a-z0-9][a-z0-9-]{0,40})\/gate\.json$/.exec(path)?.[1];
    if (model) gates.set(model, parsed(await tree(head).read(path), GateReport));
  }
  const theirs = paths.filter(isRobotPath);
  // What test has got from master is no change of a person's.
  const byPerson =
    theirs.length > 0 && !pull.author.endsWith('[bot]') && !['dev', 'test'].includes(pull.head.ref);
  const notes = byPerson
    ? [`It changes ${theirs.length} files that only robots commit (${ROBOT_PATHS.join(', ')}).`]
    : [];
  return { gates, notes };
}
