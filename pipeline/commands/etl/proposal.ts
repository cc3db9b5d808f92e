import type { LeftBy } from './left.ts';
import { contentKey } from './pulls.ts';
import { modelsIn, productionOf, promotedIn, type RobotFiles } from './robot-files.ts';
import { startState, takeData, takeTraining } from './start-state.ts';

/** What one run has to propose, as files on top of master. */
export interface Joined {
  /** Data, and trainings that promote nothing. */
  data: RobotFiles;
  /** The same with the promotions; null: there are none. */
  promotion: RobotFiles | null;
  promoted: string[];
  /** `contentKey` of the promotions. */
  content: string;
  /** What was left out, and why; for the log. */
  dropped: string[];
}

/** Joins what the jobs of one run have left, upon master and the data branch as they are now. */
export function joinRun(
  now: {
    master: RobotFiles;
    data: RobotFiles | null;
    /** Promotions that are closed without having been merged. */
    closing?: RobotFiles[];
  },
  left: { collect: LeftBy<'collect'> | null; trained: LeftBy<'train'>[] },
): Joined {
  const data = new Map(startState(now.master, now.data, now.closing));
  if (left.collect && left.collect.collected.length > 0)
    takeData(data, left.collect.files, left.collect.collected);
  const dropped: string[] = [];
  const promotions: LeftBy<'train'>[] = [];
  for (const one of left.trained) {
    if (!one.trained) continue;
    const champion = productionOf(now.master, one.model)?.digest ?? null;
    if (champion !== one.champion) {
      dropped.push(
        `${one.model} was compared with a champion that has moved since: it is trained again when it is due`,
      );
    } else if (one.promoted) promotions.push(one);
    else takeTraining(data, one.files, { model: one.model, promoted: false });
  }
  if (promotions.length === 0) return { data, promotion: null, promoted: [], content: '', dropped };
  const promotion = new Map(data);
  for (const { files, model } of promotions) takeTraining(promotion, files, { model, promoted: true });
  const changed = promotedIn(promotion, now.master);
  return {
    data,
    promotion: changed.length > 0 ? promotion : null,
    promoted: changed.map(({ model }) => model),
    content: contentKey(changed),
    dropped,
  };
}

/** Files that differ from master's, as a commit upon it takes them. */
export function differing(files: RobotFiles, master: RobotFiles): Map<string, string> {
  return new Map([...files].filter(([path, text]) => master.get(path) !== text));
}

/** Models of which anything differs. */
export function modelsChanged(files: RobotFiles, master: RobotFiles): string[] {
  const paths = [...differing(files, master).keys()];
  return modelsIn(files).filter((model) => paths.some((path) => path.startsWith(`reports/${model}/`)));
}
