import type { Overview, SeriesData } from '../data.ts';
import { chart, type Line, newestOf } from './chart.ts';
import type { Point } from './flat.ts';
import { byId, el } from './html.ts';
import { isAborted, load, troubleFrom } from './load.ts';
import type { PageData } from './page-data.ts';
import { amount, count, moreOrLess, percent, plain, range } from './words.ts';

/** Of `GET /statistics`, what is shown here. */
interface Statistics {
  radius_km: number;
  method: string;
  totals_note: string;
  population: { value: number | null };
  /** null: this target cannot be added up. */
  last_7_days: { value: number | null } | null;
  forecast: { time: string; point: number | null; low: number | null; high: number | null }[] | null;
  tracts: { id: string; share: number }[];
}

/** Tracts of a large circle that are listed; the others are in the sums. */
const LISTED = 100;

/** What is known of a circle on the map. */
export class Around {
  #under: AbortController | null = null;

  async ask(
    data: PageData,
    { point, radius }: { point: Point | null; radius: number | null },
  ): Promise<void> {
    this.#under?.abort();
    const section = byId('around');
    section.hidden = radius === null;
    if (radius === null) return;
    byId('around-title').textContent = `Within ${count(radius)} km`;
    if (!point) {
      this.#say([el('p', {}, 'Choose a place: it is the middle of the circle.')]);
      return;
    }
    this.#under = new AbortController();
    const { signal } = this.#under;
    const { latitude: lat, longitude: lon } = point;
    try {
      const url = data.url('/statistics', { lat, lon, radius_km: radius });
      const [{ body }, series] = await Promise.all([load<Statistics>(url, { signal }), data.series()]);
      if (signal.aborted) return;
      this.#say(sayCircle(data.overview!, { statistics: body, series, width: byId('drawn').clientWidth }));
    } catch (error) {
      if (isAborted(error)) return;
      const { title, detail } = troubleFrom(error);
      this.#say([el('p', { class: 'trouble' }, `${title}. ${detail}`)]);
    }
  }

  #say(nodes: Node[]): void {
    byId('around-said').replaceChildren(...nodes);
  }
}

interface Circle {
  statistics: Statistics;
  series: SeriesData;
  width: number;
}

function sayCircle(overview: Overview, { statistics, series, width }: Circle): Node[] {
  const { tracts, population, method, totals_note } = statistics;
  const many = tracts.length === 1 ? 'One place lies' : `${tracts.length} places lie`;
  const people = population.value === null ? '' : ` About ${count(population.value)} people live there.`;
  const line = lineOf(overview, { statistics, series });
  return [
    ...(sumsOf(overview, statistics, line) ?? []),
    el('p', {}, `${many} in it, wholly or in part.${people}`),
    ...(line
      ? [
          chart(newestOf(line, width), {
            width,
            about: overview,
            title: `Reported and expected in the circle, by ${overview.step}`,
          }),
        ]
      : []),
    el(
      'details',
      {},
      el('summary', {}, 'Which places, and how much of each'),
      el(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Places in the circle' },
        shares(overview, tracts),
      ),
      el('p', { class: 'small' }, `How this is counted: ${method}. ${totals_note}.`),
    ),
  ];
}

/** The same steps as everywhere on the page; of a target that cannot be added up nothing is said. */
function sumsOf(overview: Overview, { population }: Statistics, line: Line | null): Node[] | null {
  const { ahead, before, steps } = overview;
  if (!line || !ahead || line.ahead.length < steps) return null;
  const next = total(line.ahead.slice(0, steps).map(({ point }) => point));
  const past = before && line.past.filter(({ time }) => time >= before[0] && time <= before[1]);
  const last = past?.every(({ value }) => value !== null) ? total(past.map(({ value }) => value!)) : null;
  const people = population.value;
  return [
    el(
      'p',
      { class: 'lead' },
      'About ',
      el('strong', {}, amount(next, overview)),
      ` ${plain(overview.target)} expected ${range(ahead, overview.step)}`,
      ...(last === null || !before
        ? []
        : [
            ': ',
            el('strong', {}, moreOrLess(last, next)),
            ` (${amount(last, overview)} reported ${range(before, overview.step)})`,
          ]),
      people ? `; ${count(Math.round((next / people) * 100_000))} for every 100,000 people.` : '.',
    ),
  ];
}

/** Each tract's past by its share, and the service's own sum of the forecasts. */
function lineOf(overview: Overview, { statistics, series }: Omit<Circle, 'width'>): Line | null {
  const { forecast, tracts } = statistics;
  if (!forecast) return null;
  const index = new Map(overview.tracts.id.map((id, at) => [id, at]));
  const rows = tracts.map(({ id, share }) => ({ share, recent: series.recent[index.get(id) ?? -1] ?? [] }));
  const past = series.times.map((time, at) => {
    const known = rows.every(({ recent }) => recent[at] !== null && recent[at] !== undefined);
    return { time, value: known ? total(rows.map(({ recent, share }) => recent[at]! * share)) : null };
  });
  return {
    past,
    ahead: forecast.flatMap(({ time, point, low, high }) =>
      point === null || low === null || high === null ? [] : [{ time, point, low, high }],
    ),
  };
}

function shares({ tracts, measure }: Overview, within: Statistics['tracts']): HTMLTableElement {
  const index = new Map(tracts.id.map((id, at) => [id, at]));
  const cell = (value: number | null | undefined) =>
    el('td', {}, value === null || value === undefined ? '–' : amount(value, { measure }));
  const rows = within.slice(0, LISTED).map(({ id, share }) => {
    const at = index.get(id) ?? -1;
    return el(
      'tr',
      {},
      el('th', { scope: 'row' }, tracts.name[at] ?? id),
      el('td', {}, percent(share)),
      cell(tracts.last[at]),
      cell(tracts.next[at]),
    );
  });
  const head = ['Place', 'Of its area', 'Before, all of it', 'Forecast, all of it'];
  return el(
    'table',
    {},
    el('thead', {}, el('tr', {}, ...head.map((text) => el('th', { scope: 'col' }, text)))),
    el('tbody', {}, ...rows),
    within.length > LISTED && el('caption', {}, `The ${LISTED} nearest of ${within.length}`),
  );
}

const total = (values: number[]) => values.reduce((sum, value) => sum + value, 0);
