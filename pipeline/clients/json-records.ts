import { UpstreamError } from '../contracts/errors.ts';

export type Flat = Record<string, string | number | boolean | null>;

type Json = unknown;

/** The records of one JSON answer, each flat: `{ a: { b: 1 } }` becomes `{ "a.b": 1 }`.
 *  @param path dotted; '' takes the answer itself, or its only list of records. Through a list, each of its members is
 *  followed, and its own scalars (such as a latitude) stand in each of its records
 *  @param shown the address, for the message
 *  @throws UpstreamError where there are no records at the path */
export function recordsOf(answer: Json, path: string, shown: string): Flat[] {
  const steps = path === '' ? [] : path.split('.');
  const found = path === '' ? onlyList(answer) : answer;
  const records = collect(found, steps, {});
  if (records !== null) return records;
  throw new UpstreamError(
    `${shown}: no records at ${path === '' ? 'the top of the answer' : `"${path}"`}, which holds ${describe(answer)}`,
    { hint: 'set `source.json.records` in params.yaml to the dotted path of the list of records' },
  );
}

/** @returns what stands at a dotted path, undefined where nothing does */
export function at(answer: Json, path: string): Json {
  return path
    .split('.')
    .reduce<Json>(
      (value, step) => (isObject(value) && Object.hasOwn(value, step) ? value[step] : undefined),
      answer,
    );
}

function collect(value: Json, steps: string[], inherited: Flat): Flat[] | null {
  if (steps.length === 0) return rows(value, inherited);
  if (Array.isArray(value)) {
    const parts = value.map((member) => collect(member, steps, { ...inherited, ...scalars(member) }));
    return parts.some((part) => part === null) ? null : (parts.flat() as Flat[]);
  }
  return isObject(value) && Object.hasOwn(value, steps[0])
    ? collect(value[steps[0]], steps.slice(1), inherited)
    : null;
}

function rows(value: Json, inherited: Flat): Flat[] | null {
  if (Array.isArray(value)) {
    return value.every(isObject) ? value.map((record) => ({ ...inherited, ...flatten(record) })) : null;
  }
  return isColumns(value) ? transpose(value, inherited) : null;
}

/** An object of equally long arrays, such as open-meteo's `hourly`; what is no array (a unit, a name) is left out. */
function transpose(columns: Record<string, Json>, inherited: Flat): Flat[] {
  const named = Object.entries(columns).filter((entry): entry is [string, Json[]] => Array.isArray(entry[1]));
  return Array.from({ length: named[0][1].length }, (_, row) => {
    const record: Flat = { ...inherited };
    for (const [name, values] of named) record[name] = scalar(values[row]);
    return record;
  });
}

function isColumns(value: Json): value is Record<string, Json> {
  if (!isObject(value)) return false;
  const arrays = Object.values(value).filter(Array.isArray);
  return (
    arrays.length > 0 && arrays.every((array) => array.length === arrays[0].length && !array.some(isObject))
  );
}

function onlyList(answer: Json): Json {
  if (!isObject(answer) || isColumns(answer)) return answer;
  const lists = Object.values(answer).filter(
    (value) => (Array.isArray(value) && value.length > 0 && value.every(isObject)) || isColumns(value),
  );
  return lists.length === 1 ? lists[0] : answer;
}

function flatten(record: Record<string, Json>, prefix = '', into: Flat = {}): Flat {
  for (const [name, value] of Object.entries(record)) {
    if (isObject(value)) flatten(value, `${prefix}${name}.`, into);
    else into[`${prefix}${name}`] = scalar(value);
  }
  return into;
}

/** How long the server took is no news: it would make every answer a new one. */
const VOLATILE = /^generation_?time/i;

function scalars(member: Json): Flat {
  if (!isObject(member)) return {};
  const own = Object.entries(member).filter(
    ([name, value]) => !VOLATILE.test(name) && (value === null || typeof value !== 'object'),
  );
  return Object.fromEntries(own.map(([name, value]) => [name, scalar(value)]));
}

function scalar(value: Json): string | number | boolean | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'object') return JSON.stringify(value);
  return value as string | number | boolean;
}

function isObject(value: Json): value is Record<string, Json> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function describe(value: Json): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (!isObject(value)) return typeof value;
  const names = Object.keys(value);
  return names.length === 0 ? 'an empty object' : names.slice(0, 8).join(', ');
}
