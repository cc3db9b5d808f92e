import type { Overview, SeriesData } from '../data.ts';
import { axisOf } from './axis.ts';
import { el, svg } from './html.ts';
import { amount, day, weekday } from './words.ts';

/** One tract's past and what is expected, oldest first. */
export interface Line {
  past: { time: string; value: number | null }[];
  ahead: { time: string; point: number; low: number; high: number }[];
}

const HEIGHT = 250;
const EDGE = { top: 14, right: 14, bottom: 34, left: 46 };
const NARROWEST = 280;
/** What a step needs to be told from its neighbours. */
const STEP_PIXELS = 10;

/** The newest weeks that leave the forecast room to be seen.
 *  @param width CSS pixels */
export function newestOf({ past, ahead }: Line, width: number): Line {
  const weeks = Math.max(3, Math.floor(width / STEP_PIXELS / 7));
  return { past: past.slice(-7 * weeks), ahead };
}

export function lineOf(series: SeriesData, tract: number): Line {
  return {
    past: series.times.map((time, at) => ({ time, value: series.recent[tract][at] })),
    ahead: series.ahead.flatMap((time, at) => {
      const [point, low, high] = [series.point[tract][at], series.low[tract][at], series.high[tract][at]];
      return point === null || low === null || high === null ? [] : [{ time, point, low, high }];
    }),
  };
}

/** History as a line, the forecast as a dashed one within its 90 % interval.
 *  @param width CSS pixels */
