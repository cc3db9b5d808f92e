import type { ChangeUnit, Overview } from '../data.ts';
import { byId, el } from './html.ts';
import { amount, change } from './words.ts';

/** Rows that are made at once: a phone need not lay out 3,100. */
const PAGE = 100;

type Key = 'name' | 'last' | 'next' | 'change';

/** Every tract in words, sortable and searchable: the map for whoever does not see or point. */
export class TractsTable {
  #overview: Overview | null = null;
  #values: (number | null)[] = [];
  #by: ChangeUnit = 'percent';
  #classes: number[] = [];
  #sort: { key: Key; down: boolean } = { key: 'change', down: true };
  #shown = PAGE;
  #chosen: number | null = null;
  readonly #filter = byId<HTMLInputElement>('filter');
  readonly #body = byId('tracts-rows');
  readonly #more = byId<HTMLButtonElement>('more');

  constructor(private readonly onChoose: (tract: number) => void) {
    this.#filter.addEventListener('input', () => {
      this.#shown = PAGE;
      this.#draw();
    });
    this.#more.addEventListener('click', () => {
      this.#shown += 10 * PAGE;
      this.#draw();
    });
    for (const button of document.querySelectorAll<HTMLButtonElement>('#tracts button[data-key]')) {
      button.addEventListener('click', () => this.#sortBy(button.dataset.key as Key));
    }
  }

  show(
    overview: Overview,
    { values, by, classes }: { values: (number | null)[]; by: ChangeUnit; classes: number[] },
  ): void {
    this.#overview = overview;
    this.#values = values;
    this.#by = by;
    this.#classes = classes;
    this.#draw();
  }

  choose(tract: number | null): void {
    if (tract === this.#chosen) return;
    this.#chosen = tract;
    for (const row of this.#body.querySelectorAll('tr')) {
      const button = row.querySelector('button');
      if (row.dataset.tract === String(tract)) button?.setAttribute('aria-current', 'true');
      else button?.removeAttribute('aria-current');
    }
  }

  #sortBy(key: Key): void {
    this.#sort = { key, down: this.#sort.key === key ? !this.#sort.down : key !== 'name' };
    this.#draw();
  }

  #draw(): void {
    const overview = this.#overview;
    if (!overview) return;
    const { tracts } = overview;
    const wanted = this.#filter.value.trim().toLocaleLowerCase();
    const found = this.#order(overview).filter(
      (at) =>
        wanted === '' ||
        tracts.name[at].toLocaleLowerCase().includes(wanted) ||
        tracts.id[at].toLocaleLowerCase().startsWith(wanted),
    );
    this.#body.replaceChildren(...found.slice(0, this.#shown).map((at) => this.#row(overview, at)));
    this.#more.hidden = found.length <= this.#shown;
    byId('tracts-count').textContent =
      found.length === tracts.id.length
        ? `${tracts.id.length} places`
        : `${found.length} of ${tracts.id.length} places`;
    for (const button of document.querySelectorAll<HTMLButtonElement>('#tracts button[data-key]')) {
      const { key, down } = this.#sort;
      const sorted = button.dataset.key === key ? (down ? 'descending' : 'ascending') : 'none';
      button.closest('th')!.setAttribute('aria-sort', sorted);
    }
  }

  #order({ tracts }: Overview): number[] {
    const { key, down } = this.#sort;
    const order = tracts.id.map((_, at) => at);
    const byName = (a: number, b: number) => collator.compare(tracts.name[a], tracts.name[b]);
    const column = key === 'name' ? null : key === 'change' ? this.#values : tracts[key];
    return order.sort((a, b) => {
      if (!column) return down ? byName(b, a) : byName(a, b);
      // What is not known stands last, whichever way.
      const [first, second] = [column[a], column[b]];
      if (first === null || second === null)
        return Number(first === null) - Number(second === null) || byName(a, b);
      return (down ? second - first : first - second) || byName(a, b);
    });
  }

  #row(overview: Overview, at: number): HTMLTableRowElement {
    const { tracts } = overview;
    const number = (value: number | null) => (value === null ? '–' : amount(value, overview));
    const current = at === this.#chosen ? 'true' : null;
    return el(
      'tr',
      { 'data-tract': at },
      el(
        'th',
        { scope: 'row' },
        el(
          'button',
          { type: 'button', class: 'link', 'aria-current': current, click: () => this.onChoose(at) },
          tracts.name[at],
        ),
      ),
      el('td', {}, number(tracts.last[at])),
      el('td', {}, number(tracts.next[at])),
      el(
        'td',
        {},
        el('span', {
          class: 'swatch',
          'data-class': this.#classes[at] < 0 ? 'unknown' : this.#classes[at],
          'aria-hidden': 'true',
        }),
        change(this.#values[at], this.#by),
      ),
    );
  }
}

const collator = new Intl.Collator(undefined, { numeric: true });
