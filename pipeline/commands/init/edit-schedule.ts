import { isMap, isScalar, isSeq, parseDocument, type Scalar } from 'yaml';
import { UsageError } from '../../contracts/errors.ts';
import type { Schedule } from './answers.ts';

/** Monday: a week's numbers are mostly out by then. */
const WEEKDAY = 1;

/** The line of the cron table. Its time is that of the time zone beside it. */
export function cronOf({ every, hour, minute }: Schedule): string {
  if (every === 'hourly') return `${minute} * * * *`;
  return `${minute} ${hour} * * ${every === 'weekly' ? WEEKDAY : '*'}`;
}

/** The other way round; null: a line that no answer makes. */
export function parseCron(cron: string): Schedule | null {
  const [, minute, hour, day] = /^(\d+) (\d+|\*) \* \* (\d|\*)$/.exec(cron) ?? [];
  if (minute === undefined) return null;
  const at = { hour: hour === '*' ? 6 : Number(hour), minute: Number(minute) };
  if (hour === '*') return day === '*' ? { every: 'hourly', ...at } : null;
  return { every: day === '*' ? 'daily' : 'weekly', ...at };
}

/** A workflow with this one schedule. Nothing but the two values is touched.
 *  @throws UsageError where the workflow has not exactly one schedule, with its time zone */
export function editSchedule(text: string, wanted: { cron: string; timezone: string }): string {
  const { cron, timezone } = scheduleNodes(text);
  return [
    { node: cron, value: wanted.cron },
    { node: timezone, value: wanted.timezone },
  ]
    .map(({ node, value }) => ({ value, from: node.range?.[0] ?? 0, to: node.range?.[1] ?? 0 }))
    .sort((a, b) => b.from - a.from)
    .reduce((out, { from, to, value }) => {
      const quote = /^["']/.exec(out.slice(from))?.[0] ?? '';
      return `${out.slice(0, from)}${quote}${value}${quote}${out.slice(to)}`;
    }, text);
}

/** What a workflow's cron table says. @throws UsageError */
export function readSchedule(text: string): { cron: string; timezone: string } {
  const { cron, timezone } = scheduleNodes(text);
  return { cron: String(cron.value), timezone: String(timezone.value) };
}

function scheduleNodes(text: string): { cron: Scalar; timezone: Scalar } {
  const table = parseDocument(text).getIn(['on', 'schedule']);
  const [entry] = isSeq(table) && table.items.length === 1 ? table.items : [];
  const [cron, timezone] = isMap(entry) ? [entry.get('cron', true), entry.get('timezone', true)] : [];
  if (isScalar(cron) && isScalar(timezone)) return { cron, timezone };
  throw new UsageError('.github/workflows/etl.yml has not one line with its time zone in its cron table', {
    hint: 'restore it: git checkout .github/workflows/etl.yml',
  });
}
