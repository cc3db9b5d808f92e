import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { locate, type Places } from '../../pipeline/tasks/forecast/predict/places.ts';

/** Seeded points of a box, four decimals as a phone tells them: longitude, latitude. */
export function seededPoints(
  count: number,
  [west, south, east, north]: [number, number, number, number],
  seed = 42,
): [number, number][] {
  const generator = xoroshiro128plus(seed);
  const between = (low: number, high: number) =>
    Number((low + ((high - low) * (generator.next() >>> 0)) / 2 ** 32).toFixed(4));
  return Array.from({ length: count }, () => [between(west, east), between(south, north)]);
}

/** Addresses of 1,000 questions about the inland of the United States: none lies in a lake. */
export function questions(places: Places): string[] {
  return seededPoints(1_200, [-110, 34, -82, 44])
    .filter(([longitude, latitude]) => 'tract' in locate(places, { longitude, latitude }))
    .slice(0, 1_000)
    .map(([lon, lat]) => `/forecast?lat=${lat}&lon=${lon}`);
}
