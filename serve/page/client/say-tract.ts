import type { Overview } from '../data.ts';
import { chart, type Line, newestOf, numbers } from './chart.ts';
import { changeOf } from './classes.ts';
import { el } from './html.ts';
import { amount, change, count, moreOrLess, plain, range, steps, weekday } from './words.ts';

/** One tract in words: what was, what is expected, how sure that is.
 *  @param label its name, with its id where two have the same name */
export function sayTract(
  overview: Overview,
  { tract, line, label }: { tract: number; line: Line; label: string },
): Node[] {
  return [
    el('p', { class: 'lead' }, ...compared(overview, tract)),
    el('p', {}, ...soonest(overview, line)),
    el('p', { class: 'small' }, ...background(overview, tract)),
    ...(line.ahead.length === 0 ? [el('p', {}, `There is no forecast for ${label}.`)] : []),
  ];
}

export function drawTract(
  overview: Overview,
  { line, width, label }: { line: Line; width: number; label: string },
): Node[] {
  const shown = newestOf(line, width);
  const title = `${plain(overview.target)} in ${label}: reported values of the last ${steps(shown.past.length, overview.step)} and the forecast with its 90 % interval; the numbers are in the table below`;
  return [
    chart(shown, { width, about: overview, title }),
    el(
      'ul',
      { class: 'keys small', 'aria-hidden': 'true' },
      el('li', {}, el('span', { class: 'key past' }), 'reported'),
      el('li', {}, el('span', { class: 'key expected' }), 'forecast'),
      el('li', {}, el('span', { class: 'key band' }), 'nine times out of ten within'),
    ),
    el(
      'details',
      {},
      el('summary', {}, 'The numbers as a table'),
      el(
        'div',
        { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Numbers of the chart' },
        numbers(line, overview),
      ),
    ),
  ];
}

function compared(overview: Overview, tract: number): (string | Node)[] {
  const { tracts, ahead, before, step, measure, target } = overview;
  const [last, next] = [tracts.last[tract], tracts.next[tract]];
  if (next === null || !ahead) return ['Nothing is forecast here.'];
  const expected = el('strong', {}, amount(next, overview));
  const when = range(ahead, step);
  const sum = measure === 'sum';
  if (last === null || !before) {
    return [
      sum ? '' : 'On average ',
      expected,
      ` ${plain(target)} expected (${when}). Too little was reported before to compare.`,
    ];
  }
  const more = sum ? moreOrLess(last, next) : change(next - last, 'absolute');
  return [
    sum ? 'About ' : 'On average ',
    expected,
    ` ${plain(target)} expected ${when}: `,
    el('strong', {}, sum ? more : `${more} against before`),
    ` (${amount(last, overview)} reported ${range(before, step)}).`,
  ];
}

function soonest(overview: Overview, { past, ahead }: Line): (string | Node)[] {
  const newest = past.findLast(({ value }) => value !== null);
  const next = ahead[0];
  const said: string[] = [];
  if (newest)
    said.push(`Newest report: ${amount(newest.value!, overview)} (${weekday(newest.time, overview.step)}). `);
  if (next) {
    said.push(
      `First forecast: ${amount(next.point, overview)} (${weekday(next.time, overview.step)}), nine times out of ten between ${amount(next.low, overview)} and ${amount(next.high, overview)}.`,
    );
  }
  return said;
}

function background({ tracts, measure }: Overview, tract: number): string[] {
  const { last, next, population, total } = tracts;
  const people = population[tract];
  const rise = changeOf({ last: last[tract], next: next[tract], population: people }, 'per_100k');
  const said: string[] = [];
  if (measure === 'sum' && people !== null && rise !== null) {
    const size = change(Math.abs(rise), 'per_100k').replace('+', '');
    said.push(
      `For every 100,000 people that is ${size} ${rise < 0 ? 'fewer' : 'more'} (${count(people)} live here). `,
    );
  }
  if (total[tract] !== null) said.push(`All in all so far: ${count(total[tract]!)}.`);
  return said;
}
