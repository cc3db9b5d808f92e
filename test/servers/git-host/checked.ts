import { operation, type Parameter, resolve, type Schema } from './description.ts';
import { faultsOf, faultsOfText } from './validate.ts';

/** What GitHub would not take of a request, or would silently leave unread. Turns a query's text into its types. */
export function requestFaults(key: string, query: Record<string, unknown>, body: unknown): string[] {
  const described = operation(key);
  if (!described) return [`GitHub's description has no ${key}`];
  return [...queryFaults(described.parameters, query), ...bodyFaults(described.body, body)];
}

/** Why an answer is not one of GitHub's. A refusal is its own shape, whatever the endpoint. */
export function answerFaults(key: string, status: number, body: unknown): string[] {
  if (status >= 400) return [];
  const schema = operation(key)?.answers.get(status);
  if (schema === undefined) return [`GitHub never answers ${status} to ${key}`];
  if (schema === null) return body === undefined ? [] : [`${key} ${status} has no body`];
  return faultsOf(schema, body);
}

function queryFaults(parameters: Parameter[], query: Record<string, unknown>): string[] {
  const taken = parameters.filter((parameter) => parameter.in === 'query');
  const unread = Object.keys(query).filter((name) => !taken.some((parameter) => parameter.name === name));
  const schema = querySchema(parameters, taken);
  return [
    ...unread.map((name) => `GitHub reads no query parameter ${name} there`),
    ...faultsOfText(schema, query).map((fault) => `query${fault}`),
  ];
}

const querySchemas = new WeakMap<object, Schema>();

function querySchema(owner: Parameter[], taken: Parameter[]): Schema {
  let schema = querySchemas.get(owner);
  if (!schema) {
    schema = {
      type: 'object',
      properties: Object.fromEntries(taken.map((one) => [one.name, one.schema])),
      required: taken.filter((one) => one.required).map((one) => one.name),
    };
    querySchemas.set(owner, schema);
  }
  return schema;
}

function bodyFaults(described: { schema: Schema; required: boolean } | null, body: unknown): string[] {
  if (!described) return body === undefined ? [] : ['GitHub reads no body there'];
  if (body === undefined) return described.required ? ['GitHub asks for a body there'] : [];
  const schema = resolve(described.schema);
  return [
    ...faultsOf(schema, body).map((fault) => `body${fault}`),
    ...unreadNames(schema, body).map((name) => `GitHub reads no ${name} in that body`),
  ];
}

/** Misspelt names: GitHub says nothing and does nothing about them. */
function unreadNames(schema: Schema, body: unknown): string[] {
  if (!schema.properties || schema.additionalProperties === true || body === null || typeof body !== 'object')
    return [];
  return Object.keys(body).filter((name) => !(name in schema.properties!));
}
