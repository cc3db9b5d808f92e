import { area, circle as circlePolygon, distance, featureCollection, intersect } from '@turf/turf';
import type { Feature, MultiPolygon, Polygon } from 'geojson';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { polygons as countyPolygons } from '../../../simulator/counties.ts';
import { tractsWithin } from './circle.ts';
import { buildPlaces, locate, type Places } from './places.ts';

const EARTH_KM = 6371.0088;
const DEGREE_KM = (EARTH_KM * Math.PI) / 180;

const shape = (
  code: string,
  coordinates: number[][][] | number[][][][],
): Feature<Polygon | MultiPolygon> => ({
  type: 'Feature',
  properties: { code },
  geometry: {
    type: Array.isArray(coordinates[0][0][0]) ? 'MultiPolygon' : 'Polygon',
    coordinates,
  } as Polygon | MultiPolygon,
});
const built = (...features: Feature[]) =>
  buildPlaces(featureCollection(features as never[]), { key: 'code' });

/** Counter-clockwise. */
const box = (west: number, south: number, east: number, north: number) => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
];

const within = (places: Places, [longitude, latitude]: number[], radiusKm: number) =>
  Object.fromEntries(
    tractsWithin(places, { latitude, longitude, radiusKm }).map(({ tract, ...rest }) => [tract, rest]),
  );

function uniformFrom(seed: number) {
  const generator = xoroshiro128plus(seed);
  return (low: number, high: number) => low + ((high - low) * (generator.next() >>> 0)) / 2 ** 32;
}

describe('the share of a tract in a circle', () => {
  const world = built(shape('world', [box(-180, -90, 180, 90)]));

  it('of the whole world is the area of the cap', () => {
    for (const point of [
      [0, 0],
      [10, 45],
      [180, -30],
      [-77, 89],
    ]) {
      for (const km of [1, 500, 5_000, 10_000, 15_000, 19_000]) {
        const { share } = within(world, point, km).world;
        expect(share / ((1 - Math.cos(km / EARTH_KM)) / 2), `${point} ${km}`).toBeCloseTo(1, 6);
      }
    }
  });

  it('of half the world is half of the cap on its edge, and what is missing elsewhere', () => {
    const halves = built(shape('east', [box(0, -90, 180, 90)]), shape('west', [box(-180, -90, 0, 90)]));
    for (const km of [10, 3_000, 12_000]) {
      const { east, west } = within(halves, [0, 20], km);
      const half = (1 - Math.cos(km / EARTH_KM)) / 2;
      expect(east.share / half).toBeCloseTo(1, 6);
      expect(west.share / half).toBeCloseTo(1, 6);
      expect([east.distanceKm, west.distanceKm]).toEqual([0, 0]);
    }
    const pole = within(halves, [77, 90], 10_007.557);
    expect([pole.east.share, pole.west.share]).toEqual([expect.closeTo(0.5, 5), expect.closeTo(0.5, 5)]);
  });

  it('is 1 within, and nothing beyond', () => {
    const places = built(shape('near', [box(9, 45, 9.1, 45.1)]), shape('far', [box(20, 45, 20.1, 45.1)]));
    expect(within(places, [9, 45], 50)).toEqual({ near: { share: 1, distanceKm: 0 } });
    expect(within(places, [9, 45], 20_040)).toMatchObject({ near: { share: 1 }, far: { share: 1 } });
    expect(within(places, [0, 0], 10)).toEqual({});
  });

  it('does not depend on how rings are wound, and leaves holes to the tract that fills them', () => {
    const hole = box(-0.5, -0.5, 0.5, 0.5);
    for (const outer of [box(-2, -2, 2, 2), box(-2, -2, 2, 2).toReversed()]) {
      for (const inner of [hole, hole.toReversed()]) {
        const places = built(shape('around', [outer, inner]), shape('enclave', [hole]));
        // Within the hole alone.
        expect(within(places, [0, 0], 20)).toEqual({
          enclave: { share: expect.closeTo((Math.PI * 20 ** 2) / DEGREE_KM ** 2, 4), distanceKm: 0 },
        });
        const { around, enclave } = within(places, [0, 0], 150);
        expect(enclave.share).toBe(1);
        expect(around.share).toBeCloseTo((Math.PI * 150 ** 2 - DEGREE_KM ** 2) / (15 * DEGREE_KM ** 2), 3);
        expect(around.distanceKm).toBeCloseTo(0.5 * DEGREE_KM, 2);
      }
    }
  });

  it('is the same across the antimeridian, and of islands is that of all of them together', () => {
    const here = built(shape('a', [[box(-1, 0, 1, 1)], [box(5, 0, 6, 1)]]));
    const there = built(
      shape('a', [
        [
          [
            [179, 0],
            [-179, 0],
            [-179, 1],
            [179, 1],
            [179, 0],
          ],
        ],
        [box(-175, 0, -174, 1)],
      ]),
    );
    for (const km of [60, 130, 700]) {
      const [one, other] = [within(here, [0, 0.3], km).a, within(there, [180, 0.3], km).a];
      expect(other.share).toBeCloseTo(one.share, 9);
      expect(other.distanceKm).toBe(0);
    }
    expect(within(here, [0.3, 0.5], 250).a.share).toBeCloseTo(2 / 3, 4);
  });

  it('is told with the distance to the nearest point, not to the centre', () => {
    const places = built(shape('wide', [box(1, -1, 9, 1)]));
    expect(within(places, [0, 0], 112)).toEqual({
      wide: { share: expect.any(Number), distanceKm: expect.closeTo(DEGREE_KM, 3) },
    });
    expect(within(places, [0, 0], 111)).toEqual({});
  });
});