export function chart(
  line: Line,
  { width, about, title }: { width: number; about: Overview; title: string },
): SVGElement {
  const wide = Math.max(width, NARROWEST);
  const points = pointsOf(line);
  const values = points.flatMap(({ value, low, high }) => [value, low, high]).filter((one) => one !== null);
  const { low, high, ticks } = axisOf(values, { fromZero: about.measure === 'sum' });
  const x = (at: number) => EDGE.left + ((at + 0.5) / points.length) * (wide - EDGE.left - EDGE.right);
  const y = (value: number) =>
    EDGE.top + (1 - (value - low) / (high - low)) * (HEIGHT - EDGE.top - EDGE.bottom);
  const place = (at: number, value: number) => `${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
  const first = line.past.length;
  const seen = points.flatMap(({ value }, at) =>
    at < first && value !== null ? [[at, value] as const] : [],
  );
  const expected = points.flatMap(({ value }, at) =>
    at >= first && value !== null ? [[at, value] as const] : [],
  );
  const newest = seen.at(-1);
  const band = [
    ...line.ahead.map((one, at) => place(first + at, one.high)),
    ...line.ahead.map((one, at) => place(first + at, one.low)).reverse(),
  ];
  const drawing = svg(
    'svg',
    {
      viewBox: `0 0 ${wide} ${HEIGHT}`,
      width: wide,
      height: HEIGHT,
      role: 'img',
      'aria-label': title,
      class: 'chart',
    },
    ...ticks.flatMap((tick) => [
      svg('line', { class: 'grid', x1: EDGE.left, x2: wide - EDGE.right, y1: y(tick), y2: y(tick) }),
      svg(
        'text',
        { class: 'tick', x: EDGE.left - 6, y: y(tick) + 4, 'text-anchor': 'end' },
        amount(tick, about),
      ),
    ]),
    ...dates(points, wide).map(({ at, anchor }) =>
      svg(
        'text',
        { class: 'tick', x: x(at), y: HEIGHT - 12, 'text-anchor': anchor },
        day(points[at].time, about.step, { year: false }),
      ),
    ),
    line.ahead.length > 0 &&
      svg('rect', {
        class: 'ahead',
        x: (x(first - 1) + x(first)) / 2,
        y: EDGE.top,
        width: wide - EDGE.right - (x(first - 1) + x(first)) / 2,
        height: HEIGHT - EDGE.top - EDGE.bottom,
      }),
    band.length > 0 && svg('path', { class: 'band', d: `M${band.join('L')}Z` }),
    svg('path', {
      class: 'past',
      d: pathOf(
        points.slice(0, first).map(({ value }) => value),
        place,
      ),
    }),
    svg('path', {
      class: 'expected',
      d: [...(newest ? [newest] : []), ...expected]
        .map(([at, value], index) => `${index === 0 ? 'M' : 'L'}${place(at, value)}`)
        .join(''),
    }),
    ...seen.map(([at, value]) => svg('circle', { class: 'seen', cx: x(at), cy: y(value), r: 2.2 })),
    ...expected.map(([at, value]) => svg('circle', { class: 'to-come', cx: x(at), cy: y(value), r: 3 })),
  );
  followPointer(drawing, { points, x, about, wide });
  return drawing;
}

/** The same numbers for whoever does not see the drawing. */
export function numbers(line: Line, about: Overview): HTMLTableElement {
  const rows = pointsOf(line).map(({ time, value, low, high }) =>
    el(
      'tr',
      {},
      el('th', { scope: 'row' }, weekday(time, about.step)),
      el('td', {}, value === null ? 'not reported' : amount(value, about)),
      el('td', {}, low === null || high === null ? '' : `${amount(low, about)} to ${amount(high, about)}`),
    ),
  );
  const head = ['When', 'Reported or expected', 'Nine times out of ten between'];
  return el(
    'table',
    {},
    el('thead', {}, el('tr', {}, ...head.map((text) => el('th', { scope: 'col' }, text)))),
    el('tbody', {}, ...rows),
  );
}

interface Spot {
  time: string;
  value: number | null;
  low: number | null;
  high: number | null;
}

function pointsOf({ past, ahead }: Line): Spot[] {
  return [
    ...past.map(({ time, value }) => ({ time, value, low: null, high: null })),
    ...ahead.map(({ time, point, low, high }) => ({ time, value: point, low, high })),
  ];
}

/** A day that nobody reported leaves a gap. */
function pathOf(values: (number | null)[], place: (at: number, value: number) => string): string {
  return values
    .map((value, at) => {
      if (value === null) return '';
      return `${at === 0 || values[at - 1] === null ? 'M' : 'L'}${place(at, value)}`;
    })
    .join('');
}

function dates(points: Spot[], wide: number): { at: number; anchor: string }[] {
  const every = Math.max(1, Math.ceil(points.length / Math.max(2, Math.floor(wide / 95))));
  const weeks = every > 1 && points.length > 14 ? Math.ceil(every / 7) * 7 : every;
  const last = points.length - 1;
  return points.flatMap((_, at) =>
    (last - at) % weeks === 0 ? [{ at, anchor: at === last ? 'end' : 'middle' }] : [],
  );
}

function followPointer(
  drawing: SVGElement,
  { points, x, about, wide }: { points: Spot[]; x: (at: number) => number; about: Overview; wide: number },
): void {
  const rule = svg('line', { class: 'rule', y1: EDGE.top, y2: HEIGHT - EDGE.bottom });
  const label = svg('text', { class: 'said', y: EDGE.top + 2 });
  const group = svg('g', { visibility: 'hidden', 'aria-hidden': 'true' }, rule, label);
  drawing.append(group);
  drawing.addEventListener('pointermove', (event) => {
    const inner = (event.offsetX - EDGE.left) / (wide - EDGE.left - EDGE.right);
    const at = Math.min(points.length - 1, Math.max(0, Math.floor(inner * points.length)));
    const { time, value, low, high } = points[at];
    rule.setAttribute('x1', String(x(at)));
    rule.setAttribute('x2', String(x(at)));
    label.setAttribute('x', String(x(at) + (at * 2 < points.length ? 6 : -6)));
    label.setAttribute('text-anchor', at * 2 < points.length ? 'start' : 'end');
    const between = low === null || high === null ? '' : ` (${amount(low, about)} to ${amount(high, about)})`;
    label.textContent = `${weekday(time, about.step)}: ${value === null ? 'not reported' : amount(value, about)}${between}`;
    group.setAttribute('visibility', 'visible');
  });
  drawing.addEventListener('pointerleave', () => group.setAttribute('visibility', 'hidden'));
}
