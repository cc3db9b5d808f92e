import { iso1A2Code } from '@rapideditor/country-coder';
import countries from 'i18n-iso-countries';
import type { Role } from '../../contracts/roles.ts';
import type { FoundKeys } from './find-keys.ts';
import { nameMeaning, splitWords } from './name-words.ts';
import type { ColumnProfile } from './profile-columns.ts';
import { type Finding, saysNothing } from './roles.ts';
import type { SeriesFacts, SeriesSample } from './series-facts.ts';

export interface PlaceEvidence {
  /** Columns without a role. */
  profiles: ColumnProfile[];
  all: ColumnProfile[];
  keys: FoundKeys;
  facts: Map<string, SeriesFacts>;
  sample: SeriesSample;
}

/** Finds what names and locates a tract, and the areas it lies in. */
export function placeRoles(evidence: PlaceEvidence, given: ReadonlySet<Role>): Map<string, Finding> {
  const found = new Map<string, Finding>();
  const taken = new Set<Role>(given);
  const give = (name: string | undefined, role: Role, confidence: number, why: string) => {
    if (name === undefined || taken.has(role) || found.has(name)) return;
    taken.add(role);
    found.set(name, { role, confidence, evidence: why });
  };
  const { keys } = evidence;
  const open = new Map(evidence.profiles.map((profile) => [profile.name, profile]));
  const free = (names: string[]) =>
    names.flatMap((name) => (open.has(name) && !found.has(name) ? [open.get(name)!] : []));
  const best = (profiles: ColumnProfile[], score: (profile: ColumnProfile) => number) =>
    profiles
      .map((profile) => ({ profile, score: score(profile) }))
      .filter((one) => one.score > 0)
      .sort((a, b) => b.score - a.score)[0]?.profile.name;

  // In a file of one day any count may be as unique as a code; over several, counts change and codes do not.
  const oneDay = evidence.sample.tract.every((tract, row, all) => row === 0 || tract !== all[row - 1]);
  const mayIdentify = (profile: ColumnProfile) => !oneDay || !plainCount(profile);

  if (keys.keys.length === 1) {
    // A single name or code is what it looks like; with both, each takes its own.
    const twins = () => free(keys.twins).filter((one) => one.name === keys.keys[0] || mayIdentify(one));
    const id = best(twins(), codeLook);
    give(id, 'tract_id', keys.confidence, keys.evidence);
    give(best(free(keys.twins), nameLook), 'tract_name', keys.confidence, keys.evidence);
    const words = new Set(splitWords(keys.keys[0]));
    const related = (name: string) => splitWords(name).some((word) => words.has(word) && word.length > 3);
    const cousins = free(keys.nearly).filter(({ name }) => related(name));
    give(best(cousins, nameLook), 'tract_name', 0.8, `nearly one to one with ${keys.keys[0]}`);
    give(twins()[0]?.name, 'tract_id', keys.confidence, keys.evidence);
  } else if (keys.keys.length > 1) {
    // The finest of several keys names the tract, the others what it lies in.
    const parts = free(keys.keys).sort((a, b) => b.distinct - a.distinct);
    give(
      best(
        parts.filter((one) => isCountry(one)),
        () => 1,
      ),
      'country',
      0.9,
      'names of countries',
    );
    const finest = free(keys.keys).sort((a, b) => b.distinct - a.distinct)[0];
    if (finest)
      give(
        finest.name,
        nameLook(finest) >= codeLook(finest) ? 'tract_name' : 'tract_id',
        keys.confidence,
        keys.evidence,
      );
    const wider = free(keys.keys)[0];
    if (wider)
      give(
        wider.name,
        nameLook(wider) >= codeLook(wider) ? 'parent_name' : 'parent_id',
        keys.confidence,
        keys.evidence,
      );
    const codes = free(keys.nearly).filter((one) => codeLook(one) > nameLook(one));
    give(best(codes, codeLook), 'tract_id', 0.8, `nearly one to one with ${keys.keys.join(' and ')}`);
  }
  const constant = evidence.profiles
    .filter(({ constant, type }) => constant && type === 'text')
    .map(({ name }) => name);
  give(
    best(free([...constant, ...keys.coarser]), (one) => (isCountry(one) ? 1 : 0)),
    'country',
    0.95,
    'countries',
  );
  const coarser = free(keys.coarser).filter(
    ({ type, name }) => type === 'text' || codeLook(open.get(name)!) > 0.5,
  );
  const named = (profile: ColumnProfile) =>
    nameMeaning(profile.name).concepts.has('place') || nameMeaning(profile.name).concepts.has('country')
      ? 0.5
      : 0;
  const confidence = (name: string | undefined) => (name && named(open.get(name)!) > 0 ? 0.95 : 0.7);
  const parentId = best(coarser, (one) => (codeLook(one) > nameLook(one) ? codeLook(one) + named(one) : 0));
  give(parentId, 'parent_id', confidence(parentId), 'the tract determines it');
  const parentName = best(coarser, (one) =>
    nameLook(one) > 0 && one.name !== parentId ? nameLook(one) + named(one) : 0,
  );
  give(parentName, 'parent_name', confidence(parentName), 'the tract determines it');
  coordinates(evidence, give, found);
  const population = evidence.profiles
    .filter(({ name, type }) => type !== 'text' && type !== 'date' && !found.has(name))
    .map((profile) => ({ profile, score: populationScore(profile, evidence.facts.get(profile.name)) }))
    .sort((a, b) => b.score - a.score)[0];
  if (population && population.score > 0)
    give(population.profile.name, 'population', population.score, 'large, and the same at all times');
  return found;
}

