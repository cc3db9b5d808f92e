import type { FeatureCollection } from 'geojson';
import { feature } from 'topojson-client';
import { describe, expect, it } from 'vitest';
import { outlinesOf } from './outline.ts';

const square = (id: string, west: number, south: number) => ({
  type: 'Feature' as const,
  properties: { id },
  geometry: {
    type: 'Polygon' as const,
    coordinates: [
      [
        [west, south],
        [west, south + 1],
        [west + 0.499, south + 1],
        [west + 0.5, south + 1.0005],
        [west + 0.501, south + 1],
        [west + 1, south + 1],
        [west + 1, south],
        [west, south],
      ],
    ],
  },
});
const collection = (...features: FeatureCollection['features']): FeatureCollection => ({
  type: 'FeatureCollection',
  features,
});
const corners = (outlines: ReturnType<typeof outlinesOf>['far']) =>
  feature(outlines, outlines.objects.tracts).features.map(({ id, geometry }) => ({
    id,
    ring: (geometry as { coordinates: number[][][] }).coordinates[0],
  }));

describe('outlinesOf', () => {
  it('leaves out what no screen shows, and keeps what one that came closer does', () => {
    const { far, near } = outlinesOf(collection(square('a', 0, 0), square('b', 1, 0)));
    expect(corners(far).map(({ id, ring }) => [id, ring.length])).toEqual([
      ['a', 5],
      ['b', 5],
    ]);
    expect(corners(near)[0].ring.length).toBe(8);
  });

  it('lays the map flat: a degree is as long either way in its middle', () => {
    const { far } = outlinesOf(collection(square('a', 10, 59.5)));
    expect(far.flat.squeeze).toBeCloseTo(0.5, 2);
    const xs = corners(far)[0].ring.map(([x]) => x);
    expect(Math.max(...xs) - Math.min(...xs)).toBeCloseTo(0.5, 2);
  });

  it('keeps islands on both sides of the antimeridian together', () => {
    const { flat } = outlinesOf(collection(square('a', 178, 0), square('b', -179, 0))).far;
    expect(flat.cut).toBeGreaterThan(-178);
    expect(flat.cut).toBeLessThan(178);
  });

  it('makes one map of features without a shape, and of none', () => {
    const nowhere = { type: 'Feature' as const, properties: { id: 'n' }, geometry: null as never };
    expect(corners(outlinesOf(collection(square('a', 0, 0), nowhere)).far)).toHaveLength(1);
    expect(corners(outlinesOf(collection()).far)).toEqual([]);
  });
});
