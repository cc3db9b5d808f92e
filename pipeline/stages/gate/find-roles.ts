import type { GateColumn } from '../../contracts/gate.ts';
import type { Role } from '../../contracts/roles.ts';
import { chooseDate } from './choose-date.ts';
import type { DateForm } from './dates.ts';
import { type FoundKeys, findKeys, placeable } from './find-keys.ts';
import { nameMeaning } from './name-words.ts';
import { placeRoles } from './place-roles.ts';
import type { ColumnProfile } from './profile-columns.ts';
import type { RawTable } from './read-table.ts';
import { type Finding, isAgeBand, isRunning, measureRoles } from './roles.ts';
import { sampleSeries } from './sample-series.ts';
import { seriesFacts } from './series-facts.ts';
import { chooseTarget } from './target.ts';

export interface RoleProblem {
  column: string | null;
  role: Role;
  confidence: number;
  /** The exact line to write into `params.yaml`. */
  line: string;
}

export interface FoundRoles {
  columns: GateColumn[];
  problems: RoleProblem[];
  /** Columns whose values are unique together with the date. Empty: one series. */
  keys: string[];
  /** null where no date was found; then `problems` says so. */
  date: DateForm | null;
  step: 'hour' | 'day' | 'week' | 'month';
  /** Column that is forecast. */
  target: string | null;
  /** Columns that only grow within a tract. */
  running: ReadonlySet<string>;
}

export interface RoleOptions {
  /** `roles:` of `params.yaml`; they win. */
  roles: Record<string, Role>;
  /** Columns over which rows were summed; their roles are among `roles`. */
  folded?: readonly string[];
  /** A role or the name of a column. */
  target?: string;
  minConfidence: number;
}

/** Finds what each column of `raw` means, from its content as well as its name. */
export async function findRoles(
  table: RawTable,
  profiles: ColumnProfile[],
  options: RoleOptions,
): Promise<FoundRoles> {
  const found = new Map<string, Finding>();
  for (const [name, role] of Object.entries(options.roles)) {
    if (profiles.some((profile) => profile.name === name))
      found.set(name, {
        role,
        confidence: options.folded?.includes(name) ? 0.95 : 1,
        evidence: options.folded?.includes(name) ? 'rows were summed over it' : 'params.yaml',
      });
  }
  const add = (roles: Map<string, Finding>) => {
    for (const [name, finding] of roles) if (!found.has(name)) found.set(name, finding);
  };
  const open = () => profiles.filter(({ name }) => !found.has(name));
  const problems: RoleProblem[] = [];

  const chosen = chooseDate(profiles, options.roles);
  if (chosen) add(chosen.roles);
  const date = chosen?.date ?? null;
  if (date === null || date.confidence < options.minConfidence) {
    const column = date?.columns[0] ?? null;
    problems.push({
      column,
      role: 'date',
      confidence: date?.confidence ?? 0,
      line: roleLine(column, 'date'),
    });
  }
  if (date === null) return finish({ step: 'day', keys: [], date, target: null, running: new Set() });

  add(ageBands(open()));
  const forced = Object.keys(options.roles).filter((name) => options.roles[name] === 'tract_id');
  const keys = await findKeys(
    table,
    withoutFound(profiles, found, ['age_band', 'tract_id', 'tract_name']),
    date,
    forced,
  );
  if (keys.confidence < options.minConfidence) {
    // The likeliest name of a place, so that the line can be copied as it is.
    const column = keys.keys[0] ?? likelyPlace(open())?.name ?? null;
    problems.push({
      column,
      role: 'tract_id',
      confidence: keys.confidence,
      line: roleLine(column, 'tract_id'),
    });
  }
  const { sample, times } = await sampleSeries(table, profiles, date, keys.keys);
  const facts = seriesFacts(sample);
  add(
    placeRoles(
      { profiles: open(), all: profiles, keys, facts, sample },
      new Set([...found.values()].map(({ role }) => role)),
    ),
  );
  const numeric = open().filter(
    ({ type, constant }) => (type === 'integer' || type === 'number') && !constant,
  );
  add(
    measureRoles({ profiles: numeric, facts, sample }, new Set([...found.values()].map(({ role }) => role))),
  );
  const target = chooseTarget({ wanted: options.target, profiles: numeric, facts, found });
  if (target.column && target.finding) found.set(target.column, target.finding);
  if (target.column === null || target.confidence < options.minConfidence) {
    problems.push({
      column: target.column,
      role: target.role,
      confidence: target.confidence,
      line: roleLine(target.column, target.role),
    });
  }
  const running = new Set([...facts].flatMap(([name, told]) => (isRunning(told) ? [name] : [])));
  return finish({
    step: stepOf(times, sample.tract),
    keys: identity(keys, found),
    date,
    target: target.column,
    running,
  });

  function finish(rest: Omit<FoundRoles, 'columns' | 'problems'>): FoundRoles {
    const asked = new Set(problems.map(({ column }) => column));
    const columns = profiles.map(({ name }): GateColumn => {
      const finding = found.get(name) ?? { role: 'other' as const, confidence: 0.9, evidence: '' };
      // What is neither sure nor asked about is kept out of the models.
      const doubtful = finding.confidence < options.minConfidence && !asked.has(name) && name !== rest.target;
      return doubtful && finding.role !== 'other'
        ? {
            name,
            role: 'other',
            confidence: 1 - finding.confidence,
            evidence: `perhaps ${finding.role}: ${finding.evidence}`,
          }
        : { name, ...finding };
    });
    return { columns, problems, ...rest };
  }
}

