import { describeSnapshot, listSnapshots, type StoredSnapshot } from '../../clients/snapshot-store.ts';
import type { StageContext } from '../../context.ts';
import { UsageError } from '../../contracts/errors.ts';
import type { Registry } from '../../contracts/registry.ts';
import { cachedSnapshots } from './read-data.ts';
import { readPack } from './read-pack.ts';
import type { Use, Uses } from './uses.ts';

/** Fewer letters of a hash or a moment would name many. */
const SHORTEST = 6;

interface Origin {
  name: string;
  aliases: string[];
  data_version: string;
}

/** The other way round: which versions were trained on a snapshot, and whether today's forecasts stand on it.
 *  @param asked a snapshot's SHA-256 or moment, or the beginning of one
 *  @throws UsageError where there is none such, or several */
export async function usesOfSnapshot(
  context: StageContext,
  { registry, asked }: { registry: Registry; asked: string },
): Promise<Uses> {
  const { model, workspace, paths } = context;
  const origins = await originsOf(context, registry);
  const named = await identify(await listSnapshots(paths.raw));
  const inside = new Map<string, Named[] | null>();
  for (const hash of new Set([...origins.versions, ...origins.packs].map((one) => one.data_version))) {
    const stored = await cachedSnapshots({ root: workspace.root, hash, model });
    inside.set(hash, stored && (await identify(stored)));
  }
  const all = [...named, ...[...inside.values()].flatMap((list) => list ?? [])];
  const { stamp, sha256 } = one(asked, all);
  const use = (origin: Origin): Use => {
    const list = inside.get(origin.data_version);
    const used = !list ? 'unknown' : list.some((each) => each.sha256 === sha256) ? 'yes' : 'no';
    return { ...origin, used };
  };
  return {
    model,
    of: { kind: 'snapshot', value: `${stamp} ${sha256}` },
    versions: origins.versions.map(use),
    forecasts: origins.packs.map(use)[0] ?? null,
  };
}

/** The same of a data version.
 *  @param asked its hash, with `.dir` or without, or the beginning of one */
export async function usesOfData(
  context: StageContext,
  { registry, asked }: { registry: Registry; asked: string },
): Promise<Uses> {
  const origins = await originsOf(context, registry);
  const known = [...new Set([...origins.versions, ...origins.packs].map(({ data_version }) => data_version))];
  const found = asked.length < SHORTEST ? [] : known.filter((hash) => hash.startsWith(asked));
  if (found.length !== 1)
    throw new UsageError(
      found.length === 0
        ? `nothing of ${context.model} was made from a data version ${asked}`
        : `${asked} begins several data versions`,
      {
        hint:
          known.length === 0
            ? 'nothing was trained or published here yet'
            : `known are ${known.slice(-10).join(', ')}`,
      },
    );
  const use = (origin: Origin): Use => ({
    ...origin,
    used: origin.data_version === found[0] ? 'yes' : 'no',
  });
  return {
    model: context.model,
    of: { kind: 'data', value: found[0] },
    versions: origins.versions.map(use),
    forecasts: origins.packs.map(use)[0] ?? null,
  };
}

/** What was made from data: every version, and the forecasts of this machine. */
async function originsOf(
  { paths }: StageContext,
  registry: Registry,
): Promise<{ versions: Origin[]; packs: Origin[] }> {
  const pointers = await Promise.all(
    (['champion', 'challenger'] as const).map(async (alias) => ({
      alias,
      at: await registry.pointer(alias),
    })),
  );
  const versions = (await registry.versions()).map(({ version, data_version }) => ({
    name: version,
    aliases: pointers.filter(({ at }) => at === version).map(({ alias }) => alias),
    data_version,
  }));
  const pack = await readPack(paths.pack);
  const { published_at: name, data_version } = pack?.manifest ?? {};
  return { versions, packs: name && data_version ? [{ name, aliases: [], data_version }] : [] };
}

interface Named {
  stamp: string;
  sha256: string;
}

async function identify(stored: StoredSnapshot[]): Promise<Named[]> {
  const named: Named[] = [];
  for (const one of stored) named.push({ stamp: one.stamp, sha256: (await describeSnapshot(one)).sha256 });
  return named;
}

function one(asked: string, all: Named[]): Named {
  const stamp = asked.replaceAll(':', '-');
  const matches =
    asked.length < SHORTEST
      ? []
      : all.filter((each) => each.sha256.startsWith(asked) || each.stamp.startsWith(stamp));
  const distinct = [...new Map(matches.map((each) => [`${each.stamp} ${each.sha256}`, each])).values()];
  if (distinct.length === 1) return distinct[0];
  const near = (distinct.length > 1 ? distinct : all).map((each) => each.stamp);
  const shown = [...new Set(near)].sort().slice(-5).join(', ');
  throw new UsageError(
    distinct.length > 1 ? `${asked} begins ${distinct.length} snapshots` : `there is no snapshot ${asked}`,
    {
      hint: shown
        ? `${distinct.length > 1 ? 'they are' : 'the newest are'} ${shown}`
        : 'nothing was collected here yet',
    },
  );
}
