import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { REPOSITORY } from '../pipeline/workspace.ts';
import { interpolated } from './compose-homes.testing.ts';

const Healthcheck = z.object({ test: z.array(z.string()), retries: z.number(), timeout: z.string() });
const Service = z.object({
  image: z.string(),
  build: z.object({ context: z.string() }).optional(),
  restart: z.string(),
  read_only: z.boolean(),
  cap_drop: z.array(z.string()),
  security_opt: z.array(z.string()),
  command: z.array(z.string()).default([]),
  environment: z.record(z.string(), z.string()).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  secrets: z.array(z.string()).default([]),
  healthcheck: Healthcheck.optional(),
  deploy: z.object({ resources: z.object({ limits: z.object({ cpus: z.string(), memory: z.string() }) }) }),
});
export type ComposeService = z.infer<typeof Service>;
const Compose = z.object({
  services: z.record(z.string(), Service),
  volumes: z.record(z.string(), z.unknown()),
  secrets: z.record(z.string(), z.object({ file: z.string() })),
});

/** `compose.yaml` as Docker would see it with these variables. */
export async function compose(
  env: Record<string, string | undefined> = {},
): Promise<z.infer<typeof Compose>> {
  const text = await readFile(join(REPOSITORY, 'compose.yaml'), 'utf8');
  return Compose.parse(interpolated(parse(text, { merge: true }), env));
}
