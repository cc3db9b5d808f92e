import { borders } from '@rapideditor/country-coder';
import { booleanPointInPolygon, distance } from '@turf/turf';
import type { Feature, MultiPolygon, Polygon } from 'geojson';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { buildPlaces, CoordinatesError, locate, type Places } from './places.ts';

type Ring = number[][];
type Shapes = Feature<Polygon | MultiPolygon>[];

const collection = (features: unknown[]) => ({ type: 'FeatureCollection', features });
const shape = (code: string, polygons: Ring[][]): Shapes[number] => ({
  type: 'Feature',
  properties: { code },
  geometry: { type: 'MultiPolygon', coordinates: polygons },
});
const built = (features: unknown[]) => buildPlaces(collection(features), { key: 'code' });
/** The tract of a point; null outside, whether it is told as the sea or as exchanged coordinates. */
function found(places: Places, [longitude, latitude]: number[]): string | null {
  try {
    const located = locate(places, { latitude, longitude });
    return 'tract' in located ? located.tract : null;
  } catch (error) {
    if (error instanceof CoordinatesError && error.reason === 'swapped') return null;
    throw error;
  }
}

function seeded(seed: number) {
  const generator = xoroshiro128plus(seed);
  const uniform = (low = 0, high = 1) => low + ((high - low) * (generator.next() >>> 0)) / 2 ** 32;
  return { uniform, whole: (high: number) => Math.floor(uniform(0, high)) };
}

/** Every polygon asked by turf, one after the other. */
function bruteForce(features: Shapes, point: number[]): string | null {
  const holding = features
    .filter((one) => booleanPointInPolygon(point, one))
    .map((one) => one.properties!.code);
  return holding.sort()[0] ?? null;
}

/** A ring around a middle that crosses itself nowhere. */
function star(
  [x, y]: number[],
  radius: number,
  corners: number,
  uniform: (a?: number, b?: number) => number,
): Ring {
  const ring = Array.from({ length: corners }, (_, at) => {
    const angle = (2 * Math.PI * (at + uniform(0, 0.9))) / corners;
    const reach = radius * uniform(0.4, 1);
    return [x + reach * Math.cos(angle), y + reach * Math.sin(angle)];
  });
  return [...ring, ring[0]];
}

/** Islands with lakes, islands in the lakes that are other tracts, tracts that overlap; rings wound either way, with points that
 *  are repeated, and some left open. */
function archipelago(seed: number): Shapes {
  const { uniform, whole } = seeded(seed);
  const mangled = (ring: Ring): Ring => {
    const twice = ring.flatMap((point) => (uniform() < 0.15 ? [point, point] : [point]));
    const wound = uniform() < 0.5 ? twice : twice.toReversed();
    return uniform() < 0.2 ? wound.slice(0, -1) : wound;
  };
  return Array.from({ length: 40 }, (_, at) => {
    const code = String(at).padStart(3, '0');
    const polygons = Array.from({ length: 1 + whole(4) }, () => {
      const middle = [uniform(-20, 20), uniform(-20, 20)];
      const outer = star(middle, uniform(1, 6), 3 + whole(40), uniform);
      // Within 0.4 of the radius nothing of the outer ring comes near.
      const lake = star(middle, 0.3, 3 + whole(9), uniform);
      return uniform() < 0.5 ? [mangled(outer), mangled(lake)] : [mangled(outer)];
    });
    return shape(code, polygons);
  });
}

const closed = (ring: Ring): Ring => (String(ring[0]) === String(ring.at(-1)) ? ring : [...ring, ring[0]]);
/** Turf wants closed rings. */
const closedAll = (features: Shapes): Shapes =>
  features.map((one) =>
    shape(
      one.properties!.code,
      (one.geometry.coordinates as Ring[][]).map((polygon) => polygon.map(closed)),
    ),
  );

