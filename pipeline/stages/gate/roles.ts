import type { Role } from '../../contracts/roles.ts';
import { type Concept, type NameMeaning, nameMeaning } from './name-words.ts';
import type { ColumnProfile } from './profile-columns.ts';
import { isDifference, type SeriesFacts, type SeriesSample, within } from './series-facts.ts';

export interface Finding {
  role: Role;
  /** Names and content agree: 0.95 and more; content alone 0.6 to 0.85; less is a guess. */
  confidence: number;
  evidence: string;
}

export interface MeasureEvidence {
  /** Numeric columns that are neither date nor place. */
  profiles: ColumnProfile[];
  facts: Map<string, SeriesFacts>;
  sample: SeriesSample;
}

export const COUNTED = [
  'new_cases',
  'total_cases',
  'tests',
  'hospitalised',
  'intensive_care',
  'deaths',
] as const;
type Counted = (typeof COUNTED)[number];

/** Finds the measures, at most one column a role.
 *  @param given roles already decided; they are not given twice */
export function measureRoles(evidence: MeasureEvidence, given: ReadonlySet<Role>): Map<string, Finding> {
  const found = new Map<string, Finding>();
  const taken = new Set<Role>(given);
  const offers = evidence.profiles
    .flatMap((profile) => COUNTED.map((role) => offer(profile, role, evidence)))
    .filter(({ confidence, role }) => confidence > 0.3 && !taken.has(role))
    .sort((a, b) => b.confidence - a.confidence);
  for (const { name, role, confidence, evidence: why } of offers) {
    if (taken.has(role) || found.has(name)) continue;
    const rival = offers.find(
      (other) => other.role === role && other.name !== name && !found.has(other.name),
    );
    const close = rival !== undefined && confidence - rival.confidence < 0.015;
    taken.add(role);
    found.set(name, {
      role,
      confidence: close ? Math.min(confidence, 0.55) : confidence,
      evidence: close ? `${why}; ${rival.name} is as likely` : why,
    });
  }
  fromContent(evidence, found, taken);
  return found;
}

function offer(profile: ColumnProfile, role: Counted, evidence: MeasureEvidence) {
  const meaning = nameMeaning(profile.name);
  const named = nameScore(meaning, role);
  const facts = evidence.facts.get(profile.name);
  const content =
    named === 0 || !facts ? { fit: 1, agrees: false, why: '' } : contentFit(profile, role, facts, evidence);
  const confidence = Math.min(0.99, named * content.fit * (content.agrees ? 0.99 : 0.93));
  return { name: profile.name, role, confidence, evidence: `name${content.why ? `; ${content.why}` : ''}` };
}

/** How well a name fits a role, 0 … 1; words that say something else count against it. */
export function nameScore(meaning: NameMeaning, role: Counted): number {
  const has = (...concepts: Concept[]) => concepts.some((concept) => meaning.concepts.has(concept));
  if (has('rate', 'note', 'recovered', 'change', 'id', 'name', 'latitude', 'longitude', 'population'))
    return 0;
  const extra =
    0.08 * Math.min(4, meaning.unknown.length) +
    (has('sex', 'age') ? 0.3 : 0) +
    (has('weekly', 'week') ? 0.2 : 0);
  const score = (() => {
    switch (role) {
      case 'new_cases':
        if (!has('cases', 'positive') || has('active', 'tests', 'deaths', 'hospital', 'intensive', 'total'))
          return 0;
        return has('new') ? 1 : has('cases') ? 0.9 : 0.8;
      case 'total_cases':
        if (!has('cases', 'positive') || has('active', 'tests', 'deaths', 'hospital', 'intensive', 'new'))
          return 0;
        // All who are positive may be those of today: a level, no running total.
        return !has('cases') ? 0.7 : has('total') ? 1 : 0.9;
      case 'tests':
        return has('tests') && !has('deaths', 'hospital', 'intensive')
          ? has('cases', 'positive')
            ? 0.4
            : has('new')
              ? 1
              : 0.97
          : 0;
      case 'deaths':
        return has('deaths') && !has('tests', 'hospital', 'intensive')
          ? has('cases')
            ? 0.92
            : has('new')
              ? 1
              : 0.97
          : 0;
      case 'hospitalised':
        return has('hospital') && !has('intensive', 'tests', 'deaths')
          ? has('admission', 'new')
            ? 0.7
            : has('total')
              ? 1
              : 0.92
          : 0;
      case 'intensive_care':
        return has('intensive') && !has('tests', 'deaths') ? (has('admission', 'new') ? 0.65 : 1) : 0;
    }
  })();
  return Math.max(0, score - extra - 0.01 * Math.max(0, meaning.words.length - 2));
}

