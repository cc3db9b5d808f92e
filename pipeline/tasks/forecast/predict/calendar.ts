import Holidays from 'date-holidays';
import { type TargetPanel, timeAt } from '../../../contracts/panel.ts';

/** What the calendar says of a time index; indices beyond the panel's end are fine, that is what it is for. */
export interface Calendar {
  /** 0 = Monday … 6 = Sunday. */
  weekday(index: number): number;
  /** 0 … 23; 0 for days and longer steps. */
  hour(index: number): number;
  /** Position in the year, 0 ≤ x < 1. */
  yearFraction(index: number): number;
  /** 1 on a public holiday of the tract's country, else 0; 0 where the country is not known.
   *  Weeks and months: 0, a holiday does not move them as a whole. */
  holiday(tract: number, index: number): number;
}

const DAY_MS = 86_400_000;

/** Calendar of a panel. Needs its tracts, start and step only, never a value.
 *  @param panel times are wall-clock times of the place, read as if they were UTC */
export function calendarOf(panel: Pick<TargetPanel, 'step' | 'start' | 'stepMs' | 'tracts'>): Calendar {
  const countries = panel.tracts.map((tract) => tract.country?.toUpperCase());
  const knowsHolidays = panel.step === 'day' || panel.step === 'hour';
  // Steps are asked one after the other: most lie in the year of the one before.
  let newest: Rest | undefined;
  return {
    weekday: (index) => (new Date(timeAt(panel, index)).getUTCDay() + 6) % 7,
    hour: (index) => (panel.step === 'hour' ? new Date(timeAt(panel, index)).getUTCHours() : 0),
    yearFraction: (index) => yearFraction(timeAt(panel, index)),
    holiday(tract, index) {
      const country = countries[tract];
      if (!knowsHolidays || country === undefined) return 0;
      const day = Math.floor(timeAt(panel, index) / DAY_MS);
      if (newest?.country !== country || day < newest.from || day >= newest.to)
        newest = holidaysOf(country, new Date(day * DAY_MS).getUTCFullYear());
      return newest.days.has(day) ? 1 : 0;
    },
  };
}

function yearFraction(time: number): number {
  const year = new Date(time).getUTCFullYear();
  const from = Date.UTC(year, 0, 1);
  return (time - from) / (Date.UTC(year + 1, 0, 1) - from);
}

/** A country's holidays of one year; days since 1970, from `from` to before `to`. */
interface Rest {
  country: string;
  from: number;
  to: number;
  days: Set<number>;
}

const cache = new Map<string, Rest>();

/** Computing a year takes about 10 ms, hence the cache.
 *  @param country ISO 3166-1 alpha-2; unknown ones have no holidays */
function holidaysOf(country: string, year: number): Rest {
  const key = `${country}:${year}`;
  const found = cache.get(key);
  if (found !== undefined) return found;
  const days = new Set<number>();
  for (const holiday of new Holidays(country).getHolidays(year) ?? []) {
    if (holiday.type !== 'public') continue;
    // `date` is local wall-clock time, as the panel's times are; `start` is an instant.
    const first = Math.round(Date.parse(`${holiday.date.slice(0, 10)}T00:00:00Z`) / DAY_MS);
    const length = Math.max(1, Math.round((holiday.end.getTime() - holiday.start.getTime()) / DAY_MS));
    for (let day = first; day < first + Math.min(length, 10); day++) days.add(day);
  }
  const rest = { country, from: Date.UTC(year, 0, 1) / DAY_MS, to: Date.UTC(year + 1, 0, 1) / DAY_MS, days };
  cache.set(key, rest);
  return rest;
}