/** How much the cells look like codes, 0 … 1. */
function codeLook(profile: ColumnProfile): number {
  const { concepts } = nameMeaning(profile.name);
  // Names in scripts without spaces are often equally long too.
  const even =
    profile.minLength === profile.maxLength && profile.examples.every((value) => /^[!-~]+$/.test(value));
  const digits = profile.type === 'integer';
  const score =
    (concepts.has('id') ? 0.5 : 0) +
    (digits ? 0.3 : 0) +
    (even && profile.maxLength <= 6 ? 0.2 : 0) +
    (isCode(profile) ? 0.4 : 0) +
    (profile.leadingZeroShare > 0 ? 0.1 : 0);
  return concepts.has('name') || (!digits && !even && !isCode(profile) && !concepts.has('id'))
    ? 0
    : Math.min(1, score);
}

/** How much the cells look like names. */
function nameLook(profile: ColumnProfile): number {
  const { concepts } = nameMeaning(profile.name);
  if (profile.type === 'integer') return 0;
  const even = profile.minLength === profile.maxLength;
  return Math.min(
    1,
    (concepts.has('name') ? 0.5 : 0) +
      (even ? 0.05 : 0.3) +
      (profile.meanLength > 3 ? 0.2 : 0) -
      (concepts.has('id') ? 0.3 : 0) -
      (isCode(profile) ? 0.4 : 0),
  );
}

function plainCount({ name, type, leadingZeroShare }: ColumnProfile): boolean {
  const { concepts } = nameMeaning(name);
  return type === 'integer' && leadingZeroShare === 0 && !concepts.has('id') && !concepts.has('place');
}

/** Digits and capitals, short: `2A`, `S-01`, `DE212`. */
function isCode({ examples, type }: ColumnProfile): boolean {
  return (
    type !== 'number' &&
    examples.length > 0 &&
    examples.every((value) => /^[0-9A-Z_-]{1,8}$/.test(value)) &&
    examples.some((value) => /\d/.test(value))
  );
}

function isCountry(profile: ColumnProfile): boolean {
  const { concepts } = nameMeaning(profile.name);
  const known = profile.examples.filter(
    (value) =>
      countries.isValid(value.toUpperCase()) ||
      countries.getSimpleAlpha2Code(value, 'en') !== undefined ||
      /^(US|Mainland China|World)$/.test(value),
  ).length;
  const share = known / Math.max(1, profile.examples.length);
  if (profile.type === 'integer') return false;
  return concepts.has('country')
    ? share >= 0.4
    : share >= 0.99 &&
        (profile.constant || profile.meanLength > 3) &&
        !concepts.has('id') &&
        profile.examples.length > 0 &&
        !/^[A-Z]{2}$/.test(profile.examples[0]);
}

type Give = (name: string | undefined, role: Role, confidence: number, why: string) => void;

