import Holidays from 'date-holidays';
import type { County } from './counties.ts';
import { type Random, random } from './random.ts';
import type { Epidemic } from './seir.ts';

export const AGE_BANDS = ['0_17', '18_39', '40_64', '65_79', '80plus'] as const;

/** What the counties' offices count in the end, once every late report has come in; shape [days × counties]. */
export interface Reports {
  counties: number;
  days: number;
  start: number;
  cases: Int32Array;
  tests: Int32Array;
  /** People in hospital, and of these in intensive care, at the end of the day. */
  hospitalised: Int32Array;
  intensiveCare: Int32Array;
  deaths: Int32Array;
  /** Cases by age band; a few cases have no known age. */
  ages: Int32Array[];
}

/** Share of what waits on the desks that is reported in a day, Sunday first. */
const REPORTED_SHARE = [0.48, 0.95, 0.95, 0.94, 0.94, 0.93, 0.72];
const HOLIDAY_SHARE = 0.4;
const ADMITTED_SHARE = 0.045;
const STAY_DAYS = 9;
const CARE_STAY_DAYS = 12;
/** Days between an infection and its positive test, share of each. */
const TEST_DELAY = [0, 0.05, 0.15, 0.25, 0.25, 0.15, 0.1, 0.05];
const ADMISSION_DELAY_DAYS = 9;
const AGE_SHARES = [0.19, 0.33, 0.29, 0.13, 0.06];

/**
 * From infections to what offices report. A share of the infections is found (more where more is tested), a few
 * days later; what is found waits in a backlog that is worked off less on weekends and holidays, so Mondays catch
 * up. Counts are overdispersed (gamma-Poisson), as clusters and laboratories that deliver in batches make them.
 */
export function report(places: County[], epidemic: Epidemic, { seed }: { seed: number }): Reports {
  const { counties: n, days, start } = epidemic;
  const draw = random(seed ^ 0x0ff1ce);
  const closed = holidays(start, days);
  const cells = () => new Int32Array(days * n);
  const reports: Reports = {
    counties: n,
    days,
    start,
    cases: cells(),
    tests: cells(),
    hospitalised: cells(),
    intensiveCare: cells(),
    deaths: cells(),
    ages: AGE_BANDS.map(cells),
  };
  const offices = places.map((place) => office(place, draw));
  const found = foundInfections(epidemic);

  for (let day = 0; day < days; day++) {
    const weekday = new Date(start + day * 86_400_000).getUTCDay();
    const share = closed.has(day) ? HOLIDAY_SHARE : REPORTED_SHARE[weekday];
    for (let c = 0; c < n; c++) {
      const cell = day * n + c;
      const here = offices[c];
      const diligence = Math.min(0.99, share * here.diligence);
      // Willingness to test wanders over months, and with it the share of infections that is found.
      here.testing = 0.985 * here.testing + 0.02 * draw.normal();
      const ascertained = here.ascertained * Math.exp(here.testing);
      here.backlog += draw.overdispersed(found[cell] * ascertained, here.evenness);
      const cases = draw.binomial(here.backlog, diligence);
      here.backlog -= cases;
      reports.cases[cell] = cases;
      reports.tests[cell] =
        cases +
        draw.overdispersed(
          (places[c].population * 0.0022 * Math.exp(here.testing) + 3 * found[cell] * ascertained) *
            diligence,
          60,
        );
      ageBands(reports, cell, here, draw);

      const infectedThen = day < ADMISSION_DELAY_DAYS ? found[c] : found[cell - ADMISSION_DELAY_DAYS * n];
      const admitted = draw.poisson(infectedThen * ADMITTED_SHARE * here.frailty);
      const left = draw.binomial(here.wards, 1 - Math.exp(-1 / STAY_DAYS));
      const toCare = draw.binomial(admitted, 0.16);
      const fromCare = draw.binomial(here.care, 1 - Math.exp(-1 / CARE_STAY_DAYS));
      here.wards += admitted - toCare - left;
      here.care += toCare - fromCare;
      reports.hospitalised[cell] = here.wards + here.care;
      reports.intensiveCare[cell] = here.care;
      reports.deaths[cell] = draw.binomial(fromCare, 0.35) + draw.binomial(left, 0.06);
    }
  }
  return reports;
}

function office(place: County, draw: Random) {
  const ageNoise = AGE_SHARES.map((share) => share * draw.noise(0.15));
  const total = ageNoise.reduce((sum, share) => sum + share, 0);
  return {
    backlog: 0,
    wards: Math.round(place.population * 2e-4),
    care: Math.round(place.population * 3e-5),
    testing: 0.1 * draw.normal(),
    ascertained: Math.min(0.5, 0.24 * draw.noise(0.2)),
    diligence: Math.min(1.05, 1 + 0.05 * draw.normal()),
    /** Size of the gamma-Poisson: small offices are more erratic. */
    evenness: Math.min(120, 12 + place.population / 4_000),
    frailty: draw.noise(0.15),
    ageShares: ageNoise.map((share) => share / total),
  };
}

/** Infections on the day their test is positive, before ascertainment; fractions of persons. */
function foundInfections({ counties: n, days, infections }: Epidemic): Float64Array {
  const found = new Float64Array(days * n);
  for (let day = 0; day < days; day++) {
    for (const [delay, share] of TEST_DELAY.entries()) {
      const from = Math.max(0, day - delay) * n;
      for (let c = 0; c < n; c++) found[day * n + c] += share * infections[from + c];
    }
  }
  return found;
}

/** One multinomial draw, band after band; two in a hundred cases have no known age. */
function ageBands(reports: Reports, cell: number, here: { ageShares: number[] }, draw: Random): void {
  let left = draw.binomial(reports.cases[cell], 0.98);
  let shareLeft = 1;
  for (const [band, share] of here.ageShares.entries()) {
    const last = band === here.ageShares.length - 1;
    const count = last ? left : draw.binomial(left, Math.min(1, share / shareLeft));
    reports.ages[band][cell] = count;
    left -= count;
    shareLeft -= share;
  }
}

/** Indices of the days on which offices are closed by law. */
function holidays(start: number, days: number): Set<number> {
  const calendar = new Holidays('US');
  const closed = new Set<number>();
  const firstYear = new Date(start).getUTCFullYear();
  const lastYear = new Date(start + days * 86_400_000).getUTCFullYear();
  for (let year = firstYear; year <= lastYear; year++) {
    for (const { date, type } of calendar.getHolidays(year)) {
      if (type !== 'public') continue;
      const day = (Date.parse(`${date.slice(0, 10)}T00:00:00Z`) - start) / 86_400_000;
      if (day >= 0 && day < days) closed.add(day);
    }
  }
  return closed;
}
