import type { Step } from '../contracts/panel.ts';

/** Steps after which a series is expected to repeat: a day of hours, a week of days, a year of months. Weeks have
 *  their year too, but few series hold two of them: four weeks smooth and block well enough. */
export const SEASON_STEPS: Record<Step, number> = { hour: 24, day: 7, week: 4, month: 12 };
