import type { PackForecasts } from '../../pipeline/contracts/pack.ts';
import { ProblemError } from '../problem.ts';
import type { Edition, Tract } from './edition.ts';
import type { LoadedPack } from './pack.ts';

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;

/** More digits than these would promise what no forecast knows. */
export const rounded = (value: number) => Number(value.toPrecision(5));

/** @throws ProblemError where there is nothing to forecast from */
export function observed({ model, pack, forecasts }: Edition): {
  pack: LoadedPack;
  forecasts: PackForecasts;
} {
  if (pack && forecasts) return { pack, forecasts };
  throw new ProblemError('no-observations', {
    status: 503,
    title: 'Nothing observed yet',
    detail: `${model.name} has no observation pack yet`,
    facts: { hint: 'GET /health/ready tells when it has; POST /predict answers without one' },
  });
}

/** What of a tract does not depend on the question, computed once. */
interface Figures {
  newest: ReturnType<typeof newestOf>;
  week: ReturnType<typeof lastWeekOf>;
}

const figures = new WeakMap<Tract, Figures>();

export function figuresOf(tract: Tract): Figures {
  let known = figures.get(tract);
  if (!known) {
    known = { newest: newestOf(tract), week: lastWeekOf(tract) };
    figures.set(tract, known);
  }
  return known;
}

/** The newest value that was observed; null: none in the weeks that the pack carries. */
export function newestOf({ recent }: Tract): { time: string; value: number } | null {
  const newest = recent.findLast((one) => one.observed);
  return newest ? { time: newest.time, value: newest.value } : null;
}

/** The sum of the newest seven days; gaps count as they were filled.
 *  @returns null where the steps are longer, or the pack carries fewer days */
function lastWeekOf({ recent }: Tract): { value: number; observed: number; steps: number } | null {
  if (recent.length < 2) return null;
  const last = Date.parse(recent[recent.length - 1].time);
  const step = last - Date.parse(recent[recent.length - 2].time);
  const steps = WEEK_MS / step;
  if (!Number.isInteger(steps) || recent.length < steps) return null;
  const week = recent.slice(-steps);
  const value = week.reduce((sum, one) => sum + one.value, 0);
  return { value, observed: week.filter((one) => one.observed).length, steps };
}

/** Age of the data in days, of what was observed and of its publication.
 *  @param now epoch milliseconds */
export function agesOf(
  { manifest }: LoadedPack,
  now: number,
): { age_days: number; published_age_days: number } {
  const since = (time: string) => Number(((now - Date.parse(time)) / DAY_MS).toFixed(2));
  return { age_days: since(manifest.last_time), published_age_days: since(manifest.published_at) };
}

/** @throws ProblemError naming the horizons that there are */
export function ofHorizon({ forecasts }: Tract, horizon: number | undefined): Tract['forecasts'] {
  if (horizon === undefined) return forecasts;
  const wanted = forecasts.filter((forecast) => forecast.horizon === horizon);
  if (wanted.length > 0) return wanted;
  const allowed = forecasts.map((one) => one.horizon).join(', ');
  throw new ProblemError('horizon', {
    status: 400,
    title: 'No forecast so far ahead',
    detail: `horizon ${horizon} is not forecast; there are ${allowed}`,
    facts: {
      errors: [{ field: 'horizon', value: String(horizon), allowed, detail: 'is not forecast' }],
    },
  });
}

const known = new WeakMap<Edition, ReadonlySet<string> | null>();

/** Tracts whose newest values the model has not seen the like of; null: it cannot tell. Computed once an edition. */
export function outOfRangeOf(edition: Edition): ReadonlySet<string> | null {
  let found = edition.outOfRange ?? known.get(edition);
  if (found === undefined) {
    const { model, pack } = edition;
    try {
      found = (pack && model.served.outOfRangeTracts?.(pack.files)) ?? null;
    } catch {
      found = null; // Packs of before windows were kept.
    }
    known.set(edition, found);
  }
  return found;
}
