import { resolve, type Schema } from './description.ts';

/** Completes what we know of an answer to what GitHub's description requires: numbers 0, text empty, null where it may
 *  be. So a route says what matters, and a client sees the whole shape. */
export function fill(schema: Schema, known: unknown): unknown {
  const at = resolve(schema);
  const alternatives = at.oneOf ?? at.anyOf;
  if (alternatives && !at.properties) return fill(fitting(alternatives, known), known);
  if (at.allOf) return at.allOf.reduce((value, part) => fill(part, value), known);
  if (Array.isArray(known)) return at.items ? known.map((one) => fill(at.items!, one)) : known;
  if (known === undefined) return empty(at);
  if (known === null || typeof known !== 'object' || !at.properties) return known;
  const value: Record<string, unknown> = { ...(known as Record<string, unknown>) };
  for (const [name, of] of Object.entries(at.properties)) {
    if (value[name] !== undefined) value[name] = fill(of, value[name]);
    else if (at.required?.includes(name)) value[name] = fill(of, undefined);
    else delete value[name];
  }
  return value;
}

function empty(at: Schema): unknown {
  if (at.nullable) return null;
  if (at.enum) return at.enum[0];
  switch (Array.isArray(at.type) ? at.type[0] : at.type) {
    case 'string':
      return textOf(at);
    case 'integer':
    case 'number':
      return typeof at.minimum === 'number' ? at.minimum : 0;
    case 'boolean':
      return false;
    case 'array':
      return [];
    default:
      return at.properties ? fill(at, {}) : {};
  }
}

function textOf(at: Schema): string {
  if (at.format === 'date-time') return '2026-01-01T00:00:00Z';
  if (at.format === 'uri') return 'https://git-host.invalid/';
  if (at.format === 'email') return 'nobody@git-host.invalid';
  return '';
}

/** The alternative that knows most of the value's names; of nothing: the one that is least. */
function fitting(alternatives: Schema[], known: unknown): Schema {
  const all = alternatives.map((one) => resolve(one));
  if (known === undefined) return all.find((one) => one.nullable) ?? all[0];
  const names =
    known !== null && typeof known === 'object' && !Array.isArray(known) ? Object.keys(known) : null;
  if (!names)
    return (
      all.find((one) => typeof known === one.type || Array.isArray(known) === (one.type === 'array')) ??
      all[0]
    );
  const score = (one: Schema) => names.filter((name) => propertiesOf(one).has(name)).length;
  return (
    all
      .filter((one) => one.type !== 'string' && one.type !== 'array')
      .sort((a, b) => score(b) - score(a))[0] ?? all[0]
  );
}

function propertiesOf(schema: Schema): Set<string> {
  const at = resolve(schema);
  const parts = [...(at.allOf ?? []), ...(at.anyOf ?? []), ...(at.oneOf ?? [])];
  return new Set([...Object.keys(at.properties ?? {}), ...parts.flatMap((part) => [...propertiesOf(part)])]);
}
