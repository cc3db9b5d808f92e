import { borders } from '@rapideditor/country-coder';
import { bbox, booleanPointInPolygon, distance } from '@turf/turf';
import type { Feature, MultiPolygon } from 'geojson';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { borderDistance } from './nearest-part.ts';
import { onSphere } from './outline.ts';
import { buildPlaces, CoordinatesError, type Located, locate, type Places } from './places.ts';

type Shape = Feature<MultiPolygon, { code: string }>;
type Box = [number, number, number, number];

const shape = (code: string, coordinates: number[][][][]): Shape => ({
  type: 'Feature',
  properties: { code },
  geometry: { type: 'MultiPolygon', coordinates },
});
const built = (features: Shape[]) => buildPlaces({ type: 'FeatureCollection', features }, { key: 'code' });
const rectangle = ([west, south, east, north]: Box) => [
  [west, south],
  [east, south],
  [east, north],
  [west, north],
  [west, south],
];

function uniformFrom(seed: number) {
  const generator = xoroshiro128plus(seed);
  return (low: number, high: number) => low + ((high - low) * (generator.next() >>> 0)) / 2 ** 32;
}

function pointsIn([west, south, east, north]: Box, count: number, seed = 1): number[][] {
  const uniform = uniformFrom(seed);
  return Array.from({ length: count }, () => [uniform(west, east), uniform(south, north)]);
}

/** What a planner would be told, or why not. */
function asked(places: Places, [longitude, latitude]: number[]): Located | { refused: string } {
  try {
    return locate(places, { latitude, longitude });
  } catch (error) {
    if (error instanceof CoordinatesError) return { refused: error.reason };
    throw error;
  }
}

/** Every polygon asked by turf, every border measured: no tree, no squares. */
function byBruteForce(features: Shape[], places: Places) {
  const boxed = features.map((feature) => ({ feature, box: bbox(feature) }));
  const { tractOf, tracts } = places.polygons!;
  const nearest = ([longitude, latitude]: number[]) => {
    const point = onSphere(longitude, latitude);
    const far = Array.from(tractOf, (_, part) => borderDistance(places.polygons!, part, point));
    const least = far.reduce((a, b) => Math.min(a, b));
    // A tenth of a millimetre is the same.
    const tract = tractOf.reduce(
      (best, of, part) => (far[part] <= least + 1e-7 && of < best ? of : best),
      1e9,
    );
    return { tract: tracts[tract], distance_km: Math.round(least * 1000) / 1000 };
  };
  return {
    inside: ([x, y]: number[]) =>
      boxed
        .filter(({ box: [west, south, east, north] }) => x >= west && x <= east && y >= south && y <= north)
        .filter(({ feature }) => booleanPointInPolygon([x, y], feature))
        .map(({ feature }) => feature.properties.code)
        .sort()[0] ?? null,
    nearest,
  };
}

/** @returns how many of the points lie in a tract; each answer is compared */
function agreement(features: Shape[], places: Places, points: number[][], measured = 150): number {
  const brute = byBruteForce(features, places);
  let [inside, near] = [0, 0];
  for (const point of points) {
    const located = asked(places, point);
    const expected = brute.inside(point);
    if (expected !== null) inside++;
    expect('tract' in located ? located.tract : null, `at ${point}`).toBe(expected);
    if (!('nearest' in located) || near++ >= measured) continue;
    expect(located.nearest, `at ${point}`).toEqual(brute.nearest(point));
  }
  return inside;
}

/** Municipalities side by side whose crooked borders are the same points, written to and fro. */
function municipalities({ side, west, south, step }: Record<'side' | 'west' | 'south' | 'step', number>) {
  const uniform = uniformFrom(side);
  const near = (from: number, share: number) => from + step * uniform(-share, share);
  const corners = Array.from({ length: side + 1 }, (_, i) =>
    Array.from({ length: side + 1 }, (_, j) => [near(west + i * step, 0.2), near(south + j * step, 0.2)]),
  );
  const between = ([x1, y1]: number[], [x2, y2]: number[]) =>
    [0.25, 0.5, 0.75].map((t) => [near(x1 + t * (x2 - x1), 0.04), near(y1 + t * (y2 - y1), 0.04)]);
  const across = corners.map((row, i) => row.map((from, j) => between(from, corners[i + 1]?.[j] ?? from)));
  const up = corners.map((row, i) => row.map((from, j) => between(from, corners[i][j + 1] ?? from)));
  return Array.from({ length: side * side }, (_, at) => {
    const [i, j] = [Math.floor(at / side), at % side];
    const ring = [
      corners[i][j],
      ...across[i][j],
      corners[i + 1][j],
      ...up[i + 1][j],
      corners[i + 1][j + 1],
      ...across[i][j + 1].toReversed(),
      corners[i][j + 1],
      ...up[i][j].toReversed(),
      corners[i][j],
    ];
    return shape(`m${String(at).padStart(5, '0')}`, [[ring]]);
  });
}

