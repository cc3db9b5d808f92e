import { join } from 'node:path';
import { REPOSITORY } from '../../workspace.ts';

/** What the image is built with; `Dockerfile` takes it from there. */
export const BAKED = join(REPOSITORY, 'released');
/** What the jobs of a release leave for each other, and what becomes the files of the release. */
export const RELEASE_FOLDER = join('artifacts', '_release');
/** What was released, by its own word. */
export const DOCUMENT = 'released.json';
export const SBOM = 'sbom.cdx.json';
/** What the image is called on the machine that builds it. */
export const localImage = (version: string) => `perennial:${version}`;
