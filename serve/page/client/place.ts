import type { Overview } from '../data.ts';
import { lineOf } from './chart.ts';
import type { Point } from './flat.ts';
import { byId, el } from './html.ts';
import { isAborted, load, type Trouble, troubleFrom } from './load.ts';
import type { PageData } from './page-data.ts';
import { drawTract, sayTract } from './say-tract.ts';
import { degrees } from './words.ts';

export interface Asked {
  point: Point | null;
  /** What the map or the list say; the service knows the true borders. */
  tract: number | null;
}

interface Located {
  tract: { id: string; found: string };
  /** Whether its newest values are unlike all that the model has learnt from; null: it cannot tell. */
  out_of_training_range?: boolean | null;
}

const UNUSUAL =
  'The newest values here are outside of what the model has learnt from: its forecast is less sure than its range says.';

/** The panel of one place: the service says in which tract it lies, the series say the rest. */
export class Place {
  #under: AbortController | null = null;
  readonly #observer: ResizeObserver;
  #drawn: { tract: number; how: string; care: string } | null = null;

  constructor(
    private readonly data: PageData,
    private readonly labels: string[],
    private readonly onTract: (tract: number | null) => void,
  ) {
    let before = 0;
    this.#observer = new ResizeObserver(([{ contentRect }]) => {
      if (Math.abs(contentRect.width - before) < 1) return;
      before = contentRect.width;
      if (this.#drawn) void this.#draw(this.#drawn.tract);
    });
    this.#observer.observe(byId('drawn'));
  }

  close(): void {
    this.#under?.abort();
    this.#observer.disconnect();
  }

  /** Shows at once what the map knows; the service's answer corrects it, and stands while it is away. */
  async ask({ point, tract }: Asked): Promise<void> {
    this.#under?.abort();
    this.#under = new AbortController();
    const { signal } = this.#under;
    const where = point ? `at ${coordinates(point)}` : '';
    if (tract !== null) await this.#show(tract, where);
    const asked: Record<string, string | number> = point
      ? { lat: point.latitude, lon: point.longitude }
      : { tract: this.#overview.tracts.id[tract!] };
    try {
      const { body } = await load<Located>(this.data.url('/forecast', { ...asked, horizon: 1 }), { signal });
      const found = point ? `${where}, ${body.tract.found}` : '';
      const care = body.out_of_training_range ? UNUSUAL : '';
      await this.#show(this.#overview.tracts.id.indexOf(body.tract.id), found, care);
    } catch (error) {
      if (isAborted(error)) return;
      const trouble = troubleFrom(error);
      if (trouble.status === 0 && tract !== null) {
        if (point) await this.#show(tract, `${where}, by the drawn map: ${trouble.title.toLowerCase()}`);
      } else if (point) this.#refuse(point, trouble);
      else byId('said').append(el('p', { class: 'trouble' }, `${trouble.title}. ${trouble.detail}`));
    }
  }

  get #overview(): Overview {
    return this.data.overview!;
  }

  async #show(tract: number, how: string, care = ''): Promise<void> {
    this.#drawn = { tract, how, care };
    byId('place-title').textContent = this.labels[tract] ?? 'A place without a forecast';
    this.onTract(tract);
    await this.#draw(tract);
  }

  async #draw(tract: number): Promise<void> {
    try {
      const series = await this.data.series();
      if (this.#drawn?.tract !== tract) return;
      const line = lineOf(series, tract);
      const label = this.labels[tract];
      const { how, care } = this.#drawn;
      byId('found').textContent = how;
      say([
        ...sayTract(this.#overview, { tract, line, label }),
        ...(care ? [el('p', { class: 'trouble' }, care)] : []),
      ]);
      const drawn = byId('drawn');
      const isOpen = drawn.querySelector('details')?.open ?? false;
      drawn.replaceChildren(...drawTract(this.#overview, { line, label, width: drawn.clientWidth }));
      drawn.querySelector('details')!.open = isOpen;
    } catch (error) {
      const { title, detail } = troubleFrom(error);
      say([el('p', { class: 'trouble' }, `${title}. ${detail}`)]);
      byId('drawn').replaceChildren();
    }
  }

  /** At sea, exchanged, out of range: the service says what is wrong and what to do. */
  #refuse(point: Point, { title, detail, facts }: Trouble): void {
    this.#drawn = null;
    this.onTract(null);
    const nearest = facts.nearest as { id: string; name: string } | undefined;
    const at = nearest ? this.#overview.tracts.id.indexOf(nearest.id) : -1;
    const hint = typeof facts.hint === 'string' ? facts.hint : null;
    byId('place-title').textContent = title;
    byId('found').textContent = `at ${coordinates(point)}`;
    say([
      el('p', { class: 'trouble' }, `${detail}.`),
      ...(hint ? [el('p', {}, hint)] : []),
      ...(at >= 0
        ? [
            el(
              'p',
              {},
              el('button', { type: 'button', click: () => this.#nearest(at) }, `Show ${this.labels[at]}`),
            ),
          ]
        : []),
    ]);
    byId('drawn').replaceChildren();
  }

  #nearest(tract: number): void {
    void this.#show(tract, 'the nearest to the point that was asked about');
    byId('place-title').focus();
  }
}

const coordinates = ({ latitude, longitude }: Point) =>
  `latitude ${degrees(latitude)}, longitude ${degrees(longitude)}`;

/** What is said aloud is not said twice. */
function say(nodes: Node[]): void {
  const said = byId('said');
  const text = nodes.map(({ textContent }) => textContent).join('');
  if (said.textContent !== text) said.replaceChildren(...nodes);
}
