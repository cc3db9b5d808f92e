import type { Edition, Tract } from './edition.ts';
import { type How, tractAsked, tractOf } from './find-tract.ts';
import { agesOf, newestOf, observed, ofHorizon, outOfRangeOf, rounded } from './observed.ts';
import type { LoadedPack } from './pack.ts';
import { PlacesAsked } from './places-asked.ts';
import type { Asked } from './question.ts';
import { type ReadyText, readyText } from './ready-text.ts';

const MINUTE_MS = 60_000;

/** The answers of one edition as JSON, each part written once: only the age of the data changes while it is served, and no faster
 *  than by the minute. */
export interface TractAnswers {
  /** @throws ProblemError for coordinates that cannot be meant (400), and for a place or an id without forecast (404) */
  to(asked: Asked): { answer: TractAnswer; how: How };
}

/** @throws ProblemError 503 where nothing was observed yet */
export function tractAnswers(edition: Edition): TractAnswers {
  const frame = new Frame(edition);
  const outside = outOfRangeOf(edition);
  const answers = new Map<string, TractAnswer>();
  const before = new PlacesAsked<ReturnType<TractAnswers['to']>>();

  return {
    to(asked) {
      const { lat, lon } = asked;
      if (lat === undefined || lon === undefined) return found(asked);
      let there = before.get(lat, lon);
      if (!there) {
        there = found(asked);
        before.set(lat, lon, there);
      }
      return there;
    },
  };

  function found(asked: Asked): ReturnType<TractAnswers['to']> {
    const { id, how } = tractAsked(edition, asked);
    let answer = answers.get(id);
    if (!answer) {
      answer = new TractAnswer(frame, tractOf(edition, id), outside?.has(id) ?? null);
      answers.set(id, answer);
    }
    return { answer, how };
  }
}

/** What the answers about all tracts share. */
class Frame {
  readonly model: string;
  readonly target: string;
  readonly tail: string;
  readonly #pack: LoadedPack;
  #minute = Number.NaN;
  #ages = '';

  constructor(edition: Edition) {
    const { pack, forecasts } = observed(edition);
    this.#pack = pack;
    this.model = edition.model.name;
    this.target = forecasts.target;
    this.tail = `${JSON.stringify(versionOf(edition)).slice(1)}`;
  }

  agesAt(minute: number): string {
    if (minute !== this.#minute) {
      const { last_time, published_at, data_version } = this.#pack.manifest;
      const ages = agesOf(this.#pack, minute * MINUTE_MS);
      this.#ages = `,"data":${JSON.stringify({ last_time, published_at, ...ages, version: data_version })},`;
      this.#minute = minute;
    }
    return this.#ages;
  }
}

/** For people, and one word for machines. */
const FOUND: Record<How, string> = {
  inside: '"found":"inside its polygon","how":"inside"}',
  border: '"found":"on its border","how":"border"}',
  cell: '"found":"nearest of the given coordinates: this model has no polygons","how":"cell"}',
  id: '"found":"by its id","how":"id"}',
};

/** The answers about one tract. */
export class TractAnswer {
  readonly #frame: Frame;
  readonly #start: string;
  readonly #middle: string;
  readonly #all: string;
  readonly #byHorizon: Map<number, string>;
  /** The latest answer for all horizons. */
  #whole: { how: How; minute: number; ready: ReadyText } | null = null;

  /** @param outOfRange whether the tract's newest values lie outside of what the model has learnt from; null: it cannot tell */
  constructor(
    frame: Frame,
    readonly tract: Tract,
    readonly outOfRange: boolean | null,
  ) {
    const { id, name, total } = tract;
    const facts = {
      target: frame.target,
      /** All cases so far; null where the pack does not tell. */
      total: total ?? null,
      newest: newestOf(tract),
      out_of_training_range: outOfRange,
      interval: 0.9,
    };
    this.#frame = frame;
    this.#start = `${JSON.stringify({ model: frame.model, tract: { id, name } }).slice(0, -2)},`;
    this.#middle = `,${JSON.stringify(facts).slice(1, -1)},"forecast":`;
    this.#all = listOf(tract.forecasts);
    this.#byHorizon = new Map(tract.forecasts.map((one) => [one.horizon, listOf([one])]));
  }

  /** @param horizon undefined: all
   *  @param now milliseconds since 1970
   *  @throws ProblemError 400 for a horizon that is not forecast */
  ready(how: How, horizon: number | undefined, now: number): ReadyText {
    const minute = Math.floor(now / MINUTE_MS);
    const whole = this.#whole;
    if (horizon === undefined && whole?.minute === minute && whole.how === how) return whole.ready;
    const { tail } = this.#frame;
    const list =
      horizon === undefined ? this.#all : (this.#byHorizon.get(horizon) ?? onlyOf(this.tract, horizon));
    const ready = readyText(
      `${this.#start}${FOUND[how]}${this.#middle}${list}${this.#frame.agesAt(minute)}${tail}`,
    );
    if (horizon === undefined) this.#whole = { how, minute, ready };
    return ready;
  }
}

function onlyOf(tract: Tract, horizon: number): string {
  return listOf(ofHorizon(tract, horizon));
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
