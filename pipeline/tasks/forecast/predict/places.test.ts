import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { booleanPointInPolygon, distance, pointToPolygonDistance } from '@turf/turf';
import type { Feature, FeatureCollection, MultiPolygon, Polygon } from 'geojson';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../contracts/errors.ts';
import { polygons as countyPolygons } from '../../../simulator/counties.ts';
import { buildPlaces, CoordinatesError, locate, type Places } from './places.ts';

type Shape = Polygon | MultiPolygon;

function collection(shapes: Record<string, number[][][] | number[][][][]>): FeatureCollection<Shape> {
  return {
    type: 'FeatureCollection',
    features: Object.entries(shapes).map(([code, coordinates]) => ({
      type: 'Feature',
      properties: { code },
      geometry: {
        type: Array.isArray(coordinates[0][0][0]) ? 'MultiPolygon' : 'Polygon',
        coordinates,
      } as Shape,
    })),
  };
}

function square(west: number, south: number, size: number): number[][] {
  return [
    [west, south],
    [west + size, south],
    [west + size, south + size],
    [west, south + size],
    [west, south],
  ];
}

const built = (shapes: Parameters<typeof collection>[0]) => buildPlaces(collection(shapes), { key: 'code' });
const at = (places: Places, longitude: number, latitude: number) => locate(places, { latitude, longitude });

function reasonOf(ask: () => unknown): string {
  try {
    ask();
  } catch (error) {
    if (error instanceof CoordinatesError) return `${error.reason}: ${error.message}`;
    throw error;
  }
  return 'no error';
}

/** Two squares of ten degrees side by side, the right one named to come first. */
const TWO = built({ b: [square(0, 40, 10)], a: [square(10, 40, 10)] });

describe('a point and polygons', () => {
  it('is inside one', () => {
    expect(at(TWO, 5, 45)).toEqual({ tract: 'b', how: 'inside' });
    expect(at(TWO, 15, 45)).toEqual({ tract: 'a', how: 'inside' });
  });

  it('belongs to the smallest id on the border between two, and to its own on the outer border', () => {
    expect(at(TWO, 10, 45)).toEqual({ tract: 'a', how: 'border' });
    expect(at(TWO, 10, 40)).toEqual({ tract: 'a', how: 'border' });
    expect(at(TWO, 0, 45)).toEqual({ tract: 'b', how: 'border' });
    expect(at(TWO, 10 - 2e-9, 45)).toEqual({ tract: 'b', how: 'inside' });
    expect(at(TWO, 10 - 0.5e-9, 45)).toEqual({ tract: 'a', how: 'border' });
  });

  it('outside is told the nearest and how far it is: one degree of the equator is 111.195 km', () => {
    const places = built({ a: [square(0, 0, 1)], b: [square(10, 0, 1)] });
    expect(at(places, 2, 0)).toEqual({ outside: true, nearest: { tract: 'a', distance_km: 111.195 } });
    expect(at(places, 9, 0)).toEqual({ outside: true, nearest: { tract: 'b', distance_km: 111.195 } });
    // Over the pole from the far side of the globe.
    expect(at(places, 180, 89)).toMatchObject({ outside: true });
  });

  it('in a hole is outside, in a polygon within the hole inside that one, on the hole’s edge on a border', () => {
    const ring = [square(0, 40, 30), square(10, 50, 10)];
    expect(at(built({ a: ring }), 15, 55)).toMatchObject({ outside: true, nearest: { tract: 'a' } });
    expect(at(built({ a: ring, b: [square(10, 50, 10)] }), 15, 55)).toEqual({ tract: 'b', how: 'inside' });
    expect(at(built({ a: ring, b: [square(10, 50, 10)] }), 10, 55)).toEqual({ tract: 'a', how: 'border' });
  });

  it('may be in any part of a tract of several islands', () => {
    const places = built({ isles: [[square(0, 40, 1)], [square(5, 40, 1)]] });
    expect([at(places, 0.5, 40.5), at(places, 5.5, 40.5)]).toEqual([
      { tract: 'isles', how: 'inside' },
      { tract: 'isles', how: 'inside' },
    ]);
    expect(at(places, 3, 40.5)).toMatchObject({ outside: true });
  });

  it('is found across the antimeridian, whichever way the ring is written', () => {
    const jumping = built({
      a: [
        [
          [170, 50],
          [-170, 50],
          [-170, 60],
          [170, 60],
          [170, 50],
        ],
      ],
    });
    const beyond = built({ a: [square(170, 50, 20)] });
    const split = built({ a: [[square(170, 50, 10)], [square(-180, 50, 10)]] });
    for (const places of [jumping, beyond, split]) {
      expect(at(places, 175, 55)).toMatchObject({ tract: 'a' });
      expect(at(places, -175, 55)).toMatchObject({ tract: 'a' });
      expect(at(places, 180, 55)).toMatchObject({ tract: 'a' });
      expect(at(places, -180, 55)).toMatchObject({ tract: 'a' });
      expect(at(places, 165, 55)).toMatchObject({ outside: true });
      expect(at(places, -165, 55)).toMatchObject({ outside: true });
      expect(at(places, 0, 55)).toMatchObject({ outside: true });
    }
  });

  it('measures the shorter way round the globe', () => {
    const places = built({ west: [square(-179, 0, 1)], east: [square(170, 0, 1)] });
    expect(at(places, 180, 0)).toEqual({ outside: true, nearest: { tract: 'west', distance_km: 111.195 } });
  });
});

