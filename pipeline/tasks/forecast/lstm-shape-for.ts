import type { Step } from '../../contracts/panel.ts';
import type { LstmSettings } from './lstm-settings.ts';
import type { LstmShape } from './predict/lstm-shape.ts';

export interface SeriesFacts {
  step: Step;
  season: number;
  /** Steps known. */
  length: number;
  maxLead: number;
  scale: 'count' | 'real';
}

const STEPS_A_YEAR: Record<Step, number> = { hour: 8766, day: 365.25, week: 52.18, month: 12 };

/** Four seasons of a short season, two of a longer one, within 48 steps: an LSTM forgets more than that anyway. */
export function shapeFor(
  facts: SeriesFacts,
  { seasons, lookback: chosen, units, hidden }: LstmSettings,
): Omit<LstmShape, 'base'> {
  const { season, length, step, maxLead, scale } = facts;
  const usual = season === 1 ? 16 : season <= 12 ? Math.max(14, seasons * season) : Math.min(48, 2 * season);
  const lookback = Math.max(4, Math.min(chosen ?? usual, Math.floor(length / 3)));
  const annual = scale === 'real' && season < STEPS_A_YEAR[step] / 2 && length >= 1.5 * STEPS_A_YEAR[step];
  return { lookback, season, maxLead, units, hidden, scale, annual };
}

/** Half a year in short steps, two years where a year is the season. */
export function halfLifeOf(step: Step, seasons: number): number {
  return (step === 'hour' || step === 'day' ? seasons * 7 : seasons * 28) * (STEPS_A_YEAR[step] / 365.25);
}
