import { MEASURES, type Measure } from '../../contracts/roles.ts';
import type { FoundRoles } from './find-roles.ts';
import { INFINITE_WORDS, MISSING_WORDS, numberSql } from './numbers.ts';
import type { ColumnProfile } from './profile-columns.ts';
import { identifier, literal } from './sql.ts';

/** How each column of the typed table comes from the text of `raw`; SQL expressions over `raw`. */
export interface TablePlan {
  step: FoundRoles['step'];
  time: string;
  /** Identity of the tract; a source without tracts is one tract, `all`. */
  tract: string;
  /** Attributes of the place, NULL where the source has none. */
  place: Record<'name' | 'latitude' | 'longitude' | 'population' | 'country' | 'parent', string>;
  measures: NumberColumn[];
  bands: NumberColumn[];
  keys: string[];
  /** What the models forecast: a measure of the typed table. */
  target: { name: Measure; role: Measure; column: string } | null;
  dateColumns: string[];
  /** Measures that only grow. */
  running: ReadonlySet<string>;
}

export interface NumberColumn {
  /** Column of the typed table: a role, or `age_band:<name>`. */
  name: string;
  role: Measure | 'age_band';
  /** Column of the source. */
  column: string;
  number: string;
  /** True where the cell holds something that is neither a number nor a word for a missing one. */
  unreadable: string;
}

/** Counts too small to publish, such as `<5`: unknown by law, not by mistake. */
const SUPPRESSED = '^(<|≤|<=|&lt;)\\s*\\d+$';

export function planTable(found: FoundRoles, profiles: readonly ColumnProfile[]): TablePlan {
  const profile = new Map(profiles.map((one) => [one.name, one]));
  const withRole = (role: string) => found.columns.filter((column) => column.role === role);
  const numberColumn = (name: string, role: NumberColumn['role'], column: string): NumberColumn => ({
    name,
    role,
    column,
    number: numberSql(column, form(profile.get(column))),
    unreadable: unreadableSql(column, form(profile.get(column))),
  });
  const measures = MEASURES.flatMap((role) => {
    const column = bestOf(withRole(role), role, found.target);
    return column ? [numberColumn(role, role, column)] : [];
  });
  const named = found.target && !measures.some(({ column }) => column === found.target) ? found.target : null;
  if (named) {
    const value = numberColumn('value', 'value', named);
    const at = measures.findIndex(({ role }) => role === 'value');
    measures.splice(at < 0 ? measures.length : at, at < 0 ? 0 : 1, value);
  }
  const target = measures.find(({ column }) => column === found.target);
  const text = (role: string) => (withRole(role)[0] ? trimmed(withRole(role)[0].name) : 'NULL::VARCHAR');
  const number = (role: string) => {
    const column = withRole(role)[0]?.name;
    return column ? numberSql(column, form(profile.get(column))) : 'NULL::DOUBLE';
  };
  return {
    step: found.step,
    time: found.date
      ? `date_trunc('${found.step === 'week' ? 'day' : found.step}', ${found.date.sql})`
      : 'NULL::TIMESTAMP',
    tract: tractSql(found.keys),
    place: {
      name: text('tract_name'),
      latitude: number('latitude'),
      longitude: number('longitude'),
      population: number('population'),
      country: text('country'),
      parent: withRole('parent_name').length > 0 ? text('parent_name') : text('parent_id'),
    },
    measures,
    bands: withRole('age_band')
      .filter(({ name }) => isNumeric(profile.get(name)))
      .map(({ name }) => numberColumn(`age_band:${name}`, 'age_band', name)),
    keys: found.keys,
    target: target
      ? { name: target.name as Measure, role: target.role as Measure, column: target.column }
      : null,
    dateColumns: found.date?.columns ?? [],
    running: new Set(measures.flatMap(({ name, column }) => (found.running.has(column) ? [name] : []))),
  };
}

/** Several keys make one identity; blanks around names are not part of them. */
function tractSql(keys: readonly string[]): string {
  if (keys.length === 0) return `'all'`;
  if (keys.length === 1) return `nullif(${trimmed(keys[0])}, '')`;
  // A country that is not divided has no province: its name is enough.
  const parts = keys.map((key) => `nullif(${trimmed(key)}, '')`);
  return `nullif(concat_ws(' | ', ${parts.join(', ')}), '')`;
}

function trimmed(column: string): string {
  return `trim(${identifier(column)})`;
}

function bestOf(
  columns: readonly { name: string; confidence: number }[],
  _role: string,
  target: string | null,
): string | null {
  const chosen = columns.find(({ name }) => name === target);
  return (chosen ?? [...columns].sort((a, b) => b.confidence - a.confidence)[0])?.name ?? null;
}

function unreadableSql(column: string, numbers: { decimal: '.' | ','; thousands: boolean }): string {
  const cell = identifier(column);
  const words = [...MISSING_WORDS, ...INFINITE_WORDS, ''].map(literal).join(', ');
  return (
    `CASE WHEN ${cell} IS NULL OR (${numberSql(column, numbers)}) IS NOT NULL THEN false ` +
    `ELSE lower(trim(${cell})) NOT IN (${words}) AND NOT regexp_matches(trim(${cell}), ${literal(SUPPRESSED)}) ` +
    `AND NOT coalesce(isinf(TRY_CAST(${cell} AS DOUBLE)), false) END`
  );
}

function form(profile: ColumnProfile | undefined): { decimal: '.' | ','; thousands: boolean } {
  return { decimal: profile?.decimal ?? '.', thousands: profile?.thousands ?? false };
}

function isNumeric(profile: ColumnProfile | undefined): boolean {
  return profile?.type === 'integer' || profile?.type === 'number';
}