describe('odd shapes', () => {
  it.each([1, 2, 3, 4])('agree with brute force over all polygons (archipelago %i)', (seed) => {
    const features = archipelago(seed);
    const places = built(features);
    const peers = closedAll(features);
    const { uniform } = seeded(seed + 100);
    let inside = 0;
    for (let k = 0; k < 1_500; k++) {
      const point = [uniform(-27, 27), uniform(-27, 27)];
      const expected = bruteForce(peers, point);
      if (expected !== null) inside++;
      expect(found(places, point), `at ${point}`).toBe(expected);
    }
    expect(inside).toBeGreaterThan(300);
    expect(inside).toBeLessThan(1_400);
  });

  it('are the same shapes across the antimeridian, jumping from 180 to −180', () => {
    const features = archipelago(7);
    const turned = ([x, y]: number[]) => [x + 180 > 180 ? x - 180 : x + 180, y];
    const across = features.map((one) =>
      shape(
        one.properties!.code,
        (one.geometry.coordinates as Ring[][]).map((rings) => rings.map((ring) => ring.map(turned))),
      ),
    );
    const [here, there] = [built(features), built(across)];
    const { uniform } = seeded(8);
    for (let k = 0; k < 3_000; k++) {
      const point = [uniform(-27, 27), uniform(-27, 27)];
      const [one, other] = [here, there].map((places, at) => {
        const [longitude, latitude] = at === 0 ? point : turned(point);
        return locate(places, { latitude, longitude });
      });
      if ('outside' in one) {
        if (!('outside' in other)) throw new Error(`${point} is outside here, in ${other.tract} there`);
        expect(other.nearest.tract).toBe(one.nearest.tract);
        expect(other.nearest.distance_km).toBeCloseTo(one.nearest.distance_km, 2);
      } else {
        expect(other, `at ${point}`).toEqual(one);
      }
    }
  });

  it('of 100,000 points answer like small ones', () => {
    const { uniform } = seeded(9);
    const coast = Array.from({ length: 100_000 }, (_, at) => {
      const angle = (2 * Math.PI * at) / 100_000;
      const reach = 15 + 3 * Math.sin(9 * angle) + uniform(0, 0.01);
      return [reach * Math.cos(angle), reach * Math.sin(angle)];
    });
    const big = shape('big', [[closed(coast)]]);
    const places = built([big]);
    for (let k = 0; k < 40; k++) {
      const point = [uniform(-20, 20), uniform(-20, 20)];
      expect(found(places, point)).toBe(bruteForce([big], point));
    }
  });

  it('that go to and fro 20,000 times take no more memory than others', () => {
    const { uniform } = seeded(10);
    const comb = shape('comb', [[star([0, 0], 20, 20_000, uniform)]]);
    const places = built([comb]);
    expect(places.polygons!.edges.length / 4).toBeLessThan(5 * 20_000);
    for (let k = 0; k < 40; k++) {
      const point = [uniform(-20, 20), uniform(-20, 20)];
      expect(found(places, point)).toBe(bruteForce([comb], point));
    }
  });

  it('that touch themselves, or shrink to a line or a point, take nothing from others', () => {
    const eight = shape('eight', [
      [
        [
          [0, 0],
          [2, 2],
          [2, 0],
          [0, 2],
          [0, 0],
        ],
      ],
    ]);
    const hourglass = built([eight]);
    expect(found(hourglass, [0.5, 1])).toBe('eight');
    expect(found(hourglass, [1, 1])).toBe('eight'); // where it crosses itself
    expect(found(hourglass, [1, 1.8])).toBe(null);
    const square = [
      [0, 40],
      [1, 40],
      [1, 41],
      [0, 41],
      [0, 40],
    ];
    const line = shape('a-line', [
      [
        [
          [0, 40.5],
          [1, 40.5],
          [0, 40.5],
        ],
      ],
    ]);
    const point = shape('a-point', [
      [
        [
          [0.5, 40.7],
          [0.5, 40.7],
          [0.5, 40.7],
          [0.5, 40.7],
        ],
      ],
    ]);
    const places = built([shape('b', [[square]]), line, point, shape('empty', []), shape('none', [[]])]);
    expect(found(places, [0.5, 40.7])).toBe('b');
    expect(found(places, [0.5, 40.2])).toBe('b');
  });
});

