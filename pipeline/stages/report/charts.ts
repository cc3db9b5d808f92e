import type { LossTable } from '../../contracts/losses.ts';
import type { MetricsFile } from '../../contracts/metrics.ts';
import type { Promotion } from '../../contracts/promotion.ts';
import { errorIn, sidesOf } from '../../metrics/comparison-tables.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { METRICS, metricTitle } from '../../metrics/wording.ts';
import { fence } from './block.ts';

/** Read on light and on dark pages, and by people who tell red and green apart badly. */
export const COLOURS = { other: '#8b949e', challenger: '#3b82f6', champion: '#e8853a' } as const;

/** Points of a line beyond which nobody tells them apart on a phone. */
const MOST_POINTS = 100;

interface Line {
  colour: string;
  values: number[];
}

/** Forecast against truth, day by day: sums over all tracts, at the shortest horizon.
 *  @returns '' where there is no day to draw */
export function forecastChart(losses: LossTable[]): string {
  const sides = {
    challenger: losses.find(({ role }) => role === 'challenger'),
    champion: losses.find(({ role }) => role === 'champion'),
    baseline: losses.find(({ role }) => role === 'baseline'),
  };
  const { challenger, champion, baseline } = sides;
  if (!challenger) return '';
  const reference = champion ?? baseline;
  const shortest = challenger.horizon.reduce((least, horizon) => Math.min(least, horizon), Infinity);
  const truth = sumsByDay(challenger, challenger.truth, shortest);
  const ours = sumsByDay(challenger, challenger.forecast, shortest);
  const theirs = reference && sumsByDay(reference, reference.forecast, shortest);
  const all = [...truth.keys()]
    .filter((day) => ours.has(day) && (!theirs || theirs.has(day)))
    .sort((a, b) => a - b);
  const every = Math.ceil(all.length / MOST_POINTS);
  const days = all.filter((_, i) => i % every === 0);
  if (days.length < 2) return '';
  const line = (colour: string, sums: Map<number, number>): Line => ({
    colour,
    values: days.map((day) => sums.get(day)!),
  });
  const lines = [
    line(COLOURS.other, truth),
    ...(theirs ? [line(COLOURS.champion, theirs)] : []),
    line(COLOURS.challenger, ours),
  ];
  const { unit, name: unitName } = unitOf(lines);
  for (const each of lines) each.values = each.values.map((value) => value / unit);
  const drawn = chart({
    x: `"day of the forecast, ${dayOf(days[0])} to ${dayOf(days[days.length - 1])}" 1 --> ${days.length}`,
    lines,
  });
  const step = `${shortest} ${shortest === 1 ? 'step' : 'steps'} ahead`;
  return `**Forecast against truth**, all tracts${unitName}, ${step}: ⚪ truth · 🔵 challenger${reference ? ` · 🟠 ${reference.role}` : ''}\n\n${drawn}`;
}

/** Error of each side by how far ahead it forecasts.
 *  @returns '' with a single horizon: one point is no line */
export function horizonChart(promotion: Promotion, metrics: MetricsFile): string {
  const { metric } = promotion;
  const { challenger, champion, baseline } = sidesOf(metrics, promotion);
  const known = METRICS.find((each) => each.metric === metric);
  const horizons = Object.keys(challenger?.by_horizon ?? {})
    .map(Number)
    .filter(Number.isFinite)
    .sort((a, b) => a - b);
  if (horizons.length < 2) return '';
  const scale = known?.kind === 'share' ? 100 : 1;
  const sides = [
    { side: baseline, colour: COLOURS.other },
    { side: champion, colour: COLOURS.champion },
    { side: challenger, colour: COLOURS.challenger },
  ];
  const lines = sides.flatMap(({ side, colour }) => {
    const values = horizons.map((horizon) => errorIn(side?.by_horizon[horizon], metric));
    return values.every((value) => value !== null && Number.isFinite(value))
      ? [{ colour, values: values.map((value) => scale * (value as number)) }]
      : [];
  });
  if (lines.length === 0) return '';
  const shown = (colour: string) => lines.some((line) => line.colour === colour);
  const legend = [
    shown(COLOURS.challenger) && '🔵 challenger',
    shown(COLOURS.champion) && '🟠 champion',
    shown(COLOURS.other) && '⚪ baseline',
  ].filter(Boolean);
  const drawn = chart({
    x: `"steps ahead" [${horizons.slice(0, MOST_POINTS).join(', ')}]`,
    lines: lines.map((line) => ({ ...line, values: line.values.slice(0, MOST_POINTS) })),
  });
  return `**Error by horizon**, ${escapeMarkdown(metricTitle(metric))}${scale === 100 ? ' in %' : ''}: ${legend.join(' · ')}\n\n${drawn}`;
}

function chart({ x, lines }: { x: string; lines: Line[] }): string {
  const values = lines.flatMap((line) => line.values);
  const [low, high] = [Math.min(0, ...values), Math.max(...values)];
  const setting = {
    xyChart: { width: 480, height: 280 },
    themeVariables: { xyChart: { plotColorPalette: lines.map(({ colour }) => colour).join(', ') } },
  };
  return fence(
    'mermaid',
    [
      `%%{init: ${JSON.stringify(setting)}}%%`,
      'xychart-beta',
      `  x-axis ${x}`,
      `  y-axis ${rounded(low)} --> ${rounded(high > low ? high + (high - low) / 20 : low + 1)}`,
      ...lines.map((line) => `  line [${line.values.map(rounded).join(', ')}]`),
    ].join('\n'),
  );
}

/** Long numbers at an axis are cut off on a phone. */
function unitOf(lines: Line[]): { unit: number; name: string } {
  const largest = Math.max(...lines.flatMap(({ values }) => values.map(Math.abs)));
  if (largest >= 1e7) return { unit: 1e6, name: ' in millions' };
  return largest >= 1e4 ? { unit: 1e3, name: ' in thousands' } : { unit: 1, name: '' };
}

/** Without an exponent, which Mermaid's numbers do not know. */
function rounded(value: number): string {
  const size = Math.abs(value);
  if (size >= 100) return String(Math.round(value)).includes('e') ? '0' : String(Math.round(value));
  const text = value.toFixed(size >= 1 ? 1 : 4);
  return String(Number(text)).includes('e') ? text : String(Number(text));
}

function sumsByDay(table: LossTable, values: Float64Array, horizon: number): Map<number, number> {
  const sums = new Map<number, number>();
  for (let row = 0; row < values.length; row++) {
    if (table.horizon[row] !== horizon || !Number.isFinite(table.truth[row])) continue;
    if (!Number.isFinite(values[row])) continue;
    sums.set(table.cutoff[row], (sums.get(table.cutoff[row]) ?? 0) + values[row]);
  }
  return sums;
}

function dayOf(time: number): string {
  return new Date(time).toLocaleDateString('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
}
