import { type ImageHome, imageHome } from '../../clients/image-registry.ts';
import { UsageError } from '../../contracts/errors.ts';
import { withhold } from '../../secrets.ts';

/** Where images go. */
export interface ImageSettings extends ImageHome {
  /** As Docker writes it, without a tag: `ghcr.io/acme/perennial`. */
  name: string;
}

/** `IMAGE_REGISTRY=none`: bundles are released, verified and followed; no image is built. */
export const NO_IMAGE = 'none';

/** From the environment: `IMAGE_REGISTRY` (default: GitHub's own, of this repository), `IMAGE_REGISTRY_USER`,
 *  `IMAGE_REGISTRY_PASSWORD`. Nothing is asked.
 *  @param repository `owner/name`
 *  @returns null where no image is wanted
 *  @throws UsageError where the address is none */
export function readImageSettings(
  repository: string,
  env: NodeJS.ProcessEnv = process.env,
): ImageSettings | null {
  const written = env.IMAGE_REGISTRY?.trim() || `ghcr.io/${repository}`;
  if (written === NO_IMAGE) return null;
  const name = written
    .replace(/^https?:\/\//, '')
    .replace(/\/$/, '')
    .toLowerCase();
  if (!NAME.test(name)) {
    throw new UsageError(`IMAGE_REGISTRY=${written} names no repository of images`, {
      hint: `write it as ghcr.io/${repository.toLowerCase()} or docker.io/owner/name; ${NO_IMAGE}: no image is built`,
    });
  }
  const password = env.IMAGE_REGISTRY_PASSWORD || undefined;
  if (password) withhold([password]);
  const user = env.IMAGE_REGISTRY_USER || (password ? repository.split('/')[0] : undefined);
  const scheme = /^http:\/\//.test(written) ? 'http' : 'https';
  return { ...imageHome(`${scheme}://${name}`, { user, password }), name };
}

/** A host (with a dot, a port, or localhost) and a path: without a host Docker would take it for Docker Hub's. */
const NAME =
  /^(?:localhost|[a-z0-9-]+(?:\.[a-z0-9-]+)+|localhost:\d+|[a-z0-9.-]+:\d+)(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)+$/;
