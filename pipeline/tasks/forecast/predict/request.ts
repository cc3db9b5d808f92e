import { RequestSchema } from '../../../contracts/serving.ts';
import type { ForecastSpec } from './load.ts';

/** Steps of a series that a row must bring: two weeks of days say the weekday's share and the growth. */
const SHORTEST = 14;
/** Three years of days. */
const LONGEST = 1_100;
/** No place has more cases a day than there are people. */
const MOST = 1e10;

/** Before and after the training: what lies further away is a slip of the hand. */
const YEARS = 30;

/** What `POST /predict` of a forecast model asks for: a tract, its newest values, and when the last of them was.
 *  @param tracts ids that the model has learnt from */
export function requestOf(spec: ForecastSpec, tracts: string[]): RequestSchema {
  const perHorizon = (name: string, kind: 'number' | 'text') => ({ name, kind, length: spec.maxHorizon });
  return RequestSchema.parse({
    format: 1,
    fields: [
      { kind: 'category', name: 'tract', categories: tracts },
      { kind: 'time', name: 'time', earliest: yearsOff(spec, -YEARS), latest: yearsOff(spec, YEARS) },
      {
        kind: 'series',
        name: 'values',
        min_length: SHORTEST,
        max_length: LONGEST,
        minimum: spec.scale === 'count' ? 0 : -MOST,
        maximum: MOST,
        gaps: true,
        unit: spec.target,
      },
    ],
    outputs: [
      perHorizon('time', 'text'),
      perHorizon('point', 'number'),
      perHorizon('low', 'number'),
      perHorizon('high', 'number'),
    ],
    example: {
      tract: tracts[0] ?? '',
      time: new Date(spec.trainEnd).toISOString().slice(0, 10),
      values: Array.from({ length: 28 }, (_, step) => 20 + (step % 7)),
    },
  });
}

function yearsOff({ trainEnd }: ForecastSpec, years: number): string {
  const date = new Date(trainEnd);
  return new Date(date.setUTCFullYear(date.getUTCFullYear() + years)).toISOString();
}