describe('coordinates that cannot be meant', () => {
  it.each([
    [Number.NaN, 5, 'not-a-number: latitude is NaN, expected a number from −90 to 90'],
    [45, Number.POSITIVE_INFINITY, 'not-a-number: longitude is Infinity, expected a number from −180 to 180'],
    [90.0001, 5, 'out-of-range: latitude is 90.0001, expected a number from −90 to 90'],
    [45, -180.0001, 'out-of-range: longitude is -180.0001, expected a number from −180 to 180'],
  ])('latitude %d, longitude %d: %s', (latitude, longitude, reason) => {
    expect(reasonOf(() => at(TWO, longitude, latitude))).toBe(reason);
  });

  it('are taken up to the poles and the antimeridian', () => {
    for (const [longitude, latitude] of [
      [180, 90],
      [-180, -90],
    ]) {
      expect(at(TWO, longitude, latitude)).toMatchObject({ outside: true });
    }
  });

  it('are called swapped when they are outside as they stand and inside when exchanged', () => {
    expect(reasonOf(() => at(TWO, 45, 5))).toContain('swapped: latitude 5, longitude 45 lies outside');
    const pennsylvania = buildPlaces(countyPolygons('42', 1), { key: 'code' });
    expect(reasonOf(() => at(pennsylvania, 39.9526, -75.1652))).toContain('swapped');
    const alaska = built({ a: [square(-150, 60, 5)] });
    expect(reasonOf(() => at(alaska, 62, -148))).toContain('latitude is -148');
    expect(reasonOf(() => at(alaska, 62, -148))).toContain('look exchanged');
  });

  it('are not called swapped where exchanging them does not help', () => {
    expect(at(TWO, 45, -5)).toMatchObject({ outside: true });
  });
});

describe('polygons that are none', () => {
  it('without the key are refused with what they have', () => {
    expect(() => buildPlaces(collection({ a: [square(0, 0, 1)] }), { key: 'id' })).toThrow(
      'feature 1 of the polygons has no property "id"; it has code',
    );
  });

  it('of another kind are refused', () => {
    const point = {
      features: [{ properties: { code: 'a' }, geometry: { type: 'Point', coordinates: [0, 0] } }],
    };
    expect(() => buildPlaces(point, { key: 'code' })).toThrow(UsageError);
    expect(() => buildPlaces({ type: 'Topology' }, { key: 'code' })).toThrow('no GeoJSON FeatureCollection');
    expect(() =>
      built({
        a: [
          [
            [0, 0],
            [Number.NaN, 1],
            [1, 1],
          ],
        ],
      }),
    ).toThrow('expected two numbers');
  });

  it('without a geometry are left out', () => {
    const features = [
      ...collection({ a: [square(0, 0, 1)] }).features,
      { properties: { code: 'b' }, geometry: null },
    ];
    expect(at(buildPlaces({ features }, { key: 'code' }), 0.5, 0.5)).toEqual({ tract: 'a', how: 'inside' });
  });
});

describe('cells around coordinates', () => {
  const empty = { type: 'FeatureCollection', features: [] };
  const centres = [
    { id: 'rome', latitude: 41.9, longitude: 12.5 },
    { id: 'milan', latitude: 45.46, longitude: 9.19 },
    { id: 'nowhere' },
  ];
  const places = buildPlaces(empty, { key: 'id', centres });

  it('give the nearest centre', () => {
    expect(at(places, 12.25, 43)).toEqual({ tract: 'rome', how: 'cell' });
    expect(at(places, 9.7, 45)).toEqual({ tract: 'milan', how: 'cell' });
  });

  it('give the nearest centre across the antimeridian', () => {
    const islands = [
      { id: 'fiji', latitude: -18, longitude: 178 },
      { id: 'tonga', latitude: -21, longitude: -175 },
    ];
    expect(at(buildPlaces(empty, { key: 'id', centres: islands }), -179.5, -18.5)).toMatchObject({
      tract: 'fiji',
    });
  });

  it('end at twice the distance between the loneliest neighbours', () => {
    const apart = distance([12.5, 41.9], [9.19, 45.46]); // 478 km
    const degrees = (2 * apart) / 111.195;
    expect(at(places, 12.5, 41.9 - degrees + 0.01)).toMatchObject({ tract: 'rome' });
    expect(at(places, 12.5, 41.9 - degrees - 0.01)).toMatchObject({
      outside: true,
      nearest: { tract: 'rome' },
    });
  });

  it('of a lone centre reach 100 km', () => {
    const lone = buildPlaces(empty, { key: 'id', centres: [centres[0]] });
    expect(at(lone, 12.5, 42.79)).toEqual({ tract: 'rome', how: 'cell' });
    expect(at(lone, 12.5, 42.81)).toMatchObject({ outside: true });
  });

  it('need at least one centre', () => {
    expect(reasonOf(() => at(buildPlaces(empty, { key: 'id' }), 12, 42))).toContain('no-places');
  });
});

