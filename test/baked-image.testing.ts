// An image of the service for tests, built from this tree as it stands with a small model inside.
import { randomUUID } from 'node:crypto';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Docker, dockerAt } from '../pipeline/clients/docker.ts';
import { REPOSITORY } from '../pipeline/workspace.ts';
import { type Sample, sampleOf } from '../serve/sample-service.testing.ts';
import { releaseInto } from '../serve/service-process.testing.ts';

const BASES = ['node:22-bookworm-slim', 'node:20-bookworm-slim'];
/** What `.dockerignore` lets through. */
const SENT = [
  'Dockerfile',
  '.dockerignore',
  '.npmrc',
  'package.json',
  'package-lock.json',
  'setup',
  'pipeline',
  'serve',
];

/** An engine that has the base image, or may fetch it. @returns null where there is none */
export async function dockerHere(): Promise<{ docker: Docker; base: string } | null> {
  const docker = dockerAt();
  if ((await docker.version()) === null) return null;
  for (const base of BASES) if (await docker.image(base)) return { docker, base };
  const fetched = await docker.pull(BASES[0]).catch((error: Error) => error);
  return fetched instanceof Error ? null : { docker, base: BASES[0] };
}

export interface SampleImage {
  /** An empty one, for the build's context; with `anew` that of an earlier build. */
  folder: string;
  tag: string;
  args?: Record<string, string>;
  /** From the same sources, and from nothing that the builder remembers. */
  anew?: boolean;
  sample?: Sample;
}

/** @returns the image's id */
export async function buildSampleImage(
  { docker, base }: { docker: Docker; base: string },
  { folder, tag, args = {}, anew = false, sample = sampleOf() }: SampleImage,
): Promise<string> {
  if (anew) {
    // Nothing comes of it but the end of the builder's memory.
    await writeFile(join(folder, 'pipeline', 'anew.txt'), randomUUID());
  } else {
    await mkdir(folder, { recursive: true });
    for (const name of SENT) await cp(join(REPOSITORY, name), join(folder, name), { recursive: true });
    await releaseInto(join(folder, 'released'), sample);
  }
  return docker.build({
    context: folder,
    tags: [tag],
    network: 'host',
    args: { NODE_IMAGE: base, ...args },
  });
}
