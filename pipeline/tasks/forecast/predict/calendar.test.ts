import { describe, expect, it } from 'vitest';
import { STEP_MS, type Step } from '../../../contracts/panel.ts';
import { calendarOf } from './calendar.ts';

function panel(start: string, step: Step, country?: string) {
  return { step, start: Date.parse(start), stepMs: STEP_MS[step], tracts: [{ id: 'a', name: 'A', country }] };
}

describe('calendarOf', () => {
  it('counts weekdays from Monday and hours from midnight', () => {
    const days = calendarOf(panel('2022-06-06T00:00:00Z', 'day')); // a Monday
    expect([0, 5, 6, 7].map(days.weekday)).toEqual([0, 5, 6, 0]);
    const hours = calendarOf(panel('2022-06-06T00:00:00Z', 'hour'));
    expect([0, 23, 24].map(hours.hour)).toEqual([0, 23, 0]);
    expect(hours.weekday(24)).toBe(1);
  });

  it('knows fixed and movable holidays of the tract’s country, beyond the end of the panel too', () => {
    const italy = calendarOf(panel('2022-04-16T00:00:00Z', 'day', 'IT'));
    // Saturday, Easter Sunday, Easter Monday, Tuesday; the 25th is Liberation Day
    expect([0, 1, 2, 3].map((day) => italy.holiday(0, day))).toEqual([0, 1, 1, 0]);
    expect(italy.holiday(0, 9)).toBe(1);
    expect(calendarOf(panel('2022-04-16T00:00:00Z', 'day', 'US')).holiday(0, 9)).toBe(0);
  });

  it('has no holidays where the country is unknown or does not exist, nor for weeks', () => {
    expect(calendarOf(panel('2022-12-25T00:00:00Z', 'day')).holiday(0, 0)).toBe(0);
    expect(calendarOf(panel('2022-12-25T00:00:00Z', 'day', 'ZZ')).holiday(0, 0)).toBe(0);
    expect(calendarOf(panel('2022-12-25T00:00:00Z', 'week', 'IT')).holiday(0, 0)).toBe(0);
  });

  it('places the first of January at the start of the year, leap years too', () => {
    const calendar = calendarOf(panel('2020-01-01T00:00:00Z', 'day'));
    expect(calendar.yearFraction(0)).toBe(0);
    expect(calendar.yearFraction(183)).toBeCloseTo(0.5, 9);
    expect(calendar.yearFraction(366)).toBe(0);
  });
});
