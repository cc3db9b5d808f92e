/** What of a registered version decides whether it stays. */
export interface VersionFacts {
  version: string;
  digest: string;
  parent: string | null;
  data_version: string;
}

/** A version that git names, and the branch or tag that does: `branch master`, `tag v1.2.0`. */
export interface NamedVersion {
  version: string;
  by: string;
}

export interface Choice<V> {
  version: V;
  /** Why it stays, the strongest reason first; empty: it goes. */
  stays: string[];
}

/** Which versions of one model stay: whom an alias names, whom a branch or a tag names, their ancestors, those that were
 *  trained on data of a tag, and the newest `keep`. The order of `versions` is that of their numbers. */
export function chooseVersions<V extends VersionFacts>({
  versions,
  aliases,
  named,
  taggedData,
  keep,
}: {
  versions: V[];
  aliases: Record<string, string | null>;
  named: NamedVersion[];
  /** Data versions by tag. */
  taggedData: Map<string, string>;
  keep: number;
}): Choice<V>[] {
  const reasons = new Map<string, string[]>(versions.map(({ version }) => [version, []]));
  const say = (version: string | null, why: string) => {
    const said = version === null ? undefined : reasons.get(version);
    if (said && !said.includes(why)) said.push(why);
  };
  for (const [alias, version] of Object.entries(aliases)) say(version, alias);
  for (const { version, by } of named) say(version, `production.json of ${by}`);
  const byName = new Map(versions.map((version) => [version.version, version]));
  for (const root of [...reasons].filter(([, why]) => why.length > 0).map(([version]) => version)) {
    // A version is made after its parent: a circle, made by hand, must not hold us.
    const seen = new Set([root]);
    for (
      let at = byName.get(root)?.parent ?? null;
      at !== null && !seen.has(at);
      at = byName.get(at)?.parent ?? null
    ) {
      seen.add(at);
      say(at, `ancestor of ${root}`);
    }
  }
  for (const [tag, data] of taggedData) {
    for (const { version, data_version } of versions)
      if (data_version === data) say(version, `data of ${tag}`);
  }
  for (const { version } of versions.slice(-keep)) say(version, `one of the newest ${keep}`);
  return versions.map((version) => ({ version, stays: reasons.get(version.version) ?? [] }));
}