function coordinates(evidence: PlaceEvidence, give: Give, found: Map<string, Finding>): void {
  const { facts } = evidence;
  const still = (name: string) => !((facts.get(name)?.fixed ?? Number.NaN) < 0.8);
  const angles = evidence.profiles.filter(
    ({ name, type, min, max, integerShare }) =>
      (type === 'number' || (type === 'integer' && saysNothing(name) === false)) &&
      !found.has(name) &&
      min! >= -180 &&
      max! <= 180 &&
      integerShare < 1.01 &&
      still(name),
  );
  const by = (concept: 'latitude' | 'longitude', limit: number) =>
    angles.find(
      ({ name, min, max }) => nameMeaning(name).concepts.has(concept) && min! >= -limit && max! <= limit,
    )?.name;
  const [latitude, longitude] = [by('latitude', 90), by('longitude', 180)];
  give(latitude, 'latitude', 0.97, 'its name, its range, the same at all times');
  give(longitude, 'longitude', 0.97, 'its name, its range, the same at all times');
  if (latitude && longitude) return;
  const nameless = angles.filter(
    ({ name, type }) =>
      !found.has(name) && type === 'number' && saysNothing(name) && decimals(evidence.sample, name),
  );
  if (nameless.length !== 2 || latitude || longitude) return;
  const [first, second] = nameless;
  const wide = nameless.find(({ min, max }) => min! < -90 || max! > 90);
  if (wide) {
    give(
      (wide === first ? second : first).name,
      'latitude',
      0.8,
      'content: the other one exceeds 90 degrees',
    );
    give(wide.name, 'longitude', 0.8, 'content: beyond 90 degrees');
    return;
  }
  const share = landShare(evidence.sample, first.name, second.name);
  const swapped = landShare(evidence.sample, second.name, first.name);
  const told = Math.abs(share - swapped) > 0.3;
  const [lat, lon] = swapped > share + 0.3 ? [second, first] : [first, second];
  // Both readings on land: the order latitude, longitude is usual, and no proof.
  give(
    lat.name,
    'latitude',
    told ? 0.8 : 0.6,
    told ? 'content: read so, the places are on land and together' : 'content: order only',
  );
  give(
    lon.name,
    'longitude',
    told ? 0.8 : 0.6,
    told ? 'content: read so, the places are on land and together' : 'content: order only',
  );
}

function decimals(sample: SeriesSample, name: string): boolean {
  const values = [...new Set(sample.columns.get(name) ?? [])].filter((value) => !Number.isNaN(value));
  return (
    values.length > 0 &&
    values.filter((value) => Math.abs(value * 100 - Math.round(value * 100)) > 1e-9).length >
      0.5 * values.length
  );
}

/** Share of the places that lie in the country where most of them lie. */
function landShare(sample: SeriesSample, latitude: string, longitude: string): number {
  const [lats, lons] = [sample.columns.get(latitude), sample.columns.get(longitude)];
  if (!lats || !lons) return 0;
  const counts = new Map<string, number>();
  let places = 0;
  for (let row = 0; row < lats.length && places < 60; row++) {
    if (row > 0 && sample.tract[row] === sample.tract[row - 1]) continue;
    if (Number.isNaN(lats[row]) || Number.isNaN(lons[row])) continue;
    places++;
    const country = Math.abs(lats[row]) <= 90 ? iso1A2Code([lons[row], lats[row]]) : null;
    if (country) counts.set(country, (counts.get(country) ?? 0) + 1);
  }
  return places === 0 ? 0 : Math.max(0, ...counts.values()) / places;
}

function populationScore(profile: ColumnProfile, facts: SeriesFacts | undefined): number {
  const { concepts } = nameMeaning(profile.name);
  const still = facts === undefined || !(facts.fixed < 0.5);
  if (concepts.has('rate') || (profile.median ?? 0) < 100) return 0;
  if (concepts.has('population')) return still ? 0.97 : 0.7;
  return saysNothing(profile.name) &&
    still &&
    facts?.whole &&
    facts.fixed > 0.95 &&
    profile.type === 'integer' &&
    profile.median! > 1000 &&
    profile.leadingZeroShare === 0
    ? 0.65
    : 0;
}
