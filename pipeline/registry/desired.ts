import { ConflictError } from '../contracts/errors.ts';
import type { Production } from '../contracts/promotion.ts';
import type { RegisteredVersion } from '../contracts/registry.ts';
import type { OpenRegistry } from './open.ts';

/** The registry as git sees it: the champion is whom `production.json` names. Promoting moves no alias there: the
 *  registry's own `champion` follows once what was merged is verified (`perennial follow`, the release).
 *  @param production reads `production.json`; null where there is none */
export function desiredRegistry(
  registry: OpenRegistry,
  production: () => Promise<Production | null>,
): OpenRegistry {
  let promoted: string | null = null;
  const pointer = async () => promoted ?? (await production())?.version ?? null;
  return {
    ...registry,
    async pointer(alias) {
      return alias === 'champion' ? pointer() : registry.pointer(alias);
    },
    async alias(alias) {
      if (alias !== 'champion') return registry.alias(alias);
      const version = await pointer();
      return version === null ? null : champion(registry, version, promoted ? null : await production());
    },
    async setAlias(alias, version, expected) {
      if (alias !== 'champion') return registry.setAlias(alias, version, expected);
      const there = await pointer();
      if (there !== expected) {
        throw new ConflictError(
          `production.json names ${there ?? 'no version'}, not ${expected ?? 'none'}: somebody else promoted first`,
        );
      }
      // `production.json` itself is written by who promotes, right after this.
      promoted = version;
    },
    async remove(version) {
      if (version !== (await pointer())) return registry.remove(version);
      throw new ConflictError(`production.json names ${version}: it stays`);
    },
  };
}

/** @throws ConflictError where the registry does not hold what production.json names: git and it belong to two teams */
async function champion(
  registry: OpenRegistry,
  version: string,
  production: Production | null,
): Promise<RegisteredVersion> {
  const found = await registry.version(version);
  if (!found || (production && found.digest !== production.digest)) {
    throw new ConflictError(
      `production.json names ${version}${production ? ` with the digest ${production.digest.slice(0, 12)}` : ''}; ${registry.where} ${found ? `holds another bundle under that version (${found.digest.slice(0, 12)})` : 'has no such version'}`,
      { hint: 'point to the registry that trained it, or begin anew: npm run init -- --reset' },
    );
  }
  return found;
}
