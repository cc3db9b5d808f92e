import type { BundleFiles } from '../../contracts/bundle.ts';
import { CorruptError } from '../../contracts/errors.ts';
import type { Production } from '../../contracts/promotion.ts';
import type { RegisteredVersion, Registry } from '../../contracts/registry.ts';
import { verifyBundle } from '../../registry/manifest.ts';
import { verifyAnswers } from '../../registry/verify-answers.ts';
import type { Task } from '../../tasks/task.ts';

/** Takes what `production.json` names out of the registry and asks it what it was asked when it was made: the bytes, the
 *  hashes and the answers must be those of its birth.
 *  @returns it with its files, as they were checked
 *  @throws CorruptError with the reason why it must not be served */
export async function verifyVersion(
  production: Pick<Production, 'model' | 'version' | 'digest'>,
  registry: Pick<Registry, 'version' | 'bundle'>,
  task: Pick<Task, 'warmUp'>,
): Promise<{ version: RegisteredVersion; files: BundleFiles }> {
  const { model, version, digest } = production;
  const found = await registry.version(version);
  if (!found) {
    throw new CorruptError(`${model} ${version}: the registry has no such version`, {
      hint: 'was it deleted there? Go back to another one: npm run pipeline -- rollback',
    });
  }
  if (found.digest !== digest) {
    throw new CorruptError(
      `${model} ${version}: the registry holds ${found.digest.slice(0, 12)}, production.json names ${digest.slice(0, 12)}`,
      { hint: 'git and registry belong to two teams, or one of them was changed by hand' },
    );
  }
  const files: BundleFiles = await registry.bundle(version);
  verifyBundle(files, digest);
  verifyAnswers(task.warmUp(files), { model, version });
  return { version: found, files };
}