/** Of columns that name the same tracts the one that is called a code identifies them: polygons are found by it.
 *  Called so, for in a file of one day any count may be as unique. */
function identity({ keys, twins }: FoundKeys, found: Map<string, Finding>): string[] {
  const code = twins.find(
    (name) => found.get(name)?.role === 'tract_id' && nameMeaning(name).concepts.has('id'),
  );
  return keys.length === 1 && code !== undefined ? [code] : keys;
}

function likelyPlace(profiles: ColumnProfile[]): ColumnProfile | undefined {
  return profiles.filter(placeable).sort((a, b) => b.distinct - a.distinct)[0];
}

/** The line for `params.yaml`; a placeholder where no column suggests itself. */
export function roleLine(column: string | null, role: Role): string {
  return `roles: { ${JSON.stringify(column ?? '<column>')}: ${role} }`;
}

function withoutFound(profiles: ColumnProfile[], found: Map<string, Finding>, but: Role[]): ColumnProfile[] {
  return profiles.filter(({ name }) => !found.has(name) || but.includes(found.get(name)!.role));
}

function ageBands(profiles: ColumnProfile[]): Map<string, Finding> {
  const bands = new Map<string, Finding>();
  const named = profiles.filter(
    ({ name, type }) => (type === 'integer' || type === 'number') && isAgeBand(name),
  );
  if (named.length > 1) {
    for (const { name } of named)
      bands.set(name, { role: 'age_band', confidence: 0.95, evidence: 'its name is a span of years' });
  }
  for (const { name, type, examples, distinct } of profiles) {
    const share = examples.filter(isAgeBand).length / Math.max(1, examples.length);
    if (type === 'text' && distinct <= 40 && share >= 0.6) {
      bands.set(name, { role: 'age_band', confidence: 0.95, evidence: 'its values are spans of years' });
    }
  }
  return bands;
}

/** The step that most neighbouring moments of a tract are apart. */
function stepOf(times: Float64Array, tract: Int32Array): FoundRoles['step'] {
  const counts = new Map<FoundRoles['step'], number>();
  for (let row = 1; row < times.length; row++) {
    const hours = (times[row] - times[row - 1]) / 3_600_000;
    if (tract[row] !== tract[row - 1] || !(hours > 0)) continue;
    const step = hours < 20 ? 'hour' : hours < 5 * 24 ? 'day' : hours < 20 * 24 ? 'week' : 'month';
    counts.set(step, (counts.get(step) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? 'day';
}
