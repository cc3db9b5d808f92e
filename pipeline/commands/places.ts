import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { withScratch } from '../clients/scratch.ts';
import type { StageContext } from '../context.ts';
import { PerennialError, UsageError } from '../contracts/errors.ts';
import { writeWhole } from '../files.ts';

const Polygons = z.object({
  type: z.literal('FeatureCollection'),
  features: z.array(
    z.object({
      type: z.literal('Feature'),
      properties: z.record(z.string(), z.unknown()).nullable(),
      geometry: z.object({ type: z.enum(['Polygon', 'MultiPolygon']), coordinates: z.array(z.unknown()) }),
    }),
  ),
});
export type Places = z.infer<typeof Polygons>;

/** Where a model's polygons are, and which of their properties holds the tract id. */
export interface PlacesSource {
  polygons: string;
  key: string;
}

const NONE: Places = { type: 'FeatureCollection', features: [] };

/**
 * Puts the tracts' polygons beside the data, each with `id` and `name` in its properties and nothing else; an
 * empty collection where the model has none, for the cached stages want one and the same file.
 * @param fetch reads an address or a path
 */
export async function preparePlaces(
  context: StageContext,
  source: PlacesSource | undefined,
  fetch: (source: string, scratch: string) => Promise<string>,
): Promise<number> {
  const text = JSON.stringify(source ? await readPlaces(source, fetch) : NONE);
  const before = await readFile(context.paths.places, 'utf8').catch(() => null);
  if (before !== text) await writeWhole(context.paths.places, text);
  return (JSON.parse(text) as Places).features.length;
}

async function readPlaces(
  { polygons, key }: { polygons: string; key: string },
  fetch: (source: string, scratch: string) => Promise<string>,
): Promise<Places> {
  try {
    const places = Polygons.parse(
      await withScratch(async (scratch) =>
        JSON.parse(await readFile(await fetch(polygons, scratch), 'utf8')),
      ),
    );
    return {
      type: 'FeatureCollection',
      features: places.features.map(({ properties, geometry, type }) => {
        const id = properties?.[key];
        if (id === undefined || id === null) {
          const has = Object.keys(properties ?? {}).join(', ') || 'nothing';
          throw new UsageError(`a polygon of ${polygons} has no property "${key}"; it has ${has}`, {
            hint: 'name the property that holds the tract id under `places: { key: … }` in params.yaml',
          });
        }
        const name = properties?.name ?? id;
        return { type, properties: { id: String(id), name: String(name) }, geometry };
      }),
    };
  } catch (cause) {
    if (cause instanceof PerennialError) throw cause;
    throw new UsageError(`${polygons} is not a GeoJSON collection of polygons`, {
      cause,
      hint: 'give a FeatureCollection of Polygon or MultiPolygon features under `places.polygons`',
    });
  }
}
