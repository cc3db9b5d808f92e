import type { Overview } from '../data.ts';
import { byId, el } from './html.ts';

/** Offers what these data can answer: models, and units of change. */
export function choices({ models, model, tracts, unit }: Overview): void {
  const select = byId<HTMLSelectElement>('model');
  select.replaceChildren(...models.map((name) => el('option', { value: name }, name)));
  select.value = model;
  byId('models').hidden = models.length < 2;
  for (const option of byId<HTMLSelectElement>('by').options) {
    const { value } = option;
    option.hidden =
      value === 'per_100k'
        ? unit === 'absolute' || tracts.population.every((one) => one === null)
        : value === 'percent' && unit === 'absolute';
    option.disabled = option.hidden;
  }
}

/** Coordinates that lie where this model knows something. */
export function example({ tracts: { latitude, longitude } }: Overview): void {
  const at = latitude.findIndex((one, index) => one !== null && longitude[index] !== null);
  if (at < 0) return;
  const text = `${latitude[at]}, ${longitude[at]}`;
  const said = document.getElementById('example'); // Until something was asked.
  if (said) said.textContent = text;
  byId<HTMLInputElement>('where').placeholder = text;
}
