import { escaped } from '../../metrics/escape-html.ts';
import { amount, moment } from './numbers.ts';
import { niceStep, type SeriesPoints, type Step } from './profile-data.ts';

const WIDTH = 720;
const HEIGHT = 220;
const LEFT = 58;
const RIGHT = 10;
const TOP = 12;
const BOTTOM = 26;
const MONTH_MS = 30.44 * 86_400_000;
const COMPACT = new Intl.NumberFormat('en-US', { notation: 'compact', maximumSignificantDigits: 3 });
const DAY = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', day: 'numeric', month: 'short' });
const MONTH = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', month: 'short', year: '2-digit' });
const YEAR = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', year: 'numeric' });

/** One series as SVG: a line, broken where nothing is known; points with filled steps marked below and on the line.
 *  Colours come from the page's style, so that light and dark need no second picture.
 *  @param options.title says in words what is drawn, for those who do not see it
 *  @param options.markFrom share of filled steps from which a point is marked */
export function lineChart(
  series: SeriesPoints,
  { title, step, markFrom = Number.MIN_VALUE }: { title: string; step: Step; markFrom?: number },
): string {
  const known = series.values.filter((value): value is number => value !== null);
  if (known.length === 0) return '<p class="quiet">No values.</p>';
  const ticks = valueTicks(Math.min(0, ...known), Math.max(...known));
  const low = ticks[0];
  const high = ticks[ticks.length - 1];
  const count = series.values.length;
  const x = (point: number) => LEFT + (count < 2 ? 0.5 : point / (count - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => TOP + (1 - (value - low) / (high - low)) * (HEIGHT - TOP - BOTTOM);

  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${short(y(tick))}" y2="${short(y(tick))}"/>` +
      `<text class="tick" x="${LEFT - 8}" y="${short(y(tick) + 4)}" text-anchor="end">${COMPACT.format(tick)}</text>`,
  );
  const dates = timeTicks(series.times).map(
    ({ point, label }) =>
      `<line class="grid" x1="${short(x(point))}" x2="${short(x(point))}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM + 4}"/>` +
      `<text class="tick" x="${short(x(point))}" y="${HEIGHT - 6}" text-anchor="${anchor(point, count)}">${label}</text>`,
  );
  return `<div class="scroll"><svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img"><title>${escaped(
    `${title}, ${moment(series.times[0], step)} to ${moment(series.times[count - 1], step)}, highest ${amount(Math.max(...known))}`,
  )}</title>${grid.join('')}${dates.join('')}<path class="line" d="${path(series.values, x, y)}"/>${marks(series, markFrom, x, y)}</svg></div>`;
}

function path(values: (number | null)[], x: (point: number) => number, y: (value: number) => number): string {
  let d = '';
  let drawing = false;
  for (const [point, value] of values.entries()) {
    if (value === null) {
      drawing = false;
      continue;
    }
    // A single point between two gaps gets a stroke of no length, which round caps make a dot.
    const alone = !drawing && (values[point + 1] ?? null) === null;
    d += `${drawing ? 'L' : 'M'}${short(x(point))},${short(y(value))}${alone ? 'h0' : ''}`;
    drawing = true;
  }
  return d;
}

/** Filled steps: a dot on the line each where there are few, a bar on the axis where they follow one another. */
function marks(
  series: SeriesPoints,
  markFrom: number,
  x: (point: number) => number,
  y: (value: number) => number,
): string {
  let dots = '';
  let bars = '';
  const count = series.values.length;
  const half = count < 2 ? 4 : (x(1) - x(0)) / 2;
  for (let point = 0; point < count; point++) {
    if (!(series.filled[point] >= markFrom)) continue;
    let until = point;
    while (until + 1 < count && series.filled[until + 1] >= markFrom) until++;
    const width = Math.max(2, x(until) - x(point) + 2 * half);
    bars += `<rect x="${short(x(point) - half)}" y="${HEIGHT - BOTTOM - 4}" width="${short(width)}" height="4"/>`;
    for (let one = point; one <= until; one++) {
      const value = series.values[one];
      if (value !== null && series.stepsPerPoint === 1) dots += `M${short(x(one))},${short(y(value))}h0`;
    }
    point = until;
  }
  return `${bars && `<g class="filled-bar">${bars}</g>`}${dots && `<path class="filled" d="${dots}"/>`}`;
}

function valueTicks(low: number, high: number): number[] {
  const step = niceStep((high - low || Math.abs(high) || 1) / 4);
  const ticks: number[] = [];
  for (let k = Math.floor(low / step); ticks.length < 12; k++) {
    ticks.push(k * step);
    if (k * step >= high && ticks.length > 1) break;
  }
  return ticks;
}

/** About six dates, at the beginnings of months or years where the span allows. */
function timeTicks(times: number[]): { point: number; label: string }[] {
  const span = times[times.length - 1] - times[0];
  if (span < 3 * MONTH_MS) {
    const every = Math.max(1, Math.ceil(times.length / 6));
    return times.flatMap((time, point) => (point % every === 0 ? [{ point, label: DAY.format(time) }] : []));
  }
  const months = [1, 2, 3, 6, 12, 24, 60, 120].find((size) => span / (size * MONTH_MS) <= 7) ?? 240;
  const ticks: { point: number; label: string }[] = [];
  let former = -1;
  for (const [point, time] of times.entries()) {
    const date = new Date(time);
    const part = Math.floor((date.getUTCFullYear() * 12 + date.getUTCMonth()) / months);
    if (former >= 0 && part !== former) {
      const label = (months >= 12 ? YEAR : MONTH).format(time);
      ticks.push({ point, label });
    }
    former = part;
  }
  return ticks;
}

const short = (value: number) => String(Math.round(value * 10) / 10);
function anchor(point: number, count: number): string {
  if (point < count * 0.04) return 'start';
  return point > count * 0.96 ? 'end' : 'middle';
}
