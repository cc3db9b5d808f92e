import { type Docker, dockerAt } from '../../clients/docker.ts';
import { withScratch } from '../../clients/scratch.ts';
import { UsageError } from '../../contracts/errors.ts';
import { readGithub } from '../../home-settings/github.ts';
import type { Environment } from '../environment.ts';
import { tellWorkflow } from '../etl/outputs.ts';
import { type ImageSettings, readImageSettings } from './image-settings.ts';
import { localImage } from './room.ts';

/** `perennial release-push`: the image that was built, to the registry; from there on it is named by its digest. Nobody
 *  is told to pull it before it is verified: it has the name of its build and no other. */
export async function releasePushCommand(
  environment: Environment,
  { version }: { version: string },
): Promise<void> {
  const settings = await imageSettings();
  const { GITHUB_RUN_ID: run, GITHUB_RUN_ATTEMPT: attempt = '1' } = process.env;
  const reference = `${settings.name}:build-${run ? `${run}-${attempt}` : environment.run}`;
  const digest = await withDocker(environment, settings, async (docker) => {
    await docker.tag(localImage(version), reference);
    return docker.push(reference);
  });
  const image = `${settings.name}@${digest}`;
  await tellWorkflow(environment, { image, digest, name: settings.name }, `Pushed \`${image}\`.`);
}

/** @throws UsageError where no image is wanted */
export async function imageSettings(): Promise<ImageSettings> {
  const { owner, name } = await readGithub();
  const settings = readImageSettings(`${owner}/${name}`);
  if (settings) return settings;
  throw new UsageError('IMAGE_REGISTRY is none: there is no image to push or to pull');
}

/** Docker, logged in where there is a password. It is kept in a folder of its own, which is gone afterwards. */
export async function withDocker<T>(
  { signal }: Environment,
  { name, user, password }: ImageSettings,
  work: (docker: Docker) => Promise<T>,
): Promise<T> {
  return withScratch(async (config) => {
    const docker = dockerAt({ signal, env: { DOCKER_CONFIG: config } });
    if (password) await docker.login(name.split('/')[0], { user: user ?? '', password });
    return work(docker);
  });
}
