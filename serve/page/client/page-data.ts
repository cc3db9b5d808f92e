import type { Level, Outlines, Overview, SeriesData } from '../data.ts';
import { load } from './load.ts';

/** What the page holds: asked for once, kept while the service is away. */
export class PageData {
  overview: Overview | null = null;
  /** The service's clock, as far from the browser's as it was at the last answer. */
  #ahead = 0;
  #series: Promise<SeriesData> | null = null;

  constructor(readonly model: string | null) {}

  now(): Date {
    return new Date(Date.now() + this.#ahead);
  }

  /** @returns whether it is another one than before */
  async refresh(): Promise<boolean> {
    const { body, at } = await load<Overview>(this.url('/page/overview'));
    this.#ahead = at.getTime() - Date.now();
    const before = this.overview;
    this.overview = body;
    if (before?.series !== body.series) this.#series = null;
    return before?.series !== body.series || before.outlines !== body.outlines;
  }

  async outlines(level: Level): Promise<Outlines> {
    return (await load<Outlines>(this.url('/page/places', { level }))).body;
  }

  /** @throws Trouble; the next call tries again */
  series(): Promise<SeriesData> {
    this.#series ??= load<SeriesData>(this.url('/page/series')).then(({ body }) => body);
    this.#series.catch(() => {
      this.#series = null;
    });
    return this.#series;
  }

  /** The first model needs no name. */
  url(path: string, query: Record<string, string | number> = {}): string {
    const all = { ...query, ...(this.model && { model: this.model }) };
    const text = Object.entries(all)
      .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
      .join('&');
    return text ? `${path}?${text}` : path;
  }
}
