import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { REPOSITORY } from '../pipeline/workspace.ts';

const Service = z.object({
  image: z.string(),
  build: z.object({ context: z.string(), args: z.record(z.string(), z.string()) }).optional(),
  restart: z.string(),
  command: z.array(z.string()).optional(),
  environment: z.record(z.string(), z.string()),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.object({ test: z.array(z.string()), retries: z.number(), timeout: z.string() }),
});
export const HomesCompose = z.object({
  services: z.object({ mlflow: Service, postgres: Service, s3: Service }),
  volumes: z.record(z.string(), z.unknown()),
});
export type HomesCompose = z.infer<typeof HomesCompose>;

/** `compose.homes.yaml` as Docker would see it with these variables.
 *  @throws Error by the file's own words where a variable that has no default is missing */
export async function homesCompose(env: Record<string, string | undefined>): Promise<HomesCompose> {
  const text = await readFile(join(REPOSITORY, 'compose.homes.yaml'), 'utf8');
  return HomesCompose.parse(interpolated(parse(text), env));
}

/** Only values are filled in, never their keys: the forms `${A:-default}` and `${A:?message}` that the file uses. */
export function interpolated(node: unknown, env: Record<string, string | undefined>): unknown {
  if (typeof node === 'string') {
    return node.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name, form, rest) => {
      if (env[name]) return env[name];
      if (form === '-') return rest;
      throw new Error(`${name} is missing: ${rest}`);
    });
  }
  if (Array.isArray(node)) return node.map((item) => interpolated(item, env));
  if (node === null || typeof node !== 'object') return node;
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, interpolated(value, env)]));
}
