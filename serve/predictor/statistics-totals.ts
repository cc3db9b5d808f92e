import type { Tract } from './edition.ts';
import { figuresOf, ofHorizon, rounded } from './observed.ts';
import type { Scale } from './scale.ts';
import type { Counted } from './statistics.ts';

const PER = 100_000;

/** What the tracts in a circle come to together, each by its share. Per 100,000 counts only those whose population is known, in
 *  both parts of the fraction. Where values cannot be added, or one is not known of all, it is null. */
export function totalsOf(
  counted: Counted[],
  { horizon, scale }: { horizon: number | undefined; scale: Scale },
) {
  const peopled = counted.filter(({ tract }) => tract.population !== undefined);
  const population = sumOf(peopled, ({ population }) => population!);
  const totals = {
    population: {
      value: peopled.length > 0 ? rounded(population!) : null,
      tracts_known: peopled.length,
      tracts: counted.length,
    },
  };
  if (scale === 'real') {
    const why = 'values of this target cannot be added: they are no counts';
    return { ...totals, newest: null, last_7_days: null, total: null, forecast: null, totals_note: why };
  }
  const figure = (value: (tract: Tract) => number | undefined) => {
    const sum = sumOf(counted, value);
    const perPerson = population && sumOf(peopled, value);
    return {
      value: sum === null ? null : rounded(sum),
      per_100k: perPerson === null ? null : rounded((perPerson / population!) * PER),
    };
  };
  const times = counted.flatMap(({ tract }) => figuresOf(tract).newest?.time ?? []).sort();
  return {
    ...totals,
    newest: {
      ...figure((tract) => figuresOf(tract).newest?.value),
      earliest: times[0] ?? null,
      latest: times.at(-1) ?? null,
    },
    last_7_days: figure((tract) => figuresOf(tract).week?.value),
    total: figure((tract) => tract.total?.value),
    forecast: (counted[0] ? ofHorizon(counted[0].tract, horizon) : []).map(({ time, horizon: ahead }) => {
      const at = (tract: Tract) =>
        // Horizons mostly stand in order.
        tract.forecasts[ahead - 1]?.horizon === ahead
          ? tract.forecasts[ahead - 1]
          : tract.forecasts.find((one) => one.horizon === ahead);
      return {
        time,
        horizon: ahead,
        point: figure((tract) => at(tract)?.point).value,
        low: figure((tract) => at(tract)?.low).value,
        high: figure((tract) => at(tract)?.high).value,
        per_100k: figure((tract) => at(tract)?.point).per_100k,
      };
    }),
    totals_note:
      'low and high are added as if all tracts erred the same way: the true interval of the sum is hardly wider, mostly narrower',
  };
}

/** @returns null where there is nothing, or a value is not known */
function sumOf(counted: Counted[], value: (tract: Tract) => number | undefined): number | null {
  if (counted.length === 0) return null;
  let sum = 0;
  for (const { tract, share } of counted) {
    const one = value(tract);
    if (one === undefined) return null;
    sum += share * one;
  }
  return sum;
}
