import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { GateParams, ModelParams, Params, PromotionParams, Source } from '../pipeline/contracts/params.ts';
import { ROLES } from '../pipeline/contracts/roles.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../docs/params.md'), 'utf8');
/** What stands in the first column of a table: the setting's name → its row. */
const ROWS = PAGE.split('\n').filter((line) => line.startsWith('| `'));

type JsonSchema = {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  default?: unknown;
};

const schemaOf = (schema: z.ZodType) =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as JsonSchema;

/** Dotted names of the settings at the ends of a schema; a record's keys are the team's own. */
function settings({ properties = {} }: JsonSchema, prefix = ''): { name: string; fallback: unknown }[] {
  return Object.entries(properties).flatMap(([name, schema]) =>
    schema.properties && Object.keys(schema.properties).length > 0
      ? settings(schema, `${prefix}${name}.`)
      : [{ name: `${prefix}${name}`, fallback: schema.default }],
  );
}

/** Settings of sections that have a table of their own are named there without the section. */
const SECTION = /^(source|gate|train|promotion)\./;
const MODEL = settings(schemaOf(ModelParams)).map(({ name, fallback }) => ({
  name: name.replace(SECTION, ''),
  fallback,
}));
const TOP = settings(schemaOf(Params)).map(({ name, fallback }) => ({ name, fallback }));
const rowsOf = (name: string) => ROWS.filter((row) => row.startsWith(`| \`${name}\``));

test('the schema is walked down to its ends', () => {
  expect(MODEL.length).toBeGreaterThan(50);
  expect(TOP.map(({ name }) => name)).toEqual(['promotion.mode', 'models']);
  for (const part of [Source, GateParams, PromotionParams])
    for (const { name } of settings(schemaOf(part))) expect(MODEL.map((one) => one.name)).toContain(name);
});

test.each([...TOP, ...MODEL])('docs/params.md explains $name and its default', ({ name, fallback }) => {
  const rows = rowsOf(name);
  expect(rows, `a row that begins with \`${name}\``).toHaveLength(1);
  const kind = typeof fallback;
  if (kind === 'string' || kind === 'number' || kind === 'boolean')
    expect(rows[0].split('|')[2].trim()).toBe(`\`${fallback === '' ? '""' : fallback}\``);
});

test('docs/params.md names no setting that there is not', () => {
  const known = new Set([...TOP, ...MODEL].map(({ name }) => name));
  // The sections themselves have a row where they must be given.
  known.add('source');
  const named = ROWS.map((row) => /^\| `([^`]+)`/.exec(row)?.[1] ?? '');
  expect(named.filter((name) => !known.has(name))).toEqual([]);
});

test('docs/params.md names every role', () => {
  for (const role of ROLES) expect(PAGE).toContain(`\`${role}\``);
});
