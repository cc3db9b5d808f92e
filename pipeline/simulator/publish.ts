import type { County } from './counties.ts';
import { fate } from './random.ts';
import { AGE_BANDS, type Reports } from './reporting.ts';

/** Publication days after the first at which the portal changes its columns. */
export const SCHEMA_CHANGE_DAY = 2;

/** Share of a day's reports that are in on the day itself, one day later, two days later. */
const COMPLETE = [0.82, 0.95, 0.99];
/** Ages in days at which a day may be corrected for the last time. */
const CORRECTED_FROM = 8;
const CORRECTED_UNTIL = 28;

/** Purposes of the fates, so that no two are the same. */
const LATE = 1;
const CORRECTED = 2;
const CORRECTION_AGE = 3;
const CORRECTION_SIZE = 4;
const HOLE = 5;
const HOLE_FILLED = 6;
const SILENT_WEEKEND = 7;
const RECLASSIFIED = 8;
const BLANK = 9;

export interface Publication {
  /** Index of the newest day shown. */
  newest: number;
  seed: number;
  /** The columns as they were before the change of schema, or after it. */
  changed: boolean;
}

/**
 * The file that the portal shows on a day: one row a county and day, oldest first.
 * The newest days are not complete and rise as late reports come in; a few older ones are corrected up to four
 * weeks later; sometimes cases are struck off the total; some rows are missing, some of them added later.
 * Everything is decided by (county, day, age): the same seed and day give the same bytes.
 */
export function publish(places: County[], reports: Reports, publication: Publication): string {
  const chunks: string[] = [header(publication.changed)];
  for (const { text } of publishedDays(places, reports, publication)) chunks.push(text);
  return chunks.join('');
}

export function header(changed: boolean): string {
  const names = [
    'FIPS',
    'rpt_date',
    'conf_cum',
    'cnty_name',
    'new_conf',
    ...AGE_BANDS.map((band) => `age${band}`),
    'tests_24h',
    changed ? 'hosp_census' : 'inpt_cur',
    'ICU_cur',
    ...(changed ? ['vent_cur'] : []),
    'dths_new',
    'lat',
    'lon',
  ];
  return `${names.join(',')}\n`;
}

/** Rows of one day after the other, so that millions of them never stand in memory together. */
export function* publishedDays(
  places: County[],
  reports: Reports,
  publication: Publication,
): Generator<{ text: string; rows: number }> {
  const { newest, seed, changed } = publication;
  const n = reports.counties;
  const order = places.map((_, c) => c).sort((a, b) => (places[a].name < places[b].name ? -1 : 1));
  const ends = places.map(({ latitude, longitude }) => `${latitude},${longitude}\n`);
  const totals = new Float64Array(n);
  const silentSince = new Int32Array(n).fill(-1);

  for (let day = 0; day <= newest; day++) {
    const age = newest - day;
    const time = reports.start + day * 86_400_000;
    const date = new Date(time).toISOString().slice(0, 10);
    const weekday = new Date(time).getUTCDay();
    let text = '';
    let rows = 0;
    for (const c of order) {
      const cell = day * n + c;
      if (silentWeekend(seed, c, day, weekday)) {
        if (silentSince[c] < 0) silentSince[c] = day;
        continue;
      }
      let fresh = shown(reports.cases[cell], { seed, c, day, age });
      // After a silent weekend the first day carries what was found on the days before it, too.
      if (silentSince[c] >= 0) {
        for (let past = silentSince[c]; past < day; past++) fresh += reports.cases[past * n + c];
        silentSince[c] = -1;
      }
      totals[c] = Math.max(0, totals[c] + fresh - reclassified(seed, c, day, reports.cases[cell]));
      if (missing(seed, c, day, age)) continue;

      const complete = reports.cases[cell] === 0 ? 1 : fresh / reports.cases[cell];
      let ages = '';
      for (const band of reports.ages) ages += `${Math.floor(band[cell] * complete)},`;
      const blank = fate(seed, BLANK, c, day) < 0.002;
      const tests = blank ? '' : Math.max(fresh, Math.round(reports.tests[cell] * Math.min(1, complete)));
      const ventilated = changed ? `${Math.round(reports.intensiveCare[cell] * 0.6)},` : '';
      rows++;
      text += `${places[c].code},${date},${totals[c]},${quoted(places[c].name)},${fresh},${ages}${tests},${
        reports.hospitalised[cell]
      },${reports.intensiveCare[cell]},${ventilated}${reports.deaths[cell]},${ends[c]}`;
    }
    yield { text, rows };
  }
}

interface Cell {
  seed: number;
  c: number;
  day: number;
  /** Days since that day, at the moment of publication. */
  age: number;
}

/** Cases of a day as they are known at an age. */
export function shown(final: number, { seed, c, day, age }: Cell): number {
  if (age < COMPLETE.length) {
    const late = (1 - COMPLETE[age]) * (0.4 + 1.2 * fate(seed, LATE, c, day));
    return Math.round(final * (1 - late));
  }
  if (fate(seed, CORRECTED, c, day) >= 0.03) return final;
  const corrected =
    CORRECTED_FROM + Math.floor(fate(seed, CORRECTION_AGE, c, day) * (CORRECTED_UNTIL - CORRECTED_FROM));
  // Until then something was counted wrongly, by up to a tenth.
  return age >= corrected ? final : Math.round(final * (0.9 + 0.2 * fate(seed, CORRECTION_SIZE, c, day)));
}

/** Cases struck off the running total on a day, such as repeated positives of one person. */
function reclassified(seed: number, c: number, day: number, final: number): number {
  if (fate(seed, RECLASSIFIED, c, day) >= 0.004) return 0;
  return Math.round(final * (1.2 + 1.5 * fate(seed, RECLASSIFIED, c, day, 1))) + 2;
}

/** A row that is not there; half of these are added within two weeks. */
function missing(seed: number, c: number, day: number, age: number): boolean {
  if (fate(seed, HOLE, c, day) >= 0.004) return false;
  const added = fate(seed, HOLE_FILLED, c, day);
  return added >= 0.5 || age < 1 + Math.floor(added * 28);
}

/** Saturday and Sunday on which a county's office published nothing. */
function silentWeekend(seed: number, c: number, day: number, weekday: number): boolean {
  if (weekday !== 0 && weekday !== 6) return false;
  const saturday = weekday === 6 ? day : day - 1;
  return fate(seed, SILENT_WEEKEND, c, saturday) < 0.01;
}

function quoted(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