describe('around the poles', () => {
  /** Piece by piece straight between its corners: what is north of it is the cap. */
  const corners = [
    [-170, 72],
    [-120, 70],
    [-60, 75],
    [0, 68],
    [50, 71],
    [110, 74],
    [160, 69],
  ];
  const edgeAt = (longitude: number) => {
    const ring = [...corners, [corners[0][0] + 360, corners[0][1]]];
    const x = longitude < ring[0][0] ? longitude + 360 : longitude;
    const at = ring.findIndex(([east], k) => k > 0 && x <= east);
    const [[x1, y1], [x2, y2]] = [ring[at - 1], ring[at]];
    return y1 + ((x - x1) * (y2 - y1)) / (x2 - x1);
  };
  const rings = {
    eastwards: [...corners, corners[0]],
    westwards: [...corners, corners[0]].toReversed(),
    'from another corner': [...corners.slice(3), ...corners.slice(0, 4)],
    'drawn along the pole, as maps do': [
      [-180, edgeAt(180)],
      ...corners,
      [180, edgeAt(180)],
      [180, 90],
      [-180, 90],
      [-180, edgeAt(180)],
    ],
  };

  it.each(Object.entries(rings))('a cap holds all that is north of its ring, %s', (_, ring) => {
    const places = built([shape('cap', [[ring]])]);
    for (let longitude = -180; longitude <= 180; longitude += 7.5) {
      const edge = edgeAt(longitude);
      for (const above of [0.01, 1, 10])
        expect(found(places, [longitude, edge + above]), `${longitude}`).toBe('cap');
      for (const below of [0.01, 1, 60, 140])
        expect(found(places, [longitude, edge - below]), `${longitude}`).toBe(null);
    }
    expect(found(places, [12, 90])).toBe('cap');
    const south = locate(places, { latitude: -90, longitude: 0 });
    expect(south).toMatchObject({ outside: true, nearest: { tract: 'cap' } });
  });

  it('a ring with a hole around the pole leaves the pole out, and the south is like the north', () => {
    const south = corners.map(([x, y]) => [x, -y]);
    const hole = [
      [100, -80],
      [-140, -80],
      [-20, -80],
      [100, -80],
    ];
    const places = built([shape('belt', [[[...south, south[0]], hole]])]);
    for (let longitude = -179; longitude <= 180; longitude += 14) {
      expect(found(places, [longitude, -79.9])).toBe('belt');
      expect(found(places, [longitude, -80.1])).toBe(null);
      expect(found(places, [longitude, -60])).toBe(null);
    }
  });

  it('a band drawn as a rectangle of the map, and the whole map', () => {
    const rectangle = (south: number, north: number) => [
      [-180, south],
      [180, south],
      [180, north],
      [-180, north],
      [-180, south],
    ];
    const band = built([shape('band', [[rectangle(-10, 10)]])]);
    expect([-180, -90, 0, 100, 180].map((x) => found(band, [x, 0]))).toEqual(Array(5).fill('band'));
    expect(found(band, [0, 11])).toBe(null);
    const world = built([shape('world', [[rectangle(-90, 90)]])]);
    for (const point of [
      [180, 90],
      [-180, -90],
      [0, 0],
      [77, -33],
    ])
      expect(found(world, point)).toBe('world');
  });
});

describe('islands on the antimeridian', () => {
  it('touching it exactly on both sides are no band around the globe', () => {
    const fiji = shape('fiji', [
      [
        [
          [179, -17],
          [180, -17],
          [-180, -17],
          [-179, -17],
          [-179, -16],
          [-180, -16],
          [180, -16],
          [179, -16],
          [179, -17],
        ],
      ],
    ]);
    const places = built([fiji]);
    expect(found(places, [179.5, -16.5])).toBe('fiji');
    expect(found(places, [-179.5, -16.5])).toBe('fiji');
    expect(found(places, [180, -16.5])).toBe('fiji');
    expect(found(places, [0, -16.5])).toBe(null);
  });

  it('may be written from 0 to 360', () => {
    const places = built([
      shape('a', [
        [
          [
            [185, 0],
            [187, 0],
            [187, 2],
            [185, 2],
            [185, 0],
          ],
        ],
      ]),
    ]);
    expect(found(places, [-174, 1])).toBe('a');
  });
});