export function isRunning(facts: SeriesFacts): boolean {
  return facts.moves >= 10 && facts.rising >= 0.93 && !facts.negative;
}

/** What the numbers say of a role that the name suggests. */
function contentFit(profile: ColumnProfile, role: Counted, facts: SeriesFacts, evidence: MeasureEvidence) {
  const told = facts.moves >= 10;
  if (!facts.whole) return { fit: 0.6, agrees: false, why: 'but it has decimals' };
  if (!told) return { fit: 1, agrees: false, why: '' };
  const running = isRunning(facts);
  const partner = (difference: (other: string) => number) =>
    evidence.profiles.find(({ name }) => name !== profile.name && difference(name) >= 0.7)?.name;
  if (role === 'new_cases') {
    if (running) return { fit: 0.3, agrees: false, why: 'but it only rises' };
    const total = partner((other) =>
      isRunning(evidence.facts.get(other)!) ? isDifference(evidence.sample, other, profile.name) : 0,
    );
    return total
      ? { fit: 1, agrees: true, why: `it is what ${total} grows by` }
      : { fit: 1, agrees: true, why: 'it rises and falls' };
  }
  if (role === 'total_cases') {
    return running
      ? {
          fit: 1,
          agrees: true,
          why: `it rises on ${(100 * facts.rising).toFixed(1)} % of the steps that change it`,
        }
      : { fit: 0.3, agrees: false, why: 'but it falls too' };
  }
  if (role === 'hospitalised' || role === 'intensive_care') {
    return running
      ? { fit: 0.7, agrees: false, why: 'but it only rises' }
      : { fit: 1, agrees: true, why: 'it rises and falls' };
  }
  return { fit: 1, agrees: true, why: running ? 'a running total' : 'counts of a period' };
}

