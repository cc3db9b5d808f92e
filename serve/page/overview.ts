import { createHash } from 'node:crypto';
import type { PackForecasts } from '../../pipeline/contracts/pack.ts';
import { STEP_MS, type Step } from '../../pipeline/contracts/panel.ts';
import type { Edition } from '../predictor/edition.ts';
import { observed, rounded } from '../predictor/observed.ts';
import { scaleOf } from '../predictor/scale.ts';
import { before, type Comparing, compare, comparing } from './compare.ts';
import type { Overview, SeriesData } from './data.ts';

type Tract = PackForecasts['tracts'][number];

/** Steps that a portal may be late by before the page warns, beside its usual delay. */
const LATE_STEPS = 3;

/** Pure.
 *  @param models names of all that are served
 *  @throws ProblemError 503 where nothing was observed yet */
export function overviewOf(edition: Edition, models: string[]): Overview {
  const { pack, forecasts } = observed(edition);
  const { model, places } = edition;
  const how = comparing(forecasts, scaleOf(pack));
  const { tracts } = forecasts;
  return {
    models,
    model: model.name,
    target: forecasts.target,
    ...how,
    unit: unitOf(tracts, how),
    ...periods(tracts, how),
    places: places.kind,
    outlines: model.geojson ? model.version.digest.slice(0, 16) : '',
    series: seriesName(edition),
    data: {
      last_time: forecasts.last_time,
      published_at: pack.manifest.published_at,
      version: pack.manifest.data_version,
      stale_after_days: staleAfterDays(how.step, forecasts.delay ?? 0),
    },
    version: versionOf(edition),
    tracts: columns(tracts, how),
  };
}

/** Pure; charts need it, the map does not.
 *  @throws ProblemError 503 where nothing was observed yet */
export function seriesOf(edition: Edition): SeriesData {
  const { tracts } = observed(edition).forecasts;
  const times = moments(tracts.map(({ recent }) => recent));
  const ahead = moments(tracts.map(({ forecasts }) => forecasts));
  const column = (value: (one: Tract['forecasts'][number]) => number) =>
    tracts.map(({ forecasts }) => along(ahead, forecasts, value));
  return {
    series: seriesName(edition),
    times,
    ahead,
    recent: tracts.map(({ recent }) =>
      along(times, recent, ({ value, observed }) => (observed ? value : null)),
    ),
    point: column(({ point }) => point),
    low: column(({ low }) => low),
    high: column(({ high }) => high),
  };
}

function columns(tracts: Tract[], how: Comparing): Overview['tracts'] {
  const compared = tracts.map((tract) => compare(tract, how));
  return {
    id: tracts.map(({ id }) => id),
    name: tracts.map(({ name }) => name),
    population: tracts.map(({ population }) => population ?? null),
    total: tracts.map(({ total }) => total?.value ?? null),
    latitude: tracts.map(({ latitude }) => latitude ?? null),
    longitude: tracts.map(({ longitude }) => longitude ?? null),
    last: compared.map(({ last }) => written(last)),
    next: compared.map(({ next }) => written(next)),
  };
}

/** Per 100,000 where most tracts have their population. A difference of temperatures in per cent would mean nothing. */
function unitOf(tracts: Tract[], { measure }: Comparing): Overview['unit'] {
  if (measure === 'mean') return 'absolute';
  const known = tracts.filter(({ population }) => population !== undefined).length;
  return known * 2 >= tracts.length && known > 0 ? 'per_100k' : 'percent';
}

function periods(tracts: Tract[], how: Comparing): Pick<Overview, 'ahead' | 'before'> {
  const tract = tracts.find(({ forecasts, recent }) => forecasts.length >= how.steps && recent.length > 0);
  if (!tract || how.steps === 0) return { ahead: null, before: null };
  return { ahead: ends(tract.forecasts.slice(0, how.steps)), before: ends(before(tract, how)) };
}

function ends(rows: { time: string }[]): [string, string] | null {
  return rows.length > 0 ? [rows[0].time, rows[rows.length - 1].time] : null;
}

function staleAfterDays(step: Step, delay: number): number {
  return ((delay + LATE_STEPS) * STEP_MS[step]) / STEP_MS.day;
}

function versionOf({ model: { version } }: Edition): Overview['version'] {
  const { candidate, is_baseline, registered_at, commit, digest, metrics } = version;
  return {
    version: version.version,
    candidate,
    is_baseline,
    trained_until: version.train_end,
    registered_at,
    commit,
    digest,
    metrics,
  };
}

/** Another model makes other forecasts of the same observations. */
function seriesName({ model, pack }: Edition): string {
  return createHash('sha256').update(`${model.version.digest} ${pack?.id}`).digest('hex').slice(0, 16);
}

function moments(rows: { time: string }[][]): string[] {
  return [...new Set(rows.flatMap((row) => row.map(({ time }) => time)))].sort();
}

function along<T extends { time: string }>(
  times: string[],
  rows: T[],
  value: (row: T) => number | null,
): (number | null)[] {
  const byTime = new Map(rows.map((row) => [row.time, value(row)]));
  return times.map((time) => written(byTime.get(time) ?? null));
}

function written(value: number | null): number | null {
  return value === null || !Number.isFinite(value) ? null : rounded(value);
}
