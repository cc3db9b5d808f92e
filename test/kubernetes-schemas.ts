import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import { writeWhole } from '../pipeline/files.ts';
import { SetupError } from '../setup/setup-error.mjs';

const MODULE = 'k8s.io/kubernetes@v1.34.2';
const DOWNLOAD_LIMIT_MS = 10 * 60_000;

const Downloaded = z.object({ Dir: z.string() });
type Schema = { [key: string]: unknown };
const Swagger = z.object({
  definitions: z.record(
    z.string(),
    z.looseObject({
      'x-kubernetes-group-version-kind': z
        .array(z.object({ group: z.string(), version: z.string(), kind: z.string() }))
        .optional(),
    }),
  ),
});

/** Writes the schema of each kind into a folder, from what Kubernetes itself says of its API: `<kind>-<group>-<version>.json`, as
 *  kubeconform looks for it. A setting that Kubernetes does not know is refused.
 *  @throws SetupError where the Go module cannot be had */
export async function writeKubernetesSchemas(
  folder: string,
  kinds: { apiVersion: string; kind: string }[],
): Promise<void> {
  const { definitions } = Swagger.parse(JSON.parse(await readFile(await swaggerFile(), 'utf8')));
  for (const { apiVersion, kind } of kinds) {
    const [version, group = ''] = apiVersion.split('/').reverse();
    const found = Object.entries(definitions).find(([, definition]) =>
      definition['x-kubernetes-group-version-kind']?.some(
        (one) => one.kind === kind && one.version === version && one.group === group,
      ),
    );
    if (!found) throw new Error(`${MODULE} knows no ${kind} of ${apiVersion}`);
    const parts: Record<string, Schema> = {};
    const schema = { $ref: `#/definitions/${found[0]}`, definitions: parts };
    collect(found[0], definitions, parts);
    const name = [kind, group.split('.')[0], version].filter(Boolean).join('-').toLowerCase();
    await writeWhole(join(folder, `${name}.json`), JSON.stringify(schema));
  }
}

async function swaggerFile(): Promise<string> {
  // In a folder without a module of its own; Go keeps what it has had.
  const { stdout, failed, stderr } = await execa('go', ['mod', 'download', '-json', MODULE], {
    cwd: tmpdir(),
    env: { GOFLAGS: '' },
    reject: false,
    timeout: DOWNLOAD_LIMIT_MS,
  });
  if (!failed) return join(Downloaded.parse(JSON.parse(stdout)).Dir, 'api', 'openapi-spec', 'swagger.json');
  throw new SetupError(
    `${MODULE} cannot be had: ${stderr.slice(0, 300)}`,
    'check the connection to the Go module proxy',
  );
}

/** A definition with all that it refers to. */
function collect(name: string, all: Record<string, Schema>, into: Record<string, Schema>): void {
  if (name in into) return;
  if (name.endsWith('.IntOrString')) {
    into[name] = { oneOf: [{ type: 'string' }, { type: 'integer' }] };
    return;
  }
  const definition = all[name];
  const closed = definition.properties !== undefined && definition.additionalProperties === undefined;
  into[name] = closed ? { ...definition, additionalProperties: false } : definition;
  const referred = JSON.stringify(definition).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g);
  for (const [, other] of referred) collect(other, all, into);
}