/** Every polygon asked by turf, one after the other. */
function byTurf(features: Feature<Shape>[], key: string, point: [number, number]): string | null {
  const holding = features
    .filter((one) => booleanPointInPolygon(point, one))
    .map((one) => String(one.properties![key]));
  return holding.length > 0 ? holding.sort()[0] : null;
}

function agreement(
  features: Feature<Shape>[],
  key: string,
  count: number,
  box: [number, number, number, number],
) {
  const places = buildPlaces({ type: 'FeatureCollection', features }, { key });
  const [west, south, east, north] = box;
  const generator = xoroshiro128plus(42);
  const uniform = () => (generator.next() >>> 0) / 2 ** 32;
  // Turf looks at every point of every polygon unless boxes rule it out first.
  const boxes = features.map((one) => {
    const flat = one.geometry.coordinates.flat(Infinity as 3) as unknown as number[];
    const xs = flat.filter((_, i) => i % 2 === 0);
    const ys = flat.filter((_, i) => i % 2 === 1);
    return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
  });
  const different: unknown[] = [];
  let inside = 0;
  for (let k = 0; k < count; k++) {
    const point: [number, number] = [west + (east - west) * uniform(), south + (north - south) * uniform()];
    const near = features.filter(
      (_, i) =>
        point[0] >= boxes[i][0] &&
        point[0] <= boxes[i][2] &&
        point[1] >= boxes[i][1] &&
        point[1] <= boxes[i][3],
    );
    const expected = byTurf(near, key, point);
    const found = at(places, ...point);
    if (expected !== null) inside++;
    if (('tract' in found ? found.tract : null) !== expected) different.push({ point, expected, found });
  }
  return { different, inside };
}

describe('the index', () => {
  it('agrees with turf over all polygons on 10,000 points of the 3,231 US counties', () => {
    const { features } = countyPolygons('all', 1);
    const { different, inside } = agreement(features, 'code', 10_000, [-125, 24, -66, 50]);
    expect(different).toEqual([]);
    expect(inside).toBeGreaterThan(5_000);
    expect(inside).toBeLessThan(9_500);
  });

  it('names the tract and distance that turf names, for points outside', () => {
    const { features } = countyPolygons('10', 1); // Delaware
    const places = buildPlaces(countyPolygons('10', 1), { key: 'code' });
    for (const point of [
      [-74.5, 38.9],
      [-76.5, 39.2],
      [-75.2, 40.3],
      [-70, 35],
    ] as [number, number][]) {
      const found = at(places, ...point);
      const distances = features.map((one) => pointToPolygonDistance(point, one, { units: 'kilometers' }));
      const least = Math.min(...distances);
      if (!('outside' in found)) throw new Error(`${point} is inside`);
      expect(found.nearest.tract).toBe(features[distances.indexOf(least)].properties.code);
      expect(Math.abs(found.nearest.distance_km - least)).toBeLessThan(0.02 * least);
    }
  });

  it('finds every vertex of a county on a border, of the smallest county that touches it', () => {
    const { features } = countyPolygons('42', 1);
    const places = buildPlaces(countyPolygons('42', 1), { key: 'code' });
    for (const one of features.slice(0, 12)) {
      const ring = (
        one.geometry.type === 'Polygon' ? one.geometry.coordinates : one.geometry.coordinates[0]
      )[0];
      for (const point of (ring as [number, number][]).slice(0, 20)) {
        expect(at(places, ...point)).toEqual({ tract: byTurf(features, 'code', point), how: 'border' });
      }
    }
  });

  const italy = fileURLToPath(
    new URL('../../../../../shared/data/geo/italy-provinces.geojson', import.meta.url),
  );
  it.skipIf(!existsSync(italy))(
    'agrees with turf on Italy’s provinces and islands (needs ../shared/data)',
    () => {
      const { features } = JSON.parse(readFileSync(italy, 'utf8')) as FeatureCollection<Shape>;
      const { different, inside } = agreement(features, 'codice_provincia', 3_000, [6.6, 35.4, 18.6, 47.1]);
      expect(different).toEqual([]);
      expect(inside).toBeGreaterThan(600);
      const places = buildPlaces({ features }, { key: 'codice_provincia' });
      expect(at(places, 9.1915, 45.4642)).toEqual({ tract: '015', how: 'inside' }); // Milan
      expect(at(places, 10.32, 42.77)).toEqual({ tract: '049', how: 'inside' }); // Elba, province of Livorno
      expect(at(places, 12.6, 35.51)).toEqual({ tract: '084', how: 'inside' }); // Lampedusa, province of Agrigento
      // The Vatican is a hole in the province of Rome.
      expect(at(places, 12.453, 41.903)).toMatchObject({ outside: true, nearest: { tract: '058' } });
    },
  );
});
