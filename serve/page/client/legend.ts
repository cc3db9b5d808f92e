import type { ChangeUnit, Overview } from '../data.ts';
import { CLASSES, classOf, type Scale } from './classes.ts';
import { el } from './html.ts';
import { change, steps, UNIT_NAMES } from './words.ts';

/** Each colour with its words and how many tracts have it: nobody has to tell colours apart to read it. */
export function legend(scale: Scale, values: (number | null)[]): Node[] {
  const classes = values.map((value) => classOf(scale, value));
  const tracts = (at: number) => classes.filter((one) => one === at).length;
  const items = Array.from({ length: CLASSES }, (_, at) => at).reverse();
  const unknown = tracts(-1);
  return [
    ...items.map((at) => item(String(at), words(scale, at), tracts(at))),
    ...(unknown > 0 ? [item('unknown', 'not known', unknown)] : []),
  ];
}

function item(name: string, text: string, tracts: number): HTMLElement {
  return el(
    'li',
    {},
    el('span', { class: 'swatch', 'data-class': name, 'aria-hidden': 'true' }),
    el('span', {}, text),
    el('span', { class: 'many', title: 'places of this colour' }, String(tracts)),
  );
}

function words({ by, borders }: Scale, at: number): string {
  const say = (value: number) => change(value, by);
  if (at === 3) return `about the same (±${say(borders[3]).replace('+', '')})`;
  if (at === 0) return `below ${say(borders[0])}`;
  if (at === CLASSES - 1) return `above ${say(borders[5])}`;
  return `${say(borders[at - 1])} to ${say(borders[at])}`;
}

export function legendTitle(overview: Overview, by: ChangeUnit): string {
  const { steps: number, step } = overview;
  return `Change: next ${steps(number, step)} against the ${number === 1 ? 'one' : 'same'} before, ${UNIT_NAMES[by]}`;
}
