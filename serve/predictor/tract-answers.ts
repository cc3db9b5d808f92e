import type { Edition, Tract } from './edition.ts';
import type { How } from './find-tract.ts';
import { agesOf, newestOf, observed, ofHorizon, outOfRangeOf, rounded } from './observed.ts';
import { type ReadyText, readyText } from './ready-text.ts';

const MINUTE_MS = 60_000;

/** The answers of one edition as JSON, each part written once: only the age of the data changes while it is served, and no faster
 *  than by the minute. */
export interface TractAnswers {
  /** @param horizon undefined: all
   *  @param now milliseconds since 1970
   *  @throws ProblemError 400 for a horizon that is not forecast */
  ready(found: { tract: Tract; how: How }, horizon: number | undefined, now: number): ReadyText;
  /** Whether the tract's newest values lie outside of what the model has learnt from; null: it cannot tell. */
  outOfRange(tract: Tract): boolean | null;
}

const made = new WeakMap<Edition, TractAnswers>();

/** @throws ProblemError 503 where nothing was observed yet */
export function tractAnswers(edition: Edition): TractAnswers {
  let answers = made.get(edition);
  if (!answers) {
    answers = answersOf(edition);
    made.set(edition, answers);
  }
  return answers;
}

/** For people, and one word for machines. */
const FOUND: Record<How, string> = {
  inside: '"found":"inside its polygon","how":"inside"}',
  border: '"found":"on its border","how":"border"}',
  cell: '"found":"nearest of the given coordinates: this model has no polygons","how":"cell"}',
  id: '"found":"by its id","how":"id"}',
};

interface Written {
  start: string;
  middle: string;
  all: string;
  byHorizon: Map<number, string>;
  /** The latest answer for all horizons. */
  whole: { how: How; minute: number; ready: ReadyText } | null;
}

function answersOf(edition: Edition): TractAnswers {
  const { model } = edition;
  const { pack, forecasts } = observed(edition);
  const outside = outOfRangeOf(edition);
  const written = new Map<Tract, Written>();
  const { last_time, published_at, data_version } = pack.manifest;
  const tail = `${JSON.stringify(versionOf(edition)).slice(1)}`;
  let ages = { minute: Number.NaN, text: '' };

  return {
    outOfRange,
    ready({ tract, how }, horizon, now) {
      const minute = Math.floor(now / MINUTE_MS);
      const parts = writtenOf(tract);
      const { start, middle, all, byHorizon, whole } = parts;
      if (horizon === undefined && whole?.minute === minute && whole.how === how) return whole.ready;
      const list = horizon === undefined ? all : (byHorizon.get(horizon) ?? onlyOf(tract, horizon));
      const ready = readyText(`${start}${FOUND[how]}${middle}${list}${agesAt(minute)}${tail}`);
      if (horizon === undefined) parts.whole = { how, minute, ready };
      return ready;
    },
  };

  function outOfRange({ id }: Tract): boolean | null {
    return outside === null ? null : outside.has(id);
  }

  function writtenOf(tract: Tract): Written {
    let parts = written.get(tract);
    if (!parts) {
      const { id, name, total } = tract;
      const facts = {
        target: forecasts.target,
        /** All cases so far; null where the pack does not tell. */
        total: total ?? null,
        newest: newestOf(tract),
        out_of_training_range: outOfRange(tract),
        interval: 0.9,
      };
      parts = {
        start: `${JSON.stringify({ model: model.name, tract: { id, name } }).slice(0, -2)},`,
        middle: `,${JSON.stringify(facts).slice(1, -1)},"forecast":`,
        all: listOf(tract.forecasts),
        byHorizon: new Map(tract.forecasts.map((one) => [one.horizon, listOf([one])])),
        whole: null,
      };
      written.set(tract, parts);
    }
    return parts;
  }

  function onlyOf(tract: Tract, horizon: number): string {
    return listOf(ofHorizon(tract, horizon));
  }

  function agesAt(minute: number): string {
    if (minute !== ages.minute) {
      const data = { last_time, published_at, ...agesOf(pack, minute * MINUTE_MS), version: data_version };
      ages = { minute, text: `,"data":${JSON.stringify(data)},` };
    }
    return ages.text;
  }
}

/** What answered, for people who ask again later. */
export function versionOf({ model: { version } }: Edition) {
  const { train_end, candidate, is_baseline } = version;
  return { version: { version: version.version, candidate, is_baseline, trained_until: train_end } };
}

export function listOf(forecasts: Tract['forecasts']): string {
  return JSON.stringify(
    forecasts.map(({ time, horizon, point, low, high }) => ({
      time,
      horizon,
      point: rounded(point),
      low: rounded(low),
      high: rounded(high),
    })),
  );
}
