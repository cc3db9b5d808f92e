import type { Point } from './flat.ts';
import { byId, el } from './html.ts';
import { isAborted, load, troubleFrom } from './load.ts';
import type { PageData } from './page-data.ts';

/** What `GET /statistics` tells of a circle. */
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
    const said = byId('around-said');
    if (!point) {
      said.replaceChildren(el('p', {}, 'Choose a place for its middle.'));
      return;
    }
    this.#under = new AbortController();
    const { signal } = this.#under;
    const { latitude: lat, longitude: lon } = point;
    try {
      const { body } = await load<object>(data.url('/statistics', { lat, lon, radius_km: radius }), {
        signal,
      });
      said.replaceChildren(el('p', {}, JSON.stringify(body)));
    } catch (error) {
      if (isAborted(error)) return;
      const { title, detail } = troubleFrom(error);
      said.replaceChildren(el('p', { class: 'trouble' }, `${title}. ${detail}`));
    }
  }
}
