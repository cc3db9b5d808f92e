import type { Place } from './places.ts';

/** Names of rows that are no place: cases not (yet) assigned to one. */
const UNASSIGNED =
  /fuori (regione|provincia)|in fase di|unassigned|unallocated|unknown|not (specified|assigned|available)|out of |non (not[oa]|assegnat|specificat|residen)|sconosciut|unbekannt|inconnu|desconocid|sin especificar|no especificad|repatriat|cruise ship/i;
/** Names of rows that are all places together. */
const TOTAL =
  /^(grand )?(total|totale|totales|gesamt|insgesamt|all|tutt[ie]|sum|overall|national|nazionale|italia|italy|us|usa|united states|world|mondo)$/i;

/** Why the rows of a tract are set aside, by its name alone; null: it is a place.
 *  @param hasPlaces whether most tracts of the source have coordinates */
export function unassigned(
  place: Pick<Place, 'name' | 'id' | 'latitude' | 'longitude'>,
  hasPlaces: boolean,
): string | null {
  const located =
    place.latitude !== null && place.longitude !== null && !(place.latitude === 0 && place.longitude === 0);
  if (UNASSIGNED.test(place.name) && !(hasPlaces && located)) return `“${place.name}” is no place`;
  return null;
}

/** Whether a name says that the row is the total of the others; its numbers must say so too. */
export function soundsLikeTotal(name: string): boolean {
  return TOTAL.test(name.trim());
}

/** Names of groups of countries. Only beside countries are they no places of their own. */
const GROUPS =
  /^(world|africa|asia|europe|oceania|antarctica|(north|south|latin|central) america( and the caribbean)?|european union( \(\d+\))?|(high|low|middle|upper[- ]middle|lower[- ]middle)[- ]income( countries)?|international|(asia|europe|world) excl\. .*|summer olympics 2020|winter olympics 2022)$/i;

export function soundsLikeGroup(name: string): boolean {
  return GROUPS.test(name.trim());
}