describe('of US counties', () => {
  const { features } = countyPolygons('42', 1); // Pennsylvania
  const places = buildPlaces(countyPolygons('42', 1), { key: 'code' });
  const uniform = uniformFrom(5);

  it('agrees with turf’s intersection over all polygons', () => {
    for (let k = 0; k < 3; k++) {
      const point = [uniform(-80.5, -75), uniform(39.5, 42.5)];
      const km = uniform(5, 150);
      const found = within(places, point, km);
      const round = circlePolygon(point, km, { steps: 360, units: 'kilometers' });
      for (const one of features) {
        const code = one.properties.code;
        const corner = (one.geometry.coordinates as number[][][]).flat(
          one.geometry.type === 'Polygon' ? 1 : 2,
        )[0];
        if (!(code in found) && distance(point, corner as unknown as number[]) > km + 150) continue;
        const both = intersect(featureCollection([one, round]));
        const expected = both ? area(both) / area(one) : 0;
        const { share = 0, distanceKm = Infinity } = found[code] ?? {};
        expect(Math.abs(share - expected), `${point} ${km} ${code}`).toBeLessThan(5e-4);
        if (share > 0) expect(distanceKm).toBeLessThan(km);
      }
    }
  });

  it('agrees with counting points', () => {
    const [point, km] = [[-77.5, 40.8], 70];
    const found = within(places, point, km);
    const counted = new Map<string, { all: number; inside: number }>();
    for (let k = 0; k < 60_000; k++) {
      // Even on the sphere.
      const sample = [
        uniform(-79, -76),
        (Math.asin(uniform(Math.sin(0.698), Math.sin(0.733))) * 180) / Math.PI,
      ];
      const located = locate(places, { longitude: sample[0], latitude: sample[1] });
      if (!('tract' in located)) continue;
      const sum = counted.get(located.tract) ?? { all: 0, inside: 0 };
      sum.all++;
      if (distance(point, sample) <= km) sum.inside++;
      counted.set(located.tract, sum);
    }
    const whole = Object.entries(found).filter(([code]) => {
      const shapeOf = features.find(({ properties }) => properties.code === code)!;
      const flat = (shapeOf.geometry.coordinates as number[][][]).flat(1);
      return flat.every(([x, y]) => x > -79 && x < -76 && y > 39.995 && y < 41.996);
    });
    expect(whole.length).toBeGreaterThan(8);
    for (const [code, { share }] of whole) {
      const { all, inside } = counted.get(code)!;
      const noise = 4 * Math.sqrt(Math.max(share * (1 - share), 1e-3) / all);
      expect(Math.abs(share - inside / all), code).toBeLessThan(noise);
    }
  });

  it('adds up: all shares of a circle in the interior cover its area', () => {
    const [point, km] = [[-77.5, 40.8], 60];
    const found = tractsWithin(places, { longitude: point[0], latitude: point[1], radiusKm: km });
    const covered = found.reduce((sum, { tract, share }) => {
      const one = features.find(({ properties }) => properties.code === tract)!;
      return sum + share * area(one);
    }, 0);
    const cap = 2 * Math.PI * (1000 * EARTH_KM) ** 2 * (1 - Math.cos(km / EARTH_KM));
    expect(covered / cap).toBeCloseTo(1, 3);
  });

  it('holds everything once the circle is that of the earth, and complements add up to 1', () => {
    expect(Object.values(within(places, [-77, 41], 20_016)).every(({ share }) => share === 1)).toBe(true);
    const half = Math.PI * EARTH_KM;
    const near = within(places, [-77, 41], 100);
    const far = within(places, [103, -41], half - 100);
    for (const { properties } of features) {
      const [one, other] = [near, far].map((found) => found[properties.code]?.share ?? 0);
      expect(one + other).toBeCloseTo(1, 9);
    }
  });

  it('knows all 3,231 where the circle is the earth', () => {
    const all = buildPlaces(countyPolygons('all', 1), { key: 'code' });
    const found = tractsWithin(all, { latitude: 40, longitude: -95, radiusKm: 20_037 });
    expect(found).toHaveLength(3_231);
  });
});

it('without polygons tracts are points: in or out', () => {
  const centres = [
    { id: 'rome', latitude: 41.9, longitude: 12.5 },
    { id: 'milan', latitude: 45.46, longitude: 9.19 },
  ];
  const places = buildPlaces({ type: 'FeatureCollection', features: [] }, { key: 'id', centres });
  expect(within(places, [12.5, 42.9], 112)).toEqual({
    rome: { share: 1, distanceKm: expect.closeTo(DEGREE_KM, 3) },
  });
  const nowhere = buildPlaces({ type: 'FeatureCollection', features: [] }, { key: 'id' });
  expect(() => within(nowhere, [0, 0], 1)).toThrow('knows no places');
});
