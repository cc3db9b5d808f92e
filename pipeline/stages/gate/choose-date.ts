import type { Role } from '../../contracts/roles.ts';
import { type DateForm, datePartsSql, dateSql } from './dates.ts';
import { nameMeaning } from './name-words.ts';
import type { ColumnProfile } from './profile-columns.ts';

export interface ChosenDate {
  date: DateForm;
  /** Role of each column that the date is made of. */
  roles: Map<string, { role: Role; confidence: number; evidence: string }>;
}

/** Finds when a row was: one column, or year, month, day and hour in columns of their own.
 *  @param given roles of `params.yaml` */
export function chooseDate(profiles: ColumnProfile[], given: Record<string, Role>): ChosenDate | null {
  const forced = profiles.find(({ name }) => given[name] === 'date');
  if (forced?.dateForm) return whole(forced, 1, 'params.yaml');
  const ranked = profiles
    .filter(({ name, dateForm }) => dateForm !== null && given[name] === undefined)
    .map((profile) => ({ profile, ...dateScore(profile) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score);
  const [best, second] = ranked;
  if (best && forced === undefined) {
    // Two dates with nothing between them: the one that the names leave open is no guess of ours.
    const doubt = second && best.score - second.score < 0.02 ? 0.55 : 1;
    const found = whole(best.profile, Math.min(best.score, certainty(best.profile), doubt), best.evidence);
    if (found.date.confidence >= 0.6) return found;
    const parts = dateParts(profiles, given);
    return parts && parts.date.confidence > found.date.confidence ? parts : found;
  }
  return dateParts(profiles, given);
}

/** A name that says month settles what 2021-03 is. */
function certainty(profile: ColumnProfile): number {
  const says = profile.dateForm!.name === 'yyyy-mm' && nameMeaning(profile.name).concepts.has('month');
  return says ? 1 : profile.dateConfidence;
}

function whole(profile: ColumnProfile, confidence: number, evidence: string): ChosenDate {
  const form = profile.dateForm!;
  const share = `${(100 * profile.dateShare).toFixed(profile.dateShare === 1 ? 0 : 1)} % of its values are ${form.name}`;
  return {
    date: { columns: [profile.name], form: form.name, sql: dateSql(profile.name, form), confidence },
    roles: new Map([
      [profile.name, { role: 'date' as const, confidence, evidence: `${share}; ${evidence}` }],
    ]),
  };
}

function dateScore(profile: ColumnProfile): { score: number; evidence: string } {
  const { concepts, words } = nameMeaning(profile.name);
  const named = (['date', 'day', 'week', 'month', 'year', 'hour'] as const).some((concept) =>
    concepts.has(concept),
  );
  if (concepts.has('update'))
    return { score: 0.45 * profile.dateShare, evidence: `its name speaks of another moment` };
  // Plain numbers are dates only if something says so.
  if (!profile.dateForm!.strict) {
    if (named) return { score: 0.95 * profile.dateShare, evidence: 'its name says so' };
    return profile.distinct > 3 && profile.dateShare > 0.999
      ? { score: 0.7, evidence: 'no other number looks like this' }
      : { score: 0, evidence: '' };
  }
  // When cases fell ill or were told of elsewhere stands beside when they were reported; that is what is published.
  const other = words.some((word) => /^(ref|onset|symptom|erkrank|diagnos|inizio|birth|death)/.test(word))
    ? 0.12
    : 0;
  const simple = (words.length === 1 ? 0.04 : 0) - other;
  return named
    ? { score: (0.95 + simple) * profile.dateShare, evidence: 'its name says so' }
    : { score: 0.85 * profile.dateShare, evidence: 'found by content' };
}

const PARTS = {
  year: { low: 1950, high: 2100 },
  month: { low: 1, high: 12 },
  day: { low: 1, high: 31 },
  hour: { low: 0, high: 24 },
  week: { low: 1, high: 53 },
} as const;
type Part = keyof typeof PARTS;

/** Columns such as year, month, day, hour: by name and range; without names only where ranges and order agree exactly. */
function dateParts(profiles: ColumnProfile[], given: Record<string, Role>): ChosenDate | null {
  const found: Partial<Record<Part, string>> = {};
  let confidence = 0.97;
  const fits = (profile: ColumnProfile, part: Part) =>
    profile.type === 'integer' && profile.min! >= PARTS[part].low && profile.max! <= PARTS[part].high;
  for (const part of Object.keys(PARTS) as Part[]) {
    const forced = profiles.find(({ name }) => given[name] === (part as string));
    const named = profiles.find(
      (p) => nameMeaning(p.name).concepts.has(part) && fits(p, part) && given[p.name] === undefined,
    );
    const name = forced?.name ?? named?.name;
    if (name) found[part] = name;
  }
  if (found.year === undefined) {
    const year = profiles.findIndex((p) => fits(p, 'year') && p.distinct >= 2 && given[p.name] === undefined);
    const exact = (p: ColumnProfile | undefined, low: number, highs: number[]) =>
      p !== undefined && p.type === 'integer' && p.min === low && highs.includes(p.max ?? -1);
    const next = (offset: number) => profiles[year + offset];
    if (year < 0 || !exact(next(1), 1, [12])) return null;
    found.year = profiles[year].name;
    found.month = next(1).name;
    if (exact(next(2), 1, [28, 29, 30, 31])) found.day = next(2).name;
    if (found.day && exact(next(3), 0, [23])) found.hour = next(3).name;
    confidence = 0.75;
  }
  if (found.month === undefined && found.week === undefined) return null;
  if (found.month !== undefined) delete found.week;
  else if (found.week !== undefined) {
    delete found.day;
    delete found.hour;
  }
  if (found.day === undefined) delete found.hour;
  const parts = Object.entries(found) as [Part, string][];
  const evidence = 'a date in parts';
  return {
    date: {
      columns: parts.map(([, name]) => name),
      form: parts.map(([part]) => part).join('+'),
      sql: datePartsSql({ ...found, year: found.year! }),
      confidence,
    },
    roles: new Map(
      parts.map(([part, name]) => [
        name,
        { role: part === 'week' ? ('other' as const) : part, confidence, evidence },
      ]),
    ),
  };
}
