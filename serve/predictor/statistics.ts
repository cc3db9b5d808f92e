import { tractsWithin, type Within } from '../../pipeline/tasks/forecast/predict/circle.ts';
import type { Edition, Tract } from './edition.ts';
import { locatedIn, outside } from './find-tract.ts';
import { agesOf, figuresOf, observed, ofHorizon, outOfRangeOf, rounded } from './observed.ts';
import type { Asked } from './question.ts';
import { scaleOf } from './scale.ts';
import { totalsOf } from './statistics-totals.ts';
import { listOf, versionOf } from './tract-answers.ts';

/** A tract in the circle that has a forecast. */
export interface Counted {
  tract: Tract;
  share: number;
  distanceKm: number;
}

const METHOD = {
  polygons:
    'a tract counts by the part of its area that lies in the circle, on a sphere of 6371.0088 km; its cases are taken as spread evenly over it',
  cells: 'this model has no polygons: a tract counts whole where its coordinates lie in the circle',
  none: '',
};
const POINT_METHOD = 'a radius of 0 is no circle: the tract of the point counts whole';

/** What is known of a circle: each tract in it, and what they come to together.
 *  @param asked lat, lon and radius_km are there
 *  @param now epoch milliseconds
 *  @returns the answer as JSON, and what it counted
 *  @throws ProblemError for coordinates that cannot be meant, and 404 for a circle without a tract */
export function statistics(
  edition: Edition,
  asked: Asked,
  now: number,
): { text: string; counted: Counted[] } {
  const { model } = edition;
  const { pack, forecasts } = observed(edition);
  const found = withinCircle(edition, asked);
  const counted = found.flatMap(({ tract: id, share, distanceKm }) => {
    const tract = edition.tracts.get(id);
    return tract ? [{ tract, share, distanceKm }] : [];
  });
  const { lat: latitude, lon: longitude, radius_km, horizon } = asked;
  const { last_time, published_at, data_version } = pack.manifest;
  const outOfRange = outOfRangeOf(edition);
  const head = {
    model: model.name,
    target: forecasts.target,
    point: { latitude, longitude },
    radius_km,
    method: radius_km === 0 ? POINT_METHOD : METHOD[edition.places.kind],
    ...totalsOf(counted, { horizon, scale: scaleOf(pack) }),
    tracts_in_circle: found.length,
    tracts_without_forecast: found.length - counted.length,
    out_of_training_range: outOfRange && counted.filter(({ tract }) => outOfRange.has(tract.id)).length,
    interval: 0.9,
    data: { last_time, published_at, ...agesOf(pack, now), version: data_version },
    ...versionOf(edition),
  };
  const lines = linesOf(edition, horizon);
  const tracts = counted.map(
    ({ tract, share, distanceKm }) =>
      `{"id":${JSON.stringify(tract.id)},"share":${rounded(share)},"distance_km":${Math.round(distanceKm * 1000) / 1000},${lines(tract)}`,
  );
  return { text: `${JSON.stringify(head).slice(0, -1)},"tracts":[${tracts.join(',')}]}`, counted };
}

function withinCircle(edition: Edition, asked: Asked): Within[] {
  const { lat, lon, radius_km: radiusKm } = asked;
  const point = { latitude: lat!, longitude: lon! };
  // Also refuses coordinates that cannot be meant, exchanged ones among them.
  const located = locatedIn(edition, point);
  if (radiusKm === 0 && 'tract' in located) return [{ tract: located.tract, share: 1, distanceKm: 0 }];
  const found = radiusKm === 0 ? [] : tractsWithin(edition.places, { ...point, radiusKm: radiusKm! });
  if (found.length > 0) return found;
  if ('outside' in located) throw outside(edition, located, asked);
  // Of a cell the coordinates alone may lie beyond the circle.
  return [{ tract: located.tract, share: 1, distanceKm: 0 }];
}

const written = new WeakMap<Edition, Map<number | undefined, Map<Tract, string>>>();

/** What does not depend on the circle is written once a tract. */
function linesOf(edition: Edition, horizon: number | undefined): (tract: Tract) => string {
  let byHorizon = written.get(edition);
  if (!byHorizon) {
    byHorizon = new Map();
    written.set(edition, byHorizon);
  }
  const lines = byHorizon.get(horizon) ?? new Map<Tract, string>();
  return (tract) => {
    let line = lines.get(tract);
    if (line === undefined) {
      line = lineOf(tract, horizon);
      lines.set(tract, line);
      // A horizon that is not forecast has thrown by now, so that there are as many maps as horizons.
      byHorizon.set(horizon, lines);
    }
    return line;
  };
}

function lineOf(tract: Tract, horizon: number | undefined): string {
  const { name, population, total } = tract;
  const { newest, week } = figuresOf(tract);
  const facts = {
    name,
    population: population ?? null,
    total: total ?? null,
    newest,
    last_7_days: week && { ...week, value: rounded(week.value) },
  };
  return `${JSON.stringify(facts).slice(1, -1)},"forecast":${listOf(ofHorizon(tract, horizon))}}`;
}