describe('2,500 municipalities in a hole of one huge tract', () => {
  const towns = municipalities({ side: 50, west: 10, south: 45, step: 0.004 });
  const huge = shape('huge', [
    [rectangle([-60, -40, 80, 70]), rectangle([9.9, 44.9, 10.3, 45.3]).toReversed()],
  ]);
  const features = [...towns, huge];
  const places = built(features);

  it('agree with brute force, in the tract and in the distance', () => {
    const inside = agreement(features, places, pointsIn([9.88, 44.88, 10.32, 45.32], 2_000));
    expect(inside).toBeGreaterThan(500);
    expect(inside).toBeLessThan(1_500);
    agreement(features, places, pointsIn([-90, -60, 110, 85], 400), 60);
  });

  it('share their borders: every corner is the smallest tract’s that touches it', () => {
    const brute = byBruteForce(features, places);
    for (const { geometry } of towns.filter((_, at) => at % 60 === 0)) {
      for (const point of geometry.coordinates[0][0]) {
        expect(asked(places, point), `${point}`).toEqual({ tract: brute.inside(point), how: 'border' });
      }
    }
  });

  it('do not depend on what was asked before', () => {
    const points = pointsIn([9.88, 44.88, 10.32, 45.32], 1_500, 3);
    const fresh = built(features);
    const forth = points.map((point) => asked(places, point));
    const back = points
      .toReversed()
      .map((point) => asked(fresh, point))
      .toReversed();
    expect(back).toEqual(forth);
  });

  it('are plain data: a copy that went to another thread answers alike', () => {
    const copy = structuredClone(places);
    for (const point of pointsIn([9.88, 44.88, 10.32, 45.32], 200, 4)) {
      expect(asked(copy, point)).toEqual(asked(places, point));
    }
  });

  it('are the same on the antimeridian and beyond, written as jumps from 180 to −180', () => {
    const turned = ([x, y]: number[]) => [x + 169.9 > 180 ? x - 190.1 : x + 169.9, y];
    const moved = towns.map(({ properties, geometry }) =>
      shape(
        properties.code,
        geometry.coordinates.map((rings) => rings.map((ring) => ring.map(turned))),
      ),
    );
    const [here, there] = [built(towns), built(moved)];
    let inside = 0;
    for (const point of pointsIn([9.95, 44.95, 10.25, 45.25], 1_500, 5)) {
      const [one, other] = [asked(here, point), asked(there, turned(point))];
      if ('tract' in one) {
        inside++;
        expect(other, `at ${point}`).toEqual(one);
      } else if ('nearest' in one && 'nearest' in other) {
        expect(other.nearest.distance_km).toBeCloseTo(one.nearest.distance_km, 2);
      } else {
        expect(other).toEqual(one);
      }
    }
    expect(inside).toBeGreaterThan(300);
  });
});

it('a tract of 4,000 islets beside one of a single island agrees with brute force', () => {
  const uniform = uniformFrom(8);
  const islets = Array.from({ length: 4_000 }, () => {
    const [x, y, size] = [uniform(118, 126), uniform(6, 18), 10 ** uniform(-3, -1)];
    return [rectangle([x, y, x + size, y + size])];
  });
  const features = [shape('islets', islets), shape('island', [[rectangle([115, 8, 117.5, 12])]])];
  const places = built(features);
  const brute = byBruteForce(features, places);
  let inside = 0;
  for (const point of pointsIn([114, 5, 127, 19], 300)) {
    const located = asked(places, point);
    if ('tract' in located) inside++;
    expect('tract' in located ? located.tract : null, `at ${point}`).toBe(brute.inside(point));
    if ('nearest' in located) expect(located.nearest).toEqual(brute.nearest(point));
  }
  expect(inside).toBeGreaterThan(10);
  expect(inside).toBeLessThan(290);
});

describe('the countries of the world', () => {
  const features = borders.features.flatMap(({ geometry, properties }) =>
    geometry ? [shape(properties.wikidata, (geometry as MultiPolygon).coordinates)] : [],
  );
  const places = built(features);

  it.each<[string, Box]>([
    ['Fiji', [175, -21, 180, -12]],
    ['Fiji, east of the antimeridian', [-180, -21, -176, -12]],
    ['Chukotka', [165, 60, 180, 72]],
    ['Chukotka and the Aleutians, east of it', [-180, 50, -165, 72]],
    ['the north pole', [-180, 80, 180, 90]],
    ['the south pole', [-180, -90, 180, -60]],
    ['Lesotho in South Africa', [26, -31, 30, -28]],
    ['San Marino in Italy', [12.3, 43.8, 12.6, 44.05]],
  ])('%s: as brute force finds them', (_, box) => {
    agreement(features, places, pointsIn(box, 250), 25);
  });

  it('measure to a border what great circles measure to all of its points', () => {
    const lone = features.filter(({ properties }) => properties.code === 'Q712'); // Fiji
    const fiji = built(lone);
    const points = lone[0].geometry.coordinates.flat().flatMap((ring) =>
      ring.slice(1).flatMap(([x2, y2], at) =>
        Array.from({ length: 40 }, (_, k) => {
          const [x1, y1] = ring[at];
          return [x1 + (k / 40) * (x2 - x1), y1 + (k / 40) * (y2 - y1)];
        }),
      ),
    );
    for (const point of [...pointsIn([170, -25, 180, -5], 6), ...pointsIn([-180, -25, -170, -5], 6)]) {
      const located = asked(fiji, point);
      if (!('nearest' in located)) continue;
      const least = points.reduce((best, one) => Math.min(best, distance(point, one)), Infinity);
      expect(located.nearest.distance_km).toBeLessThan(least + 0.01);
      expect(located.nearest.distance_km).toBeGreaterThan(0.98 * least - 2);
    }
  });
});
