import { copyFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { dockerAt } from '../../clients/docker.ts';
import { dataVersion } from '../../clients/versions.ts';
import { CorruptError, PerennialError, UsageError } from '../../contracts/errors.ts';
import type { Released } from '../../contracts/released.ts';
import { writeWhole } from '../../files.ts';
import { REPOSITORY, workspaceAt } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { tellWorkflow } from '../etl/outputs.ts';
import { openOutside } from '../outside.ts';
import { bakeCommand } from './bake.ts';
import { cardOf } from './model-card.ts';
import { ReleaseRefused, tellingRefusal } from './refused.ts';
import { BAKED, localImage, RELEASE_FOLDER, SBOM } from './room.ts';

export interface BuildOptions {
  commit: string;
  version: string;
  /** JSON. */
  models: string;
  /** `false`: the bundles alone. */
  image?: string;
  /** `true`: on the newest base image. */
  refresh?: string;
}

/** `perennial release-build`: the bundles that production.json names, checked and asked, and an image with them inside.
 *  @throws ReleaseRefused where one of them is not what it was when it was made */
export async function releaseBuildCommand(environment: Environment, options: BuildOptions): Promise<void> {
  const models = modelsIn(options.models);
  await tellingRefusal(environment, async () => {
    const released = await bake(environment, options.commit, models);
    const image = options.image !== 'false';
    if (image) await buildImage(environment, released, options);
    await leave(environment, released, { image });
    await tellWorkflow(
      environment,
      image ? { image: localImage(options.version) } : {},
      `${models.length} bundles are what they were when they were made${image ? `; built \`${localImage(options.version)}\`` : '. IMAGE_REGISTRY is none: no image is built'}.`,
    );
  });
}

async function bake(environment: Environment, commit: string, models: string[]): Promise<Released> {
  const workspace = workspaceAt(REPOSITORY);
  try {
    return await bakeCommand(environment, BAKED, { model: models, from: 'production', commit, workspace });
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
    throw new ReleaseRefused(error.message, '', { cause: error });
  }
}

async function buildImage(
  environment: Environment,
  released: Released,
  { version, commit, refresh }: BuildOptions,
): Promise<void> {
  const docker = dockerAt({ signal: environment.signal });
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;
  await docker.build({
    context: REPOSITORY,
    tags: [localImage(version)],
    // Where there is no bridge packages can still be fetched.
    network: 'host',
    fresh: refresh === 'true',
    args: imageArgs(released, {
      commit,
      version,
      data: await dataVersion(workspaceAt(REPOSITORY)),
      source: repository ? `${server ?? 'https://github.com'}/${repository}` : '',
    }),
  });
}

/** What is written on the image. */
export function imageArgs(
  { models, released_at }: Released,
  about: { commit: string; version: string; data: string; source: string },
): Record<string, string> {
  return {
    COMMIT: about.commit,
    CREATED: released_at,
    DATA_VERSION: about.data,
    MODELS: modelsLabel(models),
    SOURCE: about.source,
    VERSION: about.version,
  };
}

export function modelsLabel(models: Released['models']): string {
  return Object.entries(models)
    .map(([model, { version }]) => `${model}=${version.version}@${version.digest}`)
    .join(' ');
}

/** Files of the release, for the next jobs. */
async function leave(
  environment: Environment,
  released: Released,
  { image }: { image: boolean },
): Promise<void> {
  const folder = join(REPOSITORY, RELEASE_FOLDER);
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  for (const name of await readdir(BAKED)) await copyFile(join(BAKED, name), join(folder, name));
  const outside = await openOutside(environment);
  try {
    for (const [model, { version }] of Object.entries(released.models))
      await writeWhole(join(folder, `${model}-model-card.md`), await cardOf(outside, version));
  } finally {
    await outside.close();
  }
  if (image) await writeWhole(join(folder, SBOM), await softwareBill());
}

/** What the service is made of, from the lock file. */
async function softwareBill(): Promise<string> {
  const asked = ['sbom', '--omit', 'dev', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const { stdout, stderr, failed } = await execa('npm', asked, {
    cwd: REPOSITORY,
    reject: false,
    timeout: 120_000,
    maxBuffer: 50_000_000,
  });
  const read = z
    .looseObject({ bomFormat: z.literal('CycloneDX') })
    .safeParse(failed ? null : JSON.parse(stdout));
  if (read.success) return `${JSON.stringify(read.data, null, 2)}\n`;
  throw new PerennialError(`npm sbom failed: ${stderr.trim().split('\n').at(-1)}`);
}

export function modelsIn(text: string): string[] {
  try {
    return z.array(z.string().min(1)).min(1).parse(JSON.parse(text));
  } catch (cause) {
    throw new UsageError(`--models ${text}: expected a JSON list of names, as release-plan tells it`, {
      cause,
    });
  }
}
