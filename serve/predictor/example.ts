import { locate } from '../../pipeline/tasks/forecast/predict/places.ts';
import type { Edition, Tract } from './edition.ts';

/** A question that works on this data: the coordinates of the tract with most to come, else its id. */
export function exampleQuestion(edition: Edition): string {
  const tracts = (edition.forecasts?.tracts ?? []).toSorted((a, b) => next(b) - next(a));
  for (const { id, latitude, longitude } of tracts) {
    if (latitude === undefined || longitude === undefined) continue;
    // A centre may lie outside of its own polygon, as that of a crescent does.
    if (isInside(edition, id, { latitude, longitude })) return `/forecast?lat=${latitude}&lon=${longitude}`;
  }
  return `/forecast?tract=${encodeURIComponent(tracts[0]?.id ?? '')}`;
}

const next = ({ forecasts }: Tract) => forecasts[0]?.point ?? 0;

function isInside(edition: Edition, id: string, point: { latitude: number; longitude: number }): boolean {
  try {
    const located = locate(edition.places, point);
    return 'tract' in located && located.tract === id;
  } catch {
    return false; // Coordinates in the data that are none.
  }
}
