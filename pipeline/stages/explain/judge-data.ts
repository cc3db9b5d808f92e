import type { Snapshot } from '../../contracts/snapshot.ts';
import { broken, type Link, ok, unknown } from './link.ts';

/** What DVC's cache on this machine holds of a data version. */
export interface DataSeen {
  /** The list of its files is there and whole. */
  listed: boolean;
  objects: number;
  missing: string[];
  /** Paths, and where their objects lie. */
  corrupt: { path: string; file: string }[];
  /** `data.dvc` names it now. */
  current: boolean;
  /** Commit of the workspace's git that first named it. */
  revision: string | null;
  /** Where it could be fetched from, as a person may see it. */
  remote: string | null;
  /** The workspace, for commands. */
  root: string;
}

/** Every file of the data version is what its hash says. */
export function judgeData(link: 'data' | 'forecast data', hash: string, seen: DataSeen): Link {
  const about = { link, value: hash };
  if (seen.corrupt.length > 0) {
    const [first] = seen.corrupt;
    const more = seen.corrupt.length > 1 ? ` and ${seen.corrupt.length - 1} more` : '';
    return broken({
      ...about,
      why: `DVC's cache holds another ${first.path || 'list of files'} than this version had${more}`,
      hint: `delete ${seen.corrupt.map(({ file }) => file).join(' ')} and fetch it again: ${fetchCommand(seen)}`,
    });
  }
  if (!seen.listed)
    return unknown({ ...about, why: 'it is not in the cache of this machine', hint: toFetch(seen) });
  if (seen.missing.length > 0)
    return unknown({
      ...about,
      why: `${seen.missing.length} of its files are not in the cache of this machine, such as ${seen.missing[0]}`,
      hint: toFetch(seen),
    });
  const named = seen.revision ? `, in git since ${seen.revision.slice(0, 12)}` : '';
  return ok({ ...about, why: `${seen.objects} objects, each hashed anew${named}` });
}

function toFetch(seen: DataSeen): string {
  if (!seen.remote)
    return 'no remote is configured to fetch it from: set DAGSHUB_REPO or PERENNIAL_REMOTE, or ask where it was made';
  return `fetch it from ${seen.remote}: ${fetchCommand(seen)}`;
}

/** Older versions are named by older commits of `data.dvc` only. */
function fetchCommand({ current, revision, root }: DataSeen): string {
  if (current || revision === null) return `\`cd ${root} && dvc fetch data.dvc\``;
  const commit = revision.slice(0, 12);
  return `\`cd ${root} && git checkout ${commit} -- data.dvc && dvc fetch data.dvc; git checkout HEAD -- data.dvc\``;
}

/** What was found of the snapshots in a data version. */
export interface SnapshotsSeen {
  total: number;
  /** Of those, in the archives of closed months. */
  archived: number;
  newest: Snapshot | null;
  /** SHA-256 of those that are what they were. */
  whole: string[];
  /** Why the first that is not what it was is refused. */
  refused: (Error & { hint?: string }) | null;
}

/** Every raw file is what was collected. */
export function judgeSnapshots(link: 'snapshot' | 'forecast snapshot', seen: SnapshotsSeen | null): Link {
  if (!seen)
    return unknown({ link, value: 'unknown', why: 'the data version is not on this machine: see there' });
  const value = seen.newest?.sha256 ?? 'unknown';
  if (seen.refused)
    return broken({
      link,
      value,
      why: seen.refused.message,
      hint: seen.refused.hint ?? 'bring it back from a copy',
    });
  if (!seen.newest) return unknown({ link, value: 'none', why: 'this data version holds no raw snapshots' });
  const before = seen.total - 1;
  const others = before > 0 ? `, and ${before} before it (${seen.archived} in archives)` : '';
  return ok({ link, value, why: `collected ${seen.newest.collected_at}${others}; SHA-256 of each raw file` });
}

/** The addresses are told by the newest snapshot's description. */
export function sourceOf(newest: Snapshot | null): Link {
  if (!newest)
    return unknown({ link: 'source', value: 'unknown', why: 'the snapshot would tell: see there' });
  const urls = [...new Set(newest.files.map(({ url }) => url))];
  const { headers, bytes } = newest.files[0];
  const published = headers['last-modified'] ? `, last modified ${headers['last-modified']}` : '';
  return ok({
    link: 'source',
    value: urls.slice(0, 3).join(', ') + (urls.length > 3 ? ` and ${urls.length - 3} more` : ''),
    why: `asked at ${newest.collected_at}${published}; ${newest.files.length === 1 ? `${bytes} bytes` : `${newest.files.length} files`}`,
  });
}
