import { LEVELS } from '../../../contracts/forecast.ts';
import { indexAt, type TargetPanel, timeAt } from '../../../contracts/panel.ts';
import type { Prediction, Row } from '../../../contracts/serving.ts';
import { quantilesAt, usualScale } from './intervals.ts';
import { knownAt } from './known.ts';
import type { Learnt } from './learnt.ts';
import type { Forecaster } from './load.ts';
import { isOutOfRange } from './range.ts';

const LOW = LEVELS.indexOf(0.05);
const HIGH = LEVELS.indexOf(0.95);
const YEAR_MS = 366 * 86_400_000;

/** Answers rows. Each is a panel of its tract alone, so an answer never depends on the rows beside it: not on those of the same
 *  tract, nor on those of somebody else that a service answers in one go.
 *  @param axis any panel of the bundle's data: where its steps begin
 *  @returns a pure function; its answers are of the horizons after the row's `time` */
export function rowPredictor(
  forecaster: Forecaster,
  { learnt, axis }: { learnt: Learnt; axis: Pick<TargetPanel, 'step' | 'start' | 'stepMs'> },
): (row: Row) => Prediction {
  const { spec, intervals } = forecaster;
  const indexes = new Map(intervals.tracts.map((id, index) => [id, index]));
  // Of a tract that was not there: the last of the scales, which is the usual one.
  const state = { ...intervals, tractScale: [...intervals.tractScale, usualScale(intervals)] };
  const levels = new Float64Array(LEVELS.length);

  return (row) => {
    const panel = panelOf(row);
    const point = forecaster.point(knownAt(panel, panel.length - 1));
    const tract = indexes.get(panel.tracts[0].id) ?? intervals.tracts.length;
    const outputs: Prediction['outputs'] = { time: [], point: Array.from(point), low: [], high: [] };
    for (let horizon = 1; horizon <= spec.maxHorizon; horizon++) {
      quantilesAt(state, { tract, horizon, forecast: point[horizon - 1] }, levels);
      (outputs.low as number[]).push(levels[LOW]);
      (outputs.high as number[]).push(levels[HIGH]);
      (outputs.time as string[]).push(new Date(timeAt(panel, panel.length - 1 + horizon)).toISOString());
    }
    return { outputs, outOfRange: outOfRange(panel) };
  };

  /** @throws RangeError for a row that does not fit the model's `RequestSchema` */
  function panelOf({ tract, time, values }: Row): TargetPanel {
    if (typeof tract !== 'string' || !Array.isArray(values) || values.length === 0)
      throw new RangeError('a row has a tract and values');
    const length = values.length;
    const newest = indexAt(axis, momentOf(time));
    return {
      step: spec.step,
      start: timeAt(axis, newest - length + 1),
      stepMs: axis.stepMs,
      length,
      tracts: [learnt.tract(tract)],
      target: spec.target,
      scale: spec.scale,
      values: Float64Array.from(values, (value) => value ?? Number.NaN),
      observed: Uint8Array.from(values, (value) => (value === null ? 0 : 1)),
      delay: spec.delay,
    };
  }

  /** Months after which a model was not trained again are no longer what it has learnt from. */
  function outOfRange(panel: TargetPanel): string[] {
    const fields: string[] = [];
    const newest = timeAt(panel, panel.length - 1);
    if ((learnt.from !== null && newest < learnt.from) || newest > spec.trainEnd + YEAR_MS)
      fields.push('time');
    const range = learnt.range(panel.tracts[0].id);
    if (range === null) fields.push('tract');
    else if (isOutOfRange(panel.values, { range, scale: spec.scale })) fields.push('values');
    return fields;
  }
}

/** The wall clock as it is written, read as if it were UTC, as all times of a panel are: so an offset says nothing. */
export function momentOf(time: Row[string]): number {
  const [, day, hour = '00', minute = '00'] = ISO.exec(String(time)) ?? [];
  const moment = day === undefined ? Number.NaN : Date.parse(`${day}T${hour}:${minute}:00Z`);
  const { earliest, latest } = MOMENTS;
  // 30 February would be read as 2 March.
  const isThere = Number.isFinite(moment) && new Date(moment).toISOString().startsWith(day);
  if (isThere && moment >= earliest && moment < latest) return moment;
  throw new RangeError(`expected a day or an hour such as 2026-06-30T12:00, got ${JSON.stringify(time)}`);
}

/** Each year that is asked about is remembered with its holidays: there must not be any number of them. */
const MOMENTS = { earliest: Date.UTC(1900, 0, 1), latest: Date.UTC(2200, 0, 1) };

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2})(?::?(\d{2}))?)?/;
