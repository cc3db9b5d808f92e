import { createRequire } from 'node:module';
import { centroid } from '@turf/turf';
import type { FeatureCollection, MultiPolygon, Polygon } from 'geojson';
import { feature, neighbors } from 'topojson-client';
import type { GeometryCollection, Topology } from 'topojson-specification';
import { UsageError } from '../contracts/errors.ts';
import { random } from './random.ts';

export interface County {
  /** FIPS code, five digits, leading zeros kept. */
  code: string;
  name: string;
  latitude: number;
  longitude: number;
  /** Invented: no real population is shipped. */
  population: number;
  /** Indices of the counties it shares a border with. */
  neighbours: number[];
}

export interface CountyProperties {
  code: string;
  name: string;
  population: number;
}

/** Degrees are kept to this many decimals, some ten metres. */
const DECIMALS = 4;

/** Counties of one US state, or of all of them.
 *  @param state two-digit FIPS code (42 = Pennsylvania), or `all`
 *  @param seed of the invented populations
 *  @throws UsageError for a state that does not exist */
export function counties(state: string, seed: number): County[] {
  const { geometries } = selected(state);
  const shapes = polygons(state, seed);
  const borders = neighbors(geometries);
  return shapes.features.map((shape, index) => {
    const [longitude, latitude] = centroid(shape).geometry.coordinates;
    return {
      ...shape.properties,
      latitude: rounded(latitude),
      longitude: rounded(longitude),
      neighbours: borders[index],
    };
  });
}

/** Their outlines as GeoJSON, in the same order. */
export function polygons(
  state: string,
  seed: number,
): FeatureCollection<Polygon | MultiPolygon, CountyProperties> {
  const { topology, geometries } = selected(state);
  const collection = feature(topology, { type: 'GeometryCollection', geometries });
  const draw = random(seed ^ 0x5eed);
  return {
    type: 'FeatureCollection',
    features: collection.features.map((one) => {
      const geometry = one.geometry as Polygon | MultiPolygon;
      return {
        type: 'Feature',
        geometry: { ...geometry, coordinates: roundedAll(geometry.coordinates) } as Polygon | MultiPolygon,
        properties: {
          code: String(one.id).padStart(5, '0'),
          name: String((one.properties as { name: string }).name),
          population: population(draw.normal()),
        },
      };
    }),
  };
}

/** Log-normal with a median of 55,000, in the range of real counties. */
function population(normal: number): number {
  return Math.round(Math.min(1_600_000, Math.max(4_000, 55_000 * Math.exp(1.1 * normal))));
}

function selected(state: string): { topology: Topology; geometries: GeometryCollection['geometries'] } {
  const topology = createRequire(import.meta.url)('us-atlas/counties-10m.json') as Topology;
  const all = (topology.objects.counties as GeometryCollection).geometries;
  const geometries = all
    .filter((one) => state === 'all' || String(one.id).padStart(5, '0').startsWith(state))
    .sort((a, b) => Number(a.id) - Number(b.id));
  if (geometries.length === 0) {
    throw new UsageError(`no US state has the FIPS code "${state}"`, {
      hint: 'write two digits into source.simulator.state, such as "42" for Pennsylvania',
    });
  }
  return { topology, geometries };
}

function rounded(degrees: number): number {
  return Number(degrees.toFixed(DECIMALS));
}

function roundedAll<T>(coordinates: T): T {
  return (Array.isArray(coordinates) ? coordinates.map(roundedAll) : rounded(coordinates as number)) as T;
}