describe('the countries of the world', () => {
  const features: Shapes = borders.features
    .filter((one) => one.geometry !== null)
    .map(({ geometry, properties }) => shape(properties.wikidata, (geometry as MultiPolygon).coordinates));
  const places = buildPlaces(
    collection([...features, { type: 'Feature', properties: { code: 'nowhere' }, geometry: null }]),
    { key: 'code' },
  );

  const borderPoints = features.flatMap((one) =>
    (one.geometry.coordinates as Ring[][]).flat().flatMap((ring) =>
      ring.slice(1).flatMap(([x2, y2], at) => {
        const [x1, y1] = ring[at];
        const pieces = Math.max(1, Math.ceil(Math.hypot(x2 - x1, y2 - y1) / 0.1));
        return Array.from({ length: pieces }, (_, k) => [
          x1 + (k / pieces) * (x2 - x1),
          y1 + (k / pieces) * (y2 - y1),
        ]);
      }),
    ),
  );

  it('are found as brute force finds them, and points at sea are as far as the nearest of all border points', () => {
    const { uniform } = seeded(11);
    let [inside, measured] = [0, 0];
    for (let k = 0; k < 2_500; k++) {
      const point = [uniform(-180, 180), uniform(-85, 85)];
      const expected = bruteForce(features, point);
      if (expected !== null) inside++;
      const located = locate(places, { longitude: point[0], latitude: point[1] });
      expect('tract' in located ? located.tract : null, `at ${point}`).toBe(expected);
      if (!('outside' in located) || located.nearest.distance_km < 50 || measured >= 8) continue;
      measured++;
      const least = borderPoints.reduce((best, border) => Math.min(best, distance(point, border)), Infinity);
      expect(located.nearest.distance_km).toBeLessThan(least + 0.01);
      expect(located.nearest.distance_km).toBeGreaterThan(0.995 * least);
    }
    expect(inside).toBeGreaterThan(700);
    expect(measured).toBe(8);
  });

  it.each([
    ['Lesotho, an enclave', -29.5, 28.2, 'Q1013'],
    ['San Marino, an enclave', 43.94, 12.45, 'Q238'],
    ['South Africa around Lesotho', -29.1, 26.2, 'Q258'],
    ['the Vatican', 41.903, 12.453, 'Q237'],
  ])('%s', (_, latitude, longitude, code) => {
    expect(locate(places, { latitude, longitude })).toMatchObject({ tract: code, how: 'inside' });
  });

  it('calls nothing exchanged that may well be meant: the Atlantic before Lagos mirrors Lagos', () => {
    const nigeria = built(features.filter((one) => one.properties!.code === 'Q1033'));
    expect(locate(nigeria, { latitude: 3.4, longitude: 6.5 })).toMatchObject({
      outside: true,
      nearest: { tract: 'Q1033' },
      exchanged: 'Q1033',
    });
  });
});

describe('polygons that are none', () => {
  it.each([
    [
      'in metres',
      [
        [
          [
            [512_345, 4_967_890],
            [512_400, 4_967_890],
            [512_400, 4_968_000],
          ],
        ],
      ],
      'expected degrees',
    ],
    [
      'with latitude first',
      [
        [
          [
            [45, 100],
            [46, 100],
            [46, 101],
          ],
        ],
      ],
      'expected degrees',
    ],
    [
      'of texts',
      [
        [
          [
            ['9.1', '45.2'],
            ['9.2', '45.2'],
            ['9.2', '45.3'],
          ],
        ],
      ],
      'expected two numbers',
    ],
    ['of numbers alone', [[[1, 2, 3]]], 'no list of rings'],
    ['without coordinates', undefined, 'no list of rings'],
  ])('%s are refused', (_, coordinates, said) => {
    const feature = {
      type: 'Feature',
      properties: { code: 'a' },
      geometry: { type: 'MultiPolygon', coordinates },
    };
    expect(() => built([feature])).toThrow(said);
  });

  it('a lone feature, its own id, and a collection of geometries are read', () => {
    const ring = [
      [0, 0, 12],
      [1, 0, 12],
      [1, 1, 12],
      [0, 0, 12],
    ]; // with heights
    const geometry = {
      type: 'GeometryCollection',
      geometries: [
        { type: 'Point', coordinates: [0.5, 0.5] },
        { type: 'Polygon', coordinates: [ring] },
      ],
    };
    const places = buildPlaces({ type: 'Feature', id: 7, properties: {}, geometry }, { key: 'id' });
    expect(found(places, [0.7, 0.3])).toBe('7');
  });
});
