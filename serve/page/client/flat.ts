import type { Flat } from '../data.ts';

export interface Point {
  latitude: number;
  longitude: number;
}

/** Places on the flat map, in degrees of latitude, y downwards. */
export type XY = [x: number, y: number];

/** A sphere of the same volume as the earth. */
const EARTH_KM = 6371.0088;
const RADIANS = Math.PI / 180;

export function laid({ latitude, longitude }: Point, { squeeze, cut }: Flat): XY {
  return [(longitude > cut ? longitude - 360 : longitude) * squeeze, -latitude];
}

export function unlaid([x, y]: XY, { squeeze }: Flat): Point {
  const longitude = x / squeeze;
  return { latitude: -y, longitude: ((((longitude + 180) % 360) + 360) % 360) - 180 };
}

/** The map where there are no outlines: around the tracts' own coordinates. */
export function flatAround(points: Point[]): Flat {
  const latitudes = points.map(({ latitude }) => latitude);
  const middle = points.length > 0 ? (Math.min(...latitudes) + Math.max(...latitudes)) / 2 : 0;
  return { squeeze: Math.cos(middle * RADIANS), cut: 360 };
}

/** Points at one distance from another, on the sphere, as a closed ring.
 *  @param km along the surface */
export function circle({ latitude, longitude }: Point, km: number, corners = 96): Point[] {
  const reach = Math.min(km / EARTH_KM, Math.PI);
  const [lat, lon] = [latitude * RADIANS, longitude * RADIANS];
  return Array.from({ length: corners }, (_, corner) => {
    const bearing = (2 * Math.PI * corner) / corners;
    const north = Math.asin(
      Math.sin(lat) * Math.cos(reach) + Math.cos(lat) * Math.sin(reach) * Math.cos(bearing),
    );
    const east = Math.atan2(
      Math.sin(bearing) * Math.sin(reach) * Math.cos(lat),
      Math.cos(reach) - Math.sin(lat) * Math.sin(north),
    );
    return { latitude: north / RADIANS, longitude: (lon + east) / RADIANS };
  });
}
