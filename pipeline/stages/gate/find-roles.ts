import type { GateColumn } from '../../contracts/gate.ts';
import type { Role } from '../../contracts/roles.ts';
import { type DateForm, dateSql } from './dates.ts';
import type { ColumnProfile } from './profile-columns.ts';
import type { RawTable } from './read-table.ts';

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
}

export interface RoleOptions {
  /** `roles:` of `params.yaml`; they win. */
  roles: Record<string, Role>;
  /** A role or the name of a column. */
  target?: string;
  minConfidence: number;
}

/** Finds what each column of `raw` means, from its content as well as its name. */
export async function findRoles(
  _table: RawTable,
  profiles: ColumnProfile[],
  options: RoleOptions,
): Promise<FoundRoles> {
  const names: [RegExp, Role][] = [
    [/^(data|date|datum|fecha)$/i, 'date'],
    [/^(codice_provincia|codice_regione|code|fips|tract_id|location)$/i, 'tract_id'],
    [/^(denominazione_provincia|denominazione_regione|name|tract_name|location_name)$/i, 'tract_name'],
    [/^lat/i, 'latitude'],
    [/^lon/i, 'longitude'],
    [/^(nuovi_positivi|new_cases)$/i, 'new_cases'],
    [/^(totale_casi|total_cases)$/i, 'total_cases'],
    [/^(tamponi|tests)$/i, 'tests'],
    [/^(totale_ospedalizzati|hospitalised)$/i, 'hospitalised'],
    [/^(terapia_intensiva|intensive_care|icu)$/i, 'intensive_care'],
    [/^(deceduti|deaths)$/i, 'deaths'],
  ];
  const taken = new Set<Role>();
  const columns = profiles.map((profile): GateColumn => {
    const given = options.roles[profile.name];
    const role =
      given ??
      names.find(([pattern, role]) => pattern.test(profile.name) && !taken.has(role))?.[1] ??
      'other';
    taken.add(role);
    return {
      name: profile.name,
      role,
      confidence: given ? 1 : 0.9,
      evidence: given ? 'params.yaml' : 'name',
    };
  });
  const column = (role: Role) => columns.find((candidate) => candidate.role === role)?.name ?? null;
  const dateColumn = column('date');
  const dateProfile = profiles.find((profile) => profile.name === dateColumn);
  const date =
    dateProfile?.dateForm && dateColumn
      ? {
          columns: [dateColumn],
          form: dateProfile.dateForm.name,
          sql: dateSql(dateColumn, dateProfile.dateForm),
          confidence: 0.9,
        }
      : null;
  const key = column('tract_id') ?? column('tract_name');
  return {
    columns,
    problems: date
      ? []
      : [{ column: null, role: 'date', confidence: 0, line: 'roles: { "<column>": date }' }],
    keys: key ? [key] : [],
    date,
    step: 'day',
    target:
      options.target && profiles.some((p) => p.name === options.target)
        ? options.target
        : (column('new_cases') ?? column('total_cases')),
  };
}
