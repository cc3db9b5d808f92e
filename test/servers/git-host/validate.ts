import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { resolve, type Schema } from './description.ts';

/** What is wrong with a value, one sentence each; empty: nothing. A schema is compiled when it is first asked. */
export function faultsOf(schema: Schema, value: unknown): string[] {
  return strict.faults(schema, value);
}

/** The same for values that came as text (a query's): `"2"` is a number where a number is asked. Changes `value`. */
export function faultsOfText(schema: Schema, value: Record<string, unknown>): string[] {
  return lenient.faults(schema, value);
}

class Validator {
  readonly #ajv: Ajv;
  readonly #compiled = new Map<Schema, ValidateFunction>();
  readonly #named = new Set<string>();

  constructor(coerceTypes: boolean) {
    // The description has formats and keywords of its own; what ajv does not know says nothing about a value.
    this.#ajv = new Ajv({ coerceTypes, strict: false, logger: false, validateSchema: false });
    (addFormats as unknown as (ajv: Ajv) => void)(this.#ajv);
    // GitHub itself sends templates and empty text where its description says uri, and any address of a commit.
    for (const format of ['uri', 'email']) this.#ajv.addFormat(format, true);
  }

  faults(schema: Schema, value: unknown): string[] {
    let check = this.#compiled.get(schema);
    if (!check) {
      this.#addNamed(schema);
      check = this.#ajv.compile(asJsonSchema(schema) as object);
      this.#compiled.set(schema, check);
    }
    return check(value) ? [] : (check.errors ?? []).slice(0, 5).map(told);
  }

  /** A schema's references, and theirs: of thousands a test needs few. */
  #addNamed(part: unknown): void {
    if (part === null || typeof part !== 'object') return;
    const reference = (part as Schema).$ref;
    if (typeof reference === 'string' && !this.#named.has(reference)) {
      this.#named.add(reference);
      const schema = resolve(part as Schema);
      this.#addNamed(schema);
      this.#ajv.addSchema(asJsonSchema(schema) as object, reference);
    }
    for (const value of Object.values(part)) this.#addNamed(value);
  }
}

const strict = new Validator(false);
const lenient = new Validator(true);

function told({ instancePath, message, params }: ErrorObject): string {
  const { allowedValues } = params as { allowedValues?: unknown[] };
  return `${instancePath || 'it'} ${message}${allowedValues ? ` ${JSON.stringify(allowedValues)}` : ''}`;
}

/** OpenAPI 3.0's way to say "or null", and its alternatives of which several may fit, as JSON Schema says them. */
function asJsonSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(asJsonSchema);
  if (schema === null || typeof schema !== 'object') return schema;
  const { nullable, oneOf, example, examples, default: preset, properties, ...rest } = schema as Schema;
  const made: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rest)) made[key] = key === 'enum' ? value : asJsonSchema(value);
  if (properties) {
    made.properties = Object.fromEntries(
      Object.entries(properties).map(([name, value]) => [name, asJsonSchema(value)]),
    );
  }
  if (oneOf) made.anyOf = asJsonSchema(oneOf);
  return nullable ? { anyOf: [{ type: 'null' }, made] } : made;
}
