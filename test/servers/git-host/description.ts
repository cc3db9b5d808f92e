import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** JSON Schema as the description writes it (OpenAPI 3.0). */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  nullable?: boolean;
  format?: string;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  minItems?: number;
  additionalProperties?: boolean | Schema;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
  [other: string]: unknown;
}

export interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required?: boolean;
  schema: Schema;
}

export interface Operation {
  /** `GET /repos/{owner}/{repo}/pulls`: its name here. */
  key: string;
  parameters: Parameter[];
  /** Of its JSON body; null: it takes none. */
  body: { schema: Schema; required: boolean } | null;
  /** Schema of the answer by status; null: no body. */
  answers: Map<number, Schema | null>;
}

interface Raw {
  paths: Record<string, Record<string, RawOperation>>;
  'x-webhooks': Record<string, Record<string, RawOperation>>;
  components: { schemas: Record<string, Schema>; [kind: string]: Record<string, unknown> };
}
interface RawOperation {
  parameters?: (Parameter | { $ref: string })[];
  requestBody?: { required?: boolean; content?: Record<string, { schema: Schema }> };
  responses: Record<string, { $ref?: string; content?: Record<string, { schema: Schema }> }>;
}

let raw: Raw | undefined;
const operations = new Map<string, Operation | null>();

/** GitHub's own OpenAPI description: 13 MB, read once a process; the package's index would load all ten of its
 *  editions. */
export function description(): Raw {
  if (!raw) {
    const index = createRequire(import.meta.url).resolve('@octokit/openapi');
    const file = join(dirname(index), 'generated', 'api.github.com.json');
    raw = JSON.parse(readFileSync(file, 'utf8')) as Raw;
  }
  return raw;
}

/** @param key `GET /repos/{owner}/{repo}/pulls`; null: GitHub has no such endpoint */
export function operation(key: string): Operation | null {
  let found = operations.get(key);
  if (found === undefined) {
    const [method, path] = key.split(' ');
    const all = description().paths[path];
    const one = all?.[method.toLowerCase()];
    found = one ? readOperation(key, one, all.parameters as unknown as RawOperation['parameters']) : null;
    operations.set(key, found);
  }
  return found;
}

/** Schema of an event's payload. @param name `pull-request-opened`, as the description calls it */
export function webhook(name: string): Schema {
  const event = description()['x-webhooks'][name]?.post;
  const schema = event?.requestBody?.content?.['application/json']?.schema;
  if (!schema) throw new Error(`GitHub's description has no event ${name}`);
  return schema;
}

/** Templates of all paths, for telling "not built here" from "GitHub has no such endpoint". */
export function knownPaths(): string[] {
  return Object.keys(description().paths);
}

export function resolve<T extends { $ref?: string }>(value: T): T {
  let at = value;
  while (at.$ref) {
    const [, , kind, name] = at.$ref.split('/');
    at = description().components[kind][name] as T;
  }
  return at;
}

function readOperation(key: string, one: RawOperation, shared: RawOperation['parameters'] = []): Operation {
  const answers = new Map<number, Schema | null>();
  for (const [status, answer] of Object.entries(one.responses)) {
    const content = (resolve(answer) as { content?: Record<string, { schema: Schema }> }).content;
    answers.set(Number(status), content?.['application/json']?.schema ?? null);
  }
  const body = one.requestBody?.content?.['application/json']?.schema;
  return {
    key,
    parameters: [...shared, ...(one.parameters ?? [])].map(
      (p) => resolve(p as { $ref?: string }) as Parameter,
    ),
    body: body ? { schema: body, required: one.requestBody?.required ?? false } : null,
    answers,
  };
}
