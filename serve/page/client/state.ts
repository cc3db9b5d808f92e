/** What is looked at; all of it stands in the address, so that a link shows the same. */
export interface View {
  /** A point that was clicked or typed; degrees. */
  point: { latitude: number; longitude: number } | null;
  /** A tract that was chosen by name; a point wins. */
  tract: string | null;
  /** Kilometres; null: no circle. */
  radius: number | null;
  /** Another model than the first. */
  model: string | null;
  /** What the map is coloured by, where not by what suits the data. */
  by: string | null;
}

export const NOTHING: View = { point: null, tract: null, radius: null, model: null, by: null };

const MOST_KM = 20_000;

/** `#lat=40.5&lon=-75.5&r=50`; what cannot be meant is left out. */
export function viewOf(hash: string): View {
  const given = new URLSearchParams(hash.replace(/^#/, ''));
  const latitude = numberOf(given.get('lat'), -90, 90);
  const longitude = numberOf(given.get('lon'), -180, 180);
  return {
    point: latitude === null || longitude === null ? null : { latitude, longitude },
    tract: given.get('tract') || null,
    radius: numberOf(given.get('r'), Number.MIN_VALUE, MOST_KM),
    model: given.get('model') || null,
    by: given.get('by') || null,
  };
}

export function hashOf({ point, tract, radius, model, by }: View): string {
  const parts: [string, string | number | null][] = [
    ['lat', point?.latitude ?? null],
    ['lon', point?.longitude ?? null],
    ['tract', point ? null : tract],
    ['r', radius],
    ['model', model],
    ['by', by],
  ];
  return parts
    .filter(([, value]) => value !== null)
    .map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`)
    .join('&');
}

/** Coordinates as people write them: `40.5, -75.5`, `40.5 -75.5`, `40,5; -75,5`, `40.5° N 75.5° W`.
 *  @returns null for what is no pair of numbers, such as a name; the service judges their range */
export function coordinatesIn(text: string): { latitude: number; longitude: number } | null {
  const found = text
    .replace(/[−–]/g, '-')
    .trim()
    .match(/^([+-]?\d+(?:[.,]\d+)?)\s*°?\s*([NS])?\s*[,;\s]\s*([+-]?\d+(?:[.,]\d+)?)\s*°?\s*([EW])?$/i);
  if (!found) return null;
  const degrees = (number: string, sign = '') =>
    Number(number.replace(',', '.')) * (/[SW]/i.test(sign) ? -1 : 1);
  return { latitude: degrees(found[1], found[2]), longitude: degrees(found[3], found[4]) };
}

function numberOf(text: string | null, low: number, high: number): number | null {
  if (text === null || text.trim() === '') return null;
  const value = Number(text);
  return value >= low && value <= high ? value : null;
}
