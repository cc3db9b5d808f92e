import type { Role } from '../../contracts/roles.ts';
import { nameMeaning } from './name-words.ts';
import type { ColumnProfile } from './profile-columns.ts';
import { type Finding, isRunning, saysNothing } from './roles.ts';
import type { SeriesFacts } from './series-facts.ts';

export interface ChosenTarget {
  column: string | null;
  role: Role;
  confidence: number;
  /** The column's new role, where it had none. */
  finding?: Finding;
}

/** Which measure is forecast, in this order where nobody says. */
const ORDER = [
  'new_cases',
  'total_cases',
  'value',
  'hospitalised',
  'deaths',
  'intensive_care',
  'tests',
] as const;

export function chooseTarget(about: {
  wanted?: string;
  /** Numeric columns without a role from date or place. */
  profiles: ColumnProfile[];
  facts: Map<string, SeriesFacts>;
  found: Map<string, Finding>;
}): ChosenTarget {
  const { wanted, profiles, facts, found } = about;
  const holder = (role: string) => [...found].find(([, finding]) => finding.role === role);
  const known = (role: Role, [column, { confidence }]: [string, Finding]): ChosenTarget => ({
    column,
    role,
    confidence,
  });
  if (wanted !== undefined) {
    const held = holder(wanted);
    if (held) return known(wanted as Role, held);
    const column = profiles.find(({ name }) => name === wanted)?.name;
    if (column === undefined) return { column: null, role: 'value', confidence: 0 };
    const before = found.get(column);
    if (before && (ORDER as readonly Role[]).includes(before.role))
      return { column, role: before.role, confidence: 1 };
    return as(column, 'value', 1, 'target of params.yaml');
  }
  for (const role of ORDER) {
    const held = holder(role);
    if (held && (role !== 'tests' || profiles.length === 1)) return known(role, held);
  }
  const candidates = profiles.filter(({ name, distinct, rows }) => {
    const { concepts } = nameMeaning(name);
    const told = facts.get(name);
    const index = told !== undefined && told.rising === 1 && told.whole && distinct > 0.8 * rows && rows > 20;
    return (
      !found.has(name) &&
      !concepts.has('id') &&
      !concepts.has('note') &&
      !index &&
      !(told && told.fixed > 0.9)
    );
  });
  const named = candidates.filter(({ name }) => nameMeaning(name).concepts.has('value'));
  const pick = named[0] ?? candidates[0];
  if (pick === undefined) return { column: null, role: 'value', confidence: 0 };
  const told = facts.get(pick.name);
  if (told && candidates.length === 1 && isRunning(told) && told.whole) {
    return as(pick.name, 'total_cases', 0.65, 'the only measure, and it only rises');
  }
  if (named.length === 1) return as(pick.name, 'value', 0.95, 'its name says so');
  if (candidates.length === 1) return as(pick.name, 'value', 0.9, 'the only measure');
  // Among columns with names of their own, portals put the one they are about first; among `col_1` … nothing tells.
  return saysNothingAtAll(pick.name)
    ? as(pick.name, 'value', 0.4, `one of ${candidates.length} measures`)
    : as(pick.name, 'value', 0.62, `the first of ${candidates.length} measures; \`target:\` chooses another`);

  function as(column: string, role: Role, confidence: number, evidence: string): ChosenTarget {
    return { column, role, confidence, finding: { role, confidence, evidence } };
  }
}

function saysNothingAtAll(name: string): boolean {
  return (
    saysNothing(name) &&
    /^\P{L}*$|^(col|column|field|var|feld|campo|colonna|spalte|v|x|c|f)[ _]?\d+$/iu.test(name)
  );
}
