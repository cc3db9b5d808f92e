import { STEP_MS } from '../../contracts/panel.ts';
import { type Falls, findFalls } from './falls.ts';
import { findShifts } from './level-shift.ts';
import type { LevelShift, TotalFalls } from './measurements.ts';
import type { Place } from './places.ts';
import type { TablePlan } from './table-plan.ts';

const MAX_MASKED = 100_000;
/** A change of level shows in any hundred tracts; looking at thousands would only cost time. */
const LEVEL_TRACTS = 120;
const DAY = STEP_MS.day;

/** What is gathered of one column over all tracts. */
export class Collected {
  readonly masked: { tract: number; time: number }[] = [];
  private readonly sum = { steps: 0, rises: 0, falls: 0, deep: 0 };
  private readonly examples: { text: string; time: number; deep: boolean }[] = [];
  private readonly changes = { level: [] as number[][], growth: [] as number[][] };
  private readonly origin: number;
  private readonly every: number;
  private seen = 0;

  /** @param about.origin first time of all; about.tracts how many there are */
  constructor(about: { origin: number; tracts: number }) {
    this.origin = Math.floor(about.origin / DAY);
    this.every = Math.max(1, Math.floor(about.tracts / LEVEL_TRACTS));
  }

  add(
    place: Place,
    times: Float64Array,
    values: Float64Array,
    about: { totals: boolean; step: TablePlan['step'] },
  ) {
    if (about.totals) this.addFalls(place, times, values, findFalls(values));
    if (about.step !== 'month' && this.seen++ % this.every === 0 && times.length > 0) {
      this.addLevels(times, values, about);
    }
  }

  canTell(): boolean {
    return this.sum.rises + this.sum.falls >= 28;
  }

  /** Few of its changes are falls: a total, whatever the column is called. */
  isRunning(): boolean {
    const { rises, falls } = this.sum;
    return rises >= 14 && falls / (rises + falls) < 0.1;
  }

  totals(column: string, step: TablePlan['step']): TotalFalls {
    const examples = [...this.examples].sort((a, b) => Number(b.deep) - Number(a.deep)).slice(0, 5);
    return {
      column,
      steps: this.sum.steps,
      falls: this.sum.falls,
      deep: this.sum.deep,
      masked: this.masked.length,
      examples: examples.map(({ text, time }) => `${text} on ${dayText(time, step)}`),
    };
  }

  shifts(column: string, running: boolean): LevelShift[] {
    const changes = running ? this.changes.growth : this.changes.level;
    return findShifts(
      Array.from(changes, (all) => all ?? []),
      7,
    ).map(({ at, jump, score, tracts }) => ({
      column,
      at: dayText((this.origin + at) * DAY, 'day'),
      ratio: Math.exp(jump),
      score,
      tracts,
    }));
  }

  private addFalls(place: Place, times: Float64Array, values: Float64Array, found: Falls): void {
    this.sum.steps += found.steps;
    this.sum.rises += found.rises;
    this.sum.falls += found.falls;
    this.sum.deep += found.deep.length;
    for (const i of found.masked) {
      if (this.masked.length < MAX_MASKED) this.masked.push({ tract: place.tract, time: times[i] });
    }
    for (const i of [...found.deep, ...found.masked]) {
      if (this.examples.length >= 200) break;
      const deep = found.deep.includes(i);
      this.examples.push({
        text: `${place.name}: ${values[i]}${deep ? '' : ' (came back, masked)'}`,
        time: times[i],
        deep,
      });
    }
  }

  private addLevels(
    times: Float64Array,
    values: Float64Array,
    about: { totals: boolean; step: TablePlan['step'] },
  ): void {
    const least = about.step === 'week' ? 1 : 4;
    const days = this.byDay(times, values);
    addChanges(this.changes.level, days, least);
    if (about.totals) addChanges(this.changes.growth, growth(days), least);
  }

  /** Mean of the known values of each day since the origin; NaN where there is none. */
  private byDay(times: Float64Array, values: Float64Array): Float64Array {
    const first = this.origin;
    const days = new Float64Array(Math.floor(times[times.length - 1] / DAY) - first + 1).fill(Number.NaN);
    let [day, sum, n] = [Number.NaN, 0, 0];
    for (let i = 0; i < times.length; i++) {
      const at = Math.floor(times[i] / DAY) - first;
      if (at !== day) {
        if (n > 0) days[day] = sum / n;
        [day, sum, n] = [at, 0, 0];
      }
      if (!Number.isNaN(values[i])) [sum, n] = [sum + values[i], n + 1];
    }
    if (n > 0) days[day] = sum / n;
    return days;
  }
}

/** By how much a running total grew since its last known value, spread over the days between. */
function growth(days: Float64Array): Float64Array {
  const grown = new Float64Array(days.length).fill(Number.NaN);
  let last = -1;
  for (let day = 0; day < days.length; day++) {
    if (Number.isNaN(days[day])) continue;
    if (last >= 0) grown.fill((days[day] - days[last]) / (day - last), last + 1, day + 1);
    last = day;
  }
  return grown;
}

/** At each day the change of the logarithm from the week before it to the week from it on; weeks whose mean is under ten
 *  say nothing about a level. */
function addChanges(changes: number[][], days: Float64Array, least: number): void {
  const means = new Float64Array(days.length).fill(Number.NaN);
  let [sum, known] = [0, 0];
  for (let day = days.length - 1; day >= 0; day--) {
    if (!Number.isNaN(days[day])) [sum, known] = [sum + days[day], known + 1];
    const left = days[day + 7];
    if (left !== undefined && !Number.isNaN(left)) [sum, known] = [sum - left, known - 1];
    if (known >= least && day + 7 <= days.length) means[day] = sum / known;
  }
  for (let day = 7; day < days.length; day++) {
    if (!(means[day] >= 10) || !(means[day - 7] >= 10)) continue;
    changes[day] ??= [];
    changes[day].push(Math.log(means[day] / means[day - 7]));
  }
}

export function dayText(time: number, step: TablePlan['step']): string {
  const text = new Date(time).toISOString();
  return step === 'hour' ? text.slice(0, 16).replace('T', ' ') : text.slice(0, 10);
}
