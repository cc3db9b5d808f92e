import { CoordinatesError, type Located, locate } from '../../pipeline/tasks/forecast/predict/places.ts';
import { ProblemError } from '../problem.ts';
import { shown } from './check-rows.ts';
import type { Edition, Tract } from './edition.ts';
import { type Asked, PARAMETERS } from './question.ts';

/** How a tract was found: `id` where it was named. */
export type How = 'inside' | 'border' | 'cell' | 'id';

/** The id of the tract that a question is about; whether there is a forecast for it is not asked.
 *  @throws ProblemError for coordinates that cannot be meant (400), and for a place without a tract (404) */
export function tractAsked(edition: Edition, { lat, lon, tract }: Asked): { id: string; how: How } {
  if (tract !== undefined) return { id: tract, how: 'id' };
  const located = locatedIn(edition, { latitude: lat!, longitude: lon! });
  if ('outside' in located) throw outside(edition, located, { lat, lon });
  return { id: located.tract, how: located.how };
}

/** @throws ProblemError 404 for a tract without forecast */
export function tractOf({ tracts, model }: Edition, id: string): Tract {
  const tract = tracts.get(id);
  if (tract) return tract;
  throw new ProblemError('unknown-tract', {
    status: 404,
    title: 'No such tract',
    detail: `${model.name} has no forecast for tract ${shown(id)}`,
    facts: { hint: 'GET / names one that it knows' },
  });
}

/** @param point in decimal degrees
 *  @throws ProblemError that names field, value and allowed range, in place of a CoordinatesError */
export function locatedIn({ places }: Edition, point: { latitude: number; longitude: number }): Located {
  try {
    return locate(places, point);
  } catch (error) {
    if (!(error instanceof CoordinatesError)) throw error;
    const { reason, message, hint } = error;
    const { latitude: lat, longitude: lon } = point;
    const field = (name: 'lat' | 'lon', value: number) => ({
      field: name,
      value: shown(value),
      allowed: PARAMETERS[name].allowed,
      detail: reason === 'swapped' ? 'looks exchanged' : 'is out of range',
    });
    const errors = [field('lat', lat), field('lon', lon)].filter(
      (_, at) => reason === 'swapped' || (at === 0 ? Math.abs(lat) > 90 : Math.abs(lon) > 180),
    );
    const status = reason === 'no-places' ? 404 : 400;
    throw new ProblemError(reason, {
      status,
      title: TITLES[reason],
      detail: message,
      facts: { errors, hint },
    });
  }
}

const TITLES: Record<CoordinatesError['reason'], string> = {
  'not-a-number': 'Not a number',
  'out-of-range': 'There are no such coordinates',
  swapped: 'Latitude and longitude look exchanged',
  'no-places': 'This model knows no places',
};

/** A place without a tract, with the nearest one. */
export function outside(
  edition: Edition,
  { nearest, exchanged }: Extract<Located, { outside: true }>,
  { lat, lon }: Pick<Asked, 'lat' | 'lon'>,
): ProblemError {
  const named = (id: string) => edition.tracts.get(id)?.name ?? id;
  const { tract: id, distance_km } = nearest;
  return new ProblemError('outside', {
    status: 404,
    title: 'No tract is there',
    detail: `latitude ${lat}, longitude ${lon} lies outside every tract; the nearest is ${named(id)}, ${distance_km} km away`,
    facts: {
      nearest: { id, name: named(id), distance_km },
      ...(exchanged === undefined
        ? {}
        : { hint: `exchanged, as latitude ${lon} and longitude ${lat}, it lies in ${named(exchanged)}` }),
    },
  });
}
