import type { RegisteredVersion } from '../../contracts/registry.ts';
import { broken, type Link, ok, unknown } from './link.ts';

/** What the tracking server says of a run, as far as a link is checked by it. */
export interface RunSeen {
  page: string;
  status: string;
  deleted: boolean;
  tags: Record<string, string>;
  /** Digests of the data sets that went in. */
  datasets: string[];
}

export type RunAnswer =
  | { state: 'found'; run: RunSeen }
  | { state: 'absent' }
  /** No MLflow is configured here. */
  | { state: 'not-asked' }
  | { state: 'unreachable'; why: string; hint: string | null };

/** Tags of a run and the fact of a version that each must repeat. */
const TOLD = {
  'mlflow.source.git.commit': 'commit',
  'perennial.data_version': 'data_version',
  'perennial.bundle': 'digest',
} as const;

/** The run is there, came to its end, and tells of the same code, data and bundle. */
export function judgeRun(version: RegisteredVersion, answer: RunAnswer): Link {
  if (version.run === null)
    return unknown({ link: 'run', value: 'none', why: 'no tracking server was told of this training' });
  const about = { link: 'run' as const, value: version.run };
  switch (answer.state) {
    case 'not-asked':
      return unknown({
        ...about,
        why: 'no MLflow is configured here',
        hint: 'set MLFLOW_TRACKING_URI or DAGSHUB_REPO to ask it',
      });
    case 'unreachable':
      return unknown({ ...about, why: answer.why, hint: answer.hint });
    case 'absent':
      return broken({
        ...about,
        why: 'the tracking server has no such run',
        hint: 'look whether MLFLOW_TRACKING_URI names the server that logged it; a run deleted for good comes back from its backup only',
      });
    case 'found':
      return judgeFound(version, { ...about, value: answer.run.page }, answer.run);
  }
}

function judgeFound(version: RegisteredVersion, about: Pick<Link, 'link' | 'value'>, run: RunSeen): Link {
  if (run.deleted) {
    return broken({
      ...about,
      why: 'somebody deleted the run',
      hint: `bring it back: \`mlflow runs restore --run-id ${version.run}\``,
    });
  }
  if (run.status === 'RUNNING' || run.status === 'SCHEDULED')
    return unknown({
      ...about,
      why: 'the run has not come to its end: its record is not delivered yet',
      hint: 'the next `perennial run` delivers it',
    });
  if (run.status !== 'FINISHED')
    return broken({
      ...about,
      why: `the run is ${run.status}, and a version was made from it`,
      hint: 'look at its page: the run itself tells why; train again if its model is not to be trusted',
    });
  const other = disagreement(version, run);
  if (other) {
    return broken({
      ...about,
      why: other,
      hint: 'somebody changed the run, or it belongs to another version: trust the version, whose bundle has a digest',
    });
  }
  return ok({ ...about, why: 'finished; tells of the same code, data and bundle' });
}

function disagreement(version: RegisteredVersion, { tags, datasets }: RunSeen): string | null {
  for (const [tag, fact] of Object.entries(TOLD)) {
    const [seen, said] = [tags[tag], version[fact]];
    if (seen !== undefined && seen !== said)
      return `its tag ${tag} says ${seen}, ${version.version} says ${said}`;
  }
  // A digest holds 36 characters: a DVC folder's hash just fits.
  const expected = version.data_version.slice(0, 36);
  if (datasets.length > 0 && !datasets.includes(expected))
    return `its data set is ${datasets.join(', ')}, ${version.version} was made from ${expected}`;
  return null;
}
