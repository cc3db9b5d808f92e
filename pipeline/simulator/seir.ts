import type { County } from './counties.ts';
import { mobility } from './mobility.ts';
import { type Random, random } from './random.ts';

export interface Epidemic {
  counties: number;
  days: number;
  /** Day 0, epoch milliseconds (UTC midnight). */
  start: number;
  /** Compartments at the end of each day, shape [days × counties], persons. */
  susceptible: Int32Array;
  exposed: Int32Array;
  infectious: Int32Array;
  recovered: Int32Array;
  /** New infections a day, same shape. */
  infections: Int32Array;
}

const INCUBATION_DAYS = 3;
const INFECTIOUS_DAYS = 5;
const IMMUNITY_DAYS = 200;
/** Mean number of people one infects where everybody is susceptible and nobody is careful. */
const REPRODUCTION = 2.4;
const SEASONAL_SWING = 0.13;

/**
 * Stochastic SEIR epidemic over places that people travel between, with waning immunity: S → E → I → R → S.
 *
 * In a day each susceptible of place c is infected with probability 1 − exp(−λ_c),
 * λ_c = β_c(t) · Σ_j M_cj I_j / N_j, and each of E, I, R moves on with probability 1 − exp(−1/duration); all
 * four flows are binomial draws, so every person is in exactly one compartment at any time. β follows the
 * season, a common regime that switches (caution, ordinary life, crowding) and reaches places at different
 * times, a slow local wander, and new strains that undo part of the immunity.
 * Form of the equations: Keeling & Rohani, Modeling Infectious Diseases in Humans and Animals (2008), ch. 3, 6, 7.
 *
 * The same seed with more days begins with the same days.
 */
export function simulate(
  places: County[],
  { seed, days, start }: { seed: number; days: number; start: number },
): Epidemic {
  const n = places.length;
  const draw = random(seed);
  const travel = mobility(places);
  const weather = transmission(places, random(seed ^ 0x7eaf));
  const cells = () => new Int32Array(days * n);
  const epidemic: Epidemic = {
    counties: n,
    days,
    start,
    susceptible: cells(),
    exposed: cells(),
    infectious: cells(),
    recovered: cells(),
    infections: cells(),
  };
  const now = seeded(places, draw);
  const pressure = new Float64Array(n);

  const onsetShare = 1 - Math.exp(-1 / INCUBATION_DAYS);
  const recoveryShare = 1 - Math.exp(-1 / INFECTIOUS_DAYS);
  for (let day = 0; day < days; day++) {
    for (let c = 0; c < n; c++) pressure[c] = now.infectious[c] / places[c].population;
    const { beta, waning } = weather.next(start + day * 86_400_000);
    for (let c = 0; c < n; c++) {
      const force = beta[c] * travel.seenBy(c, pressure);
      const infected = draw.binomial(now.susceptible[c], 1 - Math.exp(-force));
      const onsets = draw.binomial(now.exposed[c], onsetShare);
      const recoveries = draw.binomial(now.infectious[c], recoveryShare);
      const waned = draw.binomial(now.recovered[c], 1 - Math.exp(-waning[c]));
      // A few cases always arrive from elsewhere, so that no place stays free for good.
      const imported = Math.min(now.susceptible[c] - infected, draw.poisson(places[c].population * 2e-6));
      now.susceptible[c] += waned - infected - imported;
      now.exposed[c] += infected + imported - onsets;
      now.infectious[c] += onsets - recoveries;
      now.recovered[c] += recoveries - waned;

      const cell = day * n + c;
      epidemic.susceptible[cell] = now.susceptible[c];
      epidemic.exposed[cell] = now.exposed[c];
      epidemic.infectious[cell] = now.infectious[c];
      epidemic.recovered[cell] = now.recovered[c];
      epidemic.infections[cell] = infected + imported;
    }
  }
  return epidemic;
}

/** Near the endemic level, so that the first day is a day like any other and not an outbreak from nothing.
 *  The shares with their noise stay below 1 together: nobody is in two compartments. */
function seeded(places: County[], draw: Random) {
  const at = (share: number) =>
    Int32Array.from(places, ({ population }) =>
      draw.binomial(population, share * Math.min(1.8, draw.noise(0.2))),
    );
  const exposed = at(0.006);
  const infectious = at(0.01);
  const recovered = at(0.5);
  const susceptible = Int32Array.from(
    places,
    ({ population }, c) => population - exposed[c] - infectious[c] - recovered[c],
  );
  return { susceptible, exposed, infectious, recovered };
}

/** Rates of each day, made one day after the other: the future never changes the past. */
function transmission(places: County[], draw: Random) {
  const n = places.length;
  const base = REPRODUCTION / INFECTIOUS_DAYS;
  const own = Float64Array.from(places, () => draw.noise(0.05));
  const wander = new Float64Array(n);
  // A change spreads from the east and takes up to five weeks, with local accidents.
  const east = Math.max(...places.map(({ longitude }) => longitude));
  const west = Math.min(...places.map(({ longitude }) => longitude));
  const late = Float64Array.from(places, ({ longitude }) =>
    Math.round(24 * ((east - longitude) / Math.max(1e-9, east - west)) + 12 * draw.uniform()),
  );

  const regimes = [0.78, 1, 1.22];
  const common: number[] = [];
  const escaped: number[] = [];
  let regime = 1;
  let regimeLeft = 30;
  let level = 1;
  let strainLeft = 90 + Math.round(60 * draw.uniform());
  let strainSpan = 0;
  const beta = new Float64Array(n);
  const waning = new Float64Array(n);

  return {
    next(time: number) {
      if (--regimeLeft <= 0) {
        regime = (regime + (draw.uniform() < 0.5 ? 1 : 2)) % regimes.length;
        regimeLeft = Math.round(22 + 55 * draw.uniform());
      }
      level += (regimes[regime] - level) * 0.12; // people change their ways over about a week
      common.push(level);

      if (--strainLeft <= 0) {
        strainSpan = 35;
        strainLeft = Math.round(140 + 140 * draw.uniform());
      }
      escaped.push(strainSpan-- > 0 ? 0.012 : 0);

      const yearShare = (time / 86_400_000 - 15) / 365.25; // peak in mid January
      const season = 1 + SEASONAL_SWING * Math.cos(2 * Math.PI * yearShare);
      const today = common.length - 1;
      for (let c = 0; c < n; c++) {
        wander[c] = 0.97 * wander[c] + 0.018 * draw.normal();
        const seen = Math.max(0, today - late[c]);
        beta[c] = base * own[c] * season * common[seen] * Math.exp(wander[c]) * draw.noise(0.05);
        waning[c] = 1 / IMMUNITY_DAYS + escaped[seen];
      }
      return { beta, waning };
    },
  };
}
