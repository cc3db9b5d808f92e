import type { PackManifest } from '../../contracts/bundle.ts';
import type { RegisteredVersion } from '../../contracts/registry.ts';
import type { SnapshotsSeen } from './judge-data.ts';
import { broken, type Link, ok, unknown } from './link.ts';

/** The observation pack of this machine. */
export interface PackSeen {
  manifest: PackManifest;
  /** Files that are missing or not what the manifest says. */
  wrong: string[];
}

/** Each file of the pack is what its manifest says, and its forecasts stand on this version. */
export function judgeForecast(
  version: RegisteredVersion,
  {
    pack,
    versions,
    snapshots,
  }: {
    pack: PackSeen | null;
    versions: RegisteredVersion[];
    /** Of the pack's data version; null: not on this machine. */
    snapshots: SnapshotsSeen | null;
  },
): Link {
  const link = 'forecast' as const;
  if (!pack)
    return unknown({
      link,
      value: 'none',
      why: 'nothing was published on this machine',
      hint: '`perennial run` publishes forecasts of the champion',
    });
  const { manifest, wrong } = pack;
  const value = `${manifest.last_time.slice(0, 10)} onwards`;
  if (wrong.length > 0) {
    return broken({
      link,
      value,
      why: `the pack's ${wrong.join(', ')} ${wrong.length === 1 ? 'is' : 'are'} not what was published`,
      hint: 'delete the folder artifacts/<model>/pack; the next `perennial run` publishes it anew',
    });
  }
  if (snapshots && !snapshots.refused && !snapshots.whole.includes(manifest.snapshot)) {
    return broken({
      link,
      value,
      why: `it says it was made from the snapshot ${manifest.snapshot.slice(0, 12)}…, which its data version does not hold`,
      hint: 'delete the folder artifacts/<model>/pack; the next `perennial run` publishes it anew',
    });
  }
  const published = `published ${manifest.published_at}`;
  if (manifest.bundle === version.digest)
    return ok({ link, value, why: `${published} from ${version.version}` });
  const other = versions.find(({ digest }) => digest === manifest.bundle);
  if (!other && manifest.bundle !== null) {
    return broken({
      link,
      value,
      why: `${published} from the bundle ${manifest.bundle.slice(0, 12)}…, which no version has`,
      hint: 'its version was deleted; run `perennial run`: the champion forecasts anew',
    });
  }
  return unknown({
    link,
    value,
    why: `${published} from ${other?.version ?? 'no bundle'}: none of ${version.version} is here`,
    hint: other ? `perennial explain ${other.version}` : null,
  });
}
