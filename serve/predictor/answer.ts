import { locate } from '../../pipeline/tasks/forecast/predict/places.ts';
import { ProblemError } from '../problem.ts';
import type { Edition, Tract } from './edition.ts';

export type Question =
  | { tract: string; horizon?: number }
  | { latitude: number; longitude: number; horizon?: number };

const DAY_MS = 86_400_000;

/** What is answered to a question; pure.
 *  @throws CoordinatesError for coordinates that cannot be meant, ProblemError for a place or a horizon without forecast */
export function answer(edition: Edition, question: Question, now: Date) {
  const { version } = edition.model;
  const { pack, forecasts } = observed(edition);
  const { tract, found } = findTract(edition, question);
  const newest = tract.recent.findLast(({ observed }) => observed);
  return {
    model: edition.model.name,
    tract: { id: tract.id, name: tract.name, found },
    target: forecasts.target,
    /** Null: nothing was observed in the weeks that the pack carries. */
    newest: newest ? { time: newest.time, value: newest.value } : null,
    interval: 0.9,
    forecast: ofHorizon(tract, question.horizon).map(({ time, horizon, point, low, high }) => ({
      time,
      horizon,
      point: written(point),
      low: written(low),
      high: written(high),
    })),
    data: {
      last_time: pack.manifest.last_time,
      published_at: pack.manifest.published_at,
      age_days: Number(((now.getTime() - Date.parse(pack.manifest.last_time)) / DAY_MS).toFixed(2)),
      version: pack.manifest.data_version,
    },
    version: {
      version: version.version,
      candidate: version.candidate,
      is_baseline: version.is_baseline,
      trained_until: version.train_end,
    },
  };
}

/** @throws ProblemError where there is nothing to forecast from */
function observed({ model, pack, forecasts }: Edition) {
  if (pack && forecasts) return { pack, forecasts };
  throw new ProblemError('no-observations', {
    status: 503,
    title: 'Nothing observed yet',
    detail: `${model.name} has no observation pack yet`,
    facts: { hint: 'GET /health/ready tells when it has; POST /predict answers without one' },
  });
}

function findTract(predictor: Edition, question: Question): { tract: Tract; found: string } {
  if ('tract' in question) return { tract: known(predictor, question.tract), found: 'by its id' };
  const located = locate(predictor.places, question);
  if ('outside' in located) {
    const { tract, distance_km } = located.nearest;
    const name = predictor.tracts.get(tract)?.name ?? tract;
    throw new ProblemError('outside', {
      status: 404,
      title: 'No tract is there',
      detail: `latitude ${question.latitude}, longitude ${question.longitude} lies outside every tract; the nearest is ${name}, ${distance_km} km away`,
      facts: { nearest: { id: tract, name, distance_km } },
    });
  }
  return { tract: known(predictor, located.tract), found: HOW[located.how] };
}

const HOW = {
  inside: 'inside its polygon',
  border: 'on its border',
  cell: 'nearest of the given coordinates: this model has no polygons',
};

function known({ tracts, model }: Edition, id: string): Tract {
  const tract = tracts.get(id);
  if (tract) return tract;
  throw new ProblemError('unknown-tract', {
    status: 404,
    title: 'No such tract',
    detail: `${model.name} has no forecast for tract "${id}"`,
    facts: { hint: 'GET / names one that it knows' },
  });
}

function ofHorizon({ forecasts }: Tract, horizon: number | undefined): Tract['forecasts'] {
  const wanted = forecasts.filter((forecast) => horizon === undefined || forecast.horizon === horizon);
  if (wanted.length > 0) return wanted;
  throw new ProblemError('horizon', {
    status: 400,
    title: 'No forecast so far ahead',
    detail: `horizon ${horizon} is not forecast; there are ${forecasts.map((one) => one.horizon).join(', ')}`,
  });
}

/** More digits than these would promise what no forecast knows. */
const written = (value: number) => Number(value.toPrecision(5));
