import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from '../../pipeline/workspace.ts';

const POLYGONS = join(REPOSITORY, '..', 'shared', 'data', 'geo', 'italy-provinces.geojson');

/** The polygons of Italy's provinces, numbered 001 and on as the sample's tracts are.
 *  @returns null where the developer data are not here */
export function provincePolygons(): { geojson: Uint8Array; tracts: number } | null {
  if (!existsSync(POLYGONS)) return null;
  const { features, ...rest } = JSON.parse(readFileSync(POLYGONS, 'utf8')) as { features: object[] };
  const numbered = features.map((feature, index) => {
    const id = String(index + 1).padStart(3, '0');
    return { ...feature, properties: { id, name: id } };
  });
  return { geojson: Buffer.from(JSON.stringify({ ...rest, features: numbered })), tracts: features.length };
}
