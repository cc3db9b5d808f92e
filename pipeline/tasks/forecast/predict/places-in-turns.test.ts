import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { polygons } from '../../../simulator/counties.ts';
import { buildPlaces, locate } from './places.ts';
import { placesInTurns } from './places-in-turns.ts';
import { drained } from './turns.ts';

const bytes = (geojson: unknown, space?: number) => Buffer.from(JSON.stringify(geojson, null, space));
const inTurns = (geojson: unknown, space?: number) =>
  drained(placesInTurns(bytes(geojson, space), { key: 'code' }));
const square = (code: unknown, west: number, geometry?: unknown) => ({
  type: 'Feature',
  properties: { code, note: '"],[{' },
  geometry: geometry ?? {
    type: 'Polygon',
    coordinates: [
      [
        [west, 0],
        [west + 1, 0],
        [west + 1, 1],
        [west, 1],
        [west, 0],
      ],
    ],
  },
});
const collection = (features: unknown[]) => ({ type: 'FeatureCollection', name: 'x', features });
/** Millions of numbers are compared by their hash. */
function hashed(plain: object): unknown {
  return Object.entries(plain).map(([name, value]) => [name, hashedValue(value)]);
}

function hashedValue(value: unknown): unknown {
  if (value instanceof Int32Array || value instanceof Float64Array)
    return createHash('sha256').update(value).digest('hex');
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? hashed(value) : value;
}

describe('placesInTurns', () => {
  it('builds what buildPlaces builds, over all counties, and gives way in between', () => {
    const counties = polygons('all', 1);
    const steps = placesInTurns(bytes(counties), { key: 'code' });
    let turns = 0;
    let step = steps.next();
    for (; !step.done; step = steps.next()) turns++;
    const made = step.value.polygons!;
    const whole = buildPlaces(counties, { key: 'code' }).polygons!;
    expect(hashed(made)).toEqual(hashed(whole));
    expect(turns).toBeGreaterThan(100);
  });

  it('takes features of one key for one tract, however far apart they stand, and lists ids in their order', () => {
    const many = Array.from({ length: 400 }, (_, at) => square(`c${(400 - at) % 199}`, (at % 170) - 100));
    const shapes = collection([square('b', 100), ...many, square('a', 102), square('b', 104)]);
    expect(hashed(inTurns(shapes, 2).polygons!)).toEqual(
      hashed(buildPlaces(shapes, { key: 'code' }).polygons!),
    );
    const places = inTurns(shapes);
    expect(locate(places, { latitude: 0.5, longitude: 100.5 })).toEqual({ tract: 'b', how: 'inside' });
    expect(locate(places, { latitude: 0.5, longitude: 104.5 })).toEqual({ tract: 'b', how: 'inside' });
  });

  it('knows no places where no feature has any', () => {
    expect(inTurns(collection([]))).toEqual({ kind: 'none', polygons: null, cells: null });
    expect(inTurns(collection([{ ...square('a', 0), geometry: null }])).kind).toBe('none');
  });

  it('reads what is written in an unusual way as a whole', () => {
    expect(inTurns(square('a', 0)).polygons?.tracts).toEqual(['a']);
    const twice = JSON.stringify(collection([square('a', 0)])).replace('"name":"x"', '"features":[]');
    const places = drained(placesInTurns(Buffer.from(twice), { key: 'code' }));
    expect(places.polygons?.tracts).toEqual(['a']);
  });

  it.each([
    ['no list of features', { type: 'Topology' }],
    [
      'feature 401 of the polygons has no property "code"',
      [...Array(400).keys(), undefined].map((at) => square(at, 0)),
    ],
    ['is a Point', [square('a', 0, { type: 'Point', coordinates: [0, 0] })]],
  ])('refuses what buildPlaces refuses, in the same words: %s', (words, wrong) => {
    const geojson = Array.isArray(wrong) ? collection(wrong) : wrong;
    expect(() => inTurns(geojson)).toThrow(words);
    expect(() => buildPlaces(geojson, { key: 'code' })).toThrow(words);
  });

  it('refuses what is no JSON', () => {
    expect(() => drained(placesInTurns(Buffer.from('{"features":[{]}'), { key: 'id' }))).toThrow(SyntaxError);
  });
});
