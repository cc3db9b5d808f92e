import type { Anomaly, Severity } from '../../contracts/gate.ts';
import type { GateParams } from '../../contracts/params.ts';
import type { AcceptedSchema } from '../../contracts/snapshot.ts';
import { changedMeaning, changedUnit } from './changed-values.ts';
import { matchRenames, type Rename } from './match-renames.ts';
import type { Column } from './samples.ts';

export type DriftPolicy = Pick<
  GateParams,
  'on_added_column' | 'on_removed_column' | 'on_renamed_column' | 'on_type_changed' | 'on_meaning_changed'
>;

/** What differs from the schema last accepted, as typed anomalies. The order of columns is not looked at.
 *  A removed or retyped column that no role used warns at most: nothing of ours was made from it. */
export function compareSchemas(
  accepted: Pick<AcceptedSchema, 'columns'>,
  seen: Pick<AcceptedSchema, 'columns'>,
  policy: DriftPolicy,
): Anomaly[] {
  const renames = matchRenames(accepted.columns, seen.columns);
  const added = seen.columns.filter((column) => isNew(column, accepted.columns, renames));
  const removed = accepted.columns.filter((column) => isGone(column, seen.columns, renames));
  const both = [
    ...renames,
    ...accepted.columns.flatMap((from) => {
      const to = seen.columns.find(({ name }) => name === from.name);
      return to ? [{ from, to }] : [];
    }),
  ];
  return [
    ...renames.map((rename) => renamed(rename, policy.on_renamed_column)),
    ...removed.map((column) => gone(column, policy.on_removed_column)),
    ...added.map((column) => fresh(column, policy.on_added_column)),
    ...both.flatMap(({ from, to }) => changes(from, to, seen.columns, policy)),
  ];
}

/** Roles that columns had under their accepted names, for the new names: a rename does not cost a role.
 *  @returns new name → role, only where another column has not taken the role with better reason */
export function inheritedRoles(
  accepted: Pick<AcceptedSchema, 'columns'>,
  seen: Pick<AcceptedSchema, 'columns'>,
): Record<string, string> {
  const renames = matchRenames(accepted.columns, seen.columns);
  const taken = new Set(seen.columns.map(({ role }) => role).filter((role) => role !== 'age_band'));
  const roles: Record<string, string> = {};
  for (const { from, to } of renames) {
    if (from.role !== 'other' && from.role !== to.role && !taken.has(from.role)) roles[to.name] = from.role;
  }
  for (const from of accepted.columns) {
    const to = seen.columns.find(({ name }) => name === from.name);
    if (to?.role === 'other' && from.role !== 'other' && to.type === from.type && !taken.has(from.role)) {
      roles[to.name] = from.role;
    }
  }
  return roles;
}

/** One anomaly a column at most, the gravest: of another type, values say nothing more. */
function changes(from: Column, to: Column, seen: readonly Column[], policy: DriftPolicy): Anomaly[] {
  const changed = (kind: Anomaly['kind'], was: string, severity: Severity, evidence: string): Anomaly[] => [
    { kind, column: to.name, was, severity: unless(used(from), severity), evidence },
  ];
  const type = changedType(from, to);
  if (type) return changed('type_changed', from.type, policy.on_type_changed, type);
  const unit = changedUnit(from, to);
  if (unit) return changed('unit_changed', unit.was, policy.on_meaning_changed, unit.evidence);
  const meaning = changedMeaning(from, to) ?? changedRole(from, to, seen);
  return meaning ? changed('meaning_changed', from.role, policy.on_meaning_changed, meaning) : [];
}

/** A whole number that gets decimals is no change of type, nor is an empty column that is filled. */
function changedType(from: Column, to: Column): string | null {
  const kind = (column: Column) => (column.type === 'integer' ? 'number' : column.type);
  if (kind(from) === kind(to) || from.type === 'empty') return null;
  if (to.type === 'empty' && from.type === 'text' && !used(from)) return null;
  return to.type === 'empty' ? `was ${from.type}, now without any value` : `was ${from.type}, is ${to.type}`;
}

function changedRole(from: Column, to: Column, seen: readonly Column[]): string | null {
  if (!used(from) || !used(to) || from.role === to.role) return null;
  // The role has moved to a column that fits better: an addition, already told as such.
  if (seen.some((column) => column !== to && column.role === from.role)) return null;
  return `was used as ${from.role}, now looks like ${to.role}`;
}

function renamed({ from, to, evidence }: Rename, severity: Severity): Anomaly {
  const keeps = used(from) && to.role === from.role ? `; keeps its role ${from.role}` : '';
  return { kind: 'renamed', column: to.name, was: from.name, severity, evidence: `${evidence}${keeps}` };
}

function gone(column: Column, severity: Severity): Anomaly {
  const evidence = used(column) ? `was used as ${column.role}` : 'no role used it';
  return {
    kind: 'removed',
    column: column.name,
    was: column.name,
    severity: unless(used(column), severity),
    evidence,
  };
}

function fresh(column: Column, severity: Severity): Anomaly {
  const evidence = used(column) ? `looks like ${column.role}` : `${column.type}, not used`;
  return { kind: 'added', column: column.name, was: null, severity, evidence };
}

function used(column: Column): boolean {
  return column.role !== 'other';
}

function unless(matters: boolean, severity: Severity): Severity {
  return !matters && severity === 'fail' ? 'warn' : severity;
}

function isNew(column: Column, accepted: readonly Column[], renames: readonly Rename[]): boolean {
  return !accepted.some(({ name }) => name === column.name) && !renames.some(({ to }) => to === column);
}

function isGone(column: Column, seen: readonly Column[], renames: readonly Rename[]): boolean {
  return !seen.some(({ name }) => name === column.name) && !renames.some(({ from }) => from === column);
}
