import type { RegisteredVersion } from '../../contracts/registry.ts';
import type { OpenRegistry } from '../../registry/open.ts';
import { type Choice, chooseVersions } from './choose-versions.ts';
import type { Item, Part } from './part.ts';
import type { Needs } from './read-needs.ts';

export type ChosenVersions = Choice<RegisteredVersion>[];

/** Versions of one model in its registry. */
export async function findVersions(
  registry: OpenRegistry,
  { model, needs, keep }: { model: string; needs: Needs[]; keep: number },
): Promise<{ chosen: ChosenVersions; part: Part }> {
  const versions = await registry.versions();
  const aliases = {
    champion: await registry.pointer('champion'),
    challenger: await registry.pointer('challenger'),
  };
  const named = needs.flatMap(({ ref, production }) => {
    const desired = production.get(model);
    return desired ? [{ ...desired, by: ref.name }] : [];
  });
  const taggedData = new Map(
    needs.flatMap(({ ref, data }) =>
      ref.kind === 'tag' && data !== null ? [[ref.name, data] as const] : [],
    ),
  );
  // Git names the bundle, not only its number: it stays whatever number it has here.
  const byDigest = named.flatMap(({ digest, by }) =>
    versions.filter((one) => one.digest === digest).map(({ version }) => ({ version, by })),
  );
  const chosen = chooseVersions({ versions, aliases, named: [...byDigest, ...named], taggedData, keep });
  const goes = chosen.filter(({ stays }) => stays.length === 0);
  return {
    chosen,
    part: {
      items: chosen.map(({ version, stays }) => item(model, version, stays)),
      notes: elsewhere(model, versions, named),
      async remove() {
        for (const { version } of goes) await registry.remove(version.version);
      },
    },
  };
}

function item(model: string, { version }: RegisteredVersion, stays: string[]): Item {
  const goes = stays.length === 0;
  const why = goes ? 'no alias, branch, tag or descendant names it' : stays.join(', ');
  return { kind: 'version', model, name: version, count: 1, bytes: null, goes, why };
}

function elsewhere(
  model: string,
  versions: RegisteredVersion[],
  named: { version: string; digest: string; by: string }[],
): string[] {
  const foreign = named.filter(({ digest }) => !versions.some((one) => one.digest === digest));
  return foreign.map(
    ({ version, by }) =>
      `${model}: ${by} names ${version}, and this registry has no such bundle: it belongs to another one`,
  );
}