/** Roles of columns whose names say nothing, by how the numbers hang together. */
function fromContent(evidence: MeasureEvidence, found: Map<string, Finding>, taken: Set<Role>): void {
  const { facts, sample } = evidence;
  const give = (name: string, role: Role, confidence: number, why: string) => {
    taken.add(role);
    found.set(name, { role, confidence, evidence: `content: ${why}` });
  };
  const free = () =>
    evidence.profiles
      .map(({ name }) => name)
      .filter((name) => !found.has(name) && saysNothing(name) && counts(facts.get(name)));
  const holder = (role: Role) => [...found].find(([, finding]) => finding.role === role)?.[0];
  const running = (name: string) => isRunning(facts.get(name)!);
  const mean = (name: string) => facts.get(name)!.mean;

  const known = { total: holder('total_cases'), fresh: holder('new_cases') };
  if (known.total && !taken.has('new_cases') && running(known.total)) {
    const fresh = free().find((name) => !running(name) && isDifference(sample, known.total!, name) >= 0.7);
    if (fresh) give(fresh, 'new_cases', 0.85, `it is what ${known.total} grows by`);
  } else if (known.fresh && !taken.has('total_cases')) {
    const total = free().find((name) => running(name) && isDifference(sample, name, known.fresh!) >= 0.7);
    if (total) give(total, 'total_cases', 0.85, `${known.fresh} is what it grows by`);
  } else if (!known.total && !known.fresh && !taken.has('new_cases') && !taken.has('total_cases')) {
    const pairs = free()
      .filter(running)
      .flatMap((total) =>
        free()
          .filter((name) => !running(name) && isDifference(sample, total, name) >= 0.7)
          .map((fresh) => ({ total, fresh })),
      )
      .sort((a, b) => mean(b.total) - mean(a.total));
    // Largest first: tests, cases, deaths. Two pairs leave it open which two they are.
    const cases = pairs[pairs.length === 3 ? 1 : 0];
    const confidence = [0, 0.8, 0.5, 0.7][pairs.length] ?? 0.5;
    if (cases) {
      give(cases.fresh, 'new_cases', confidence, `it is what ${cases.total} grows by`);
      give(cases.total, 'total_cases', confidence, `${cases.fresh} is what it grows by`);
      if (pairs.length === 3) {
        give(pairs[0].fresh, 'tests', 0.65, 'the largest of three counts');
        give(pairs[2].fresh, 'deaths', 0.65, 'the smallest of three counts');
      }
    }
  }
  const total = holder('total_cases');
  const fresh = holder('new_cases');
  if (total === undefined && fresh === undefined) return;
  for (const name of free()) {
    const ratio = total && running(name) ? mean(name) / mean(total) : Number.NaN;
    if (!taken.has('deaths') && ratio > 0.0002 && ratio < 0.12)
      give(name, 'deaths', 0.65, `it only rises, to a small share of ${total}`);
    else if (!taken.has('tests') && ratio > 2)
      give(name, 'tests', 0.65, `it only rises, ${ratio.toFixed(0)} times as high as ${total}`);
  }
  for (const name of free()) {
    if (taken.has('tests') || running(name) || !fresh) continue;
    const { share, ratio, correlation } = within(sample, fresh, name);
    // A count of the day follows the day's cases, a level follows itself.
    const daily = correlation > facts.get(name)!.smooth;
    if (daily && share > 0.97 && ratio > 0.005 && ratio < 0.5)
      give(name, 'tests', 0.62, `${fresh} is always a part of it`);
  }
  const levels = free().filter((name) => !running(name) && facts.get(name)!.smooth > 0.85);
  for (const large of levels.toSorted((a, b) => mean(b) - mean(a))) {
    const small = levels.find((name) => {
      if (name === large) return false;
      const { share, ratio, correlation } = within(sample, name, large);
      return share > 0.98 && ratio > 0.01 && ratio < 0.6 && correlation > 0.4;
    });
    if (!small || taken.has('hospitalised') || taken.has('intensive_care') || found.has(large)) continue;
    give(large, 'hospitalised', 0.62, `a level that ${small} never exceeds`);
    give(small, 'intensive_care', 0.62, `always within ${large}`);
  }
}

function counts(facts: SeriesFacts | undefined): boolean {
  return facts?.whole === true && facts.moves >= 10 && (Number.isNaN(facts.fixed) || facts.fixed < 0.9);
}

/** Words that say of what kind a count is, not what is counted: `new_conf`, `dths_total`. */
const KINDS: ReadonlySet<Concept> = new Set(['new', 'total', 'day', 'value', 'weekly', 'week']);

/** A name that no language of ours explains, or that is only a number. */
export function saysNothing(name: string): boolean {
  const { concepts, unknown } = nameMeaning(name);
  return (
    concepts.size === 0 ||
    (unknown.length > 0 && [...concepts].every((concept) => KINDS.has(concept))) ||
    /^(col|column|field|var|feld|campo|colonna|spalte|v|x|c|f)?[ _]?\d+$/i.test(name)
  );
}

const BAND =
  /^(?:[\p{L} ]*[ _]|age)?(\d{1,3})\s*(?:[-–_a]|to|bis|a)\s*(\d{1,3})(?:[ _]?\p{L}*)?$|^(?:[\p{L} ]*[ _]|age)?(\d{2,3})\s*(?:\+|plus|_plus|e oltre|und alter|and over)$|^[<≤]\s*\d{1,2}$/iu;

/** Whether a text names a band of ages, such as 0-15, age_20_29 or 80+. */
export function isAgeBand(text: string): boolean {
  const match = BAND.exec(text.trim());
  if (!match) return false;
  if (match[1] === undefined) return true;
  const [low, high] = [Number(match[1]), Number(match[2])];
  return low < high && high <= 130;
}
