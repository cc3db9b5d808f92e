import type { Environment } from '../environment.ts';
import { openDesk } from '../etl/desk.ts';
import { tellWorkflow } from '../etl/outputs.ts';
import { readImageSettings } from './image-settings.ts';
import { lastRelease } from './last-release.ts';

/** `perennial release-refresh`: the workflow release is started for what master has, whether or not that has changed: what
 *  lies below the image has. */
export async function releaseRefreshCommand(environment: Environment): Promise<void> {
  const desk = await openDesk(environment);
  const last = await lastRelease(desk);
  const image = readImageSettings(desk.github.repository);
  if (!last || !image) {
    await tellWorkflow(
      environment,
      {},
      `${image ? 'Nothing was released yet' : 'No image is built'}: there is nothing to refresh.`,
    );
    return;
  }
  await desk.github.dispatchWorkflow('release.yml', { ref: 'master', inputs: { refresh: 'true' } });
  await tellWorkflow(
    environment,
    {},
    `Started the workflow release: ${last.tag} is built anew on the newest base image.`,
  );
}
