import { type TargetPanel, timeAt } from '../../../contracts/panel.ts';
import { calendarOf } from './calendar.ts';
import { harmonics, type LstmShape } from './lstm-shape.ts';

/** The calendar as tables, from AHEAD steps before the panel to beyond its last lead. */
export interface Days {
  /** 1 on a day off. shape [tracts], rows shared by the tracts of one country */
  off: Uint8Array[];
  /** Sines and cosines of the place in the season. shape [steps × 2·harmonics] */
  phase: Float32Array;
  /** Sine and cosine of the place in the year, zero where the shape has no year. shape [steps × 2] */
  year: Float32Array;
}
/** Rows of the tables before index 0: what a first step asks of the days before it. */
export const AHEAD = 2;

export function daysOf(panel: TargetPanel, shape: LstmShape): Days {
  const calendar = calendarOf(panel);
  const steps = AHEAD + panel.length + shape.maxLead;
  const waves = 2 * harmonics(shape.season);
  const phase = new Float32Array(steps * waves);
  const year = new Float32Array(2 * steps);
  for (let k = 0; k < steps; k++) {
    const angle = 2 * Math.PI * placeInSeason(panel, shape.season, k - AHEAD, calendar.yearFraction);
    for (let wave = 0; wave < waves / 2; wave++) {
      phase[k * waves + 2 * wave] = Math.sin((wave + 1) * angle);
      phase[k * waves + 2 * wave + 1] = Math.cos((wave + 1) * angle);
    }
    if (!shape.annual) continue;
    const turn = 2 * Math.PI * calendar.yearFraction(k - AHEAD);
    year[2 * k] = Math.sin(turn);
    year[2 * k + 1] = Math.cos(turn);
  }
  const byCountry = new Map<string | undefined, Uint8Array>();
  const off = panel.tracts.map(({ country }, tract) => {
    let row = byCountry.get(country);
    if (row === undefined) {
      row = Uint8Array.from({ length: steps }, (_, k) => dayOff(tract, k - AHEAD));
      byCountry.set(country, row);
    }
    return row;
  });
  return { off, phase, year };

  function dayOff(tract: number, index: number): number {
    const weekday = calendar.weekday(index);
    // The weekday is in the phase of daily series; hourly ones with a season of a day would not see it otherwise.
    if (panel.step === 'hour' && weekday >= 5) return 1;
    // A holiday on a Sunday closes nothing that was not closed already.
    return panel.step === 'day' && weekday === 6 ? 0 : calendar.holiday(tract, index);
  }
}

/** 0 ≤ x < 1, the same for a moment wherever the panel starts: serving sees only the newest part of the series. */
function placeInSeason(
  panel: TargetPanel,
  season: number,
  index: number,
  yearFraction: (index: number) => number,
): number {
  if (panel.step === 'month' || (panel.step === 'week' && season > 50)) return yearFraction(index);
  const steps = Math.floor(timeAt(panel, index) / panel.stepMs);
  return (((steps % season) + season) % season) / season;
}
