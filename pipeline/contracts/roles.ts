import { z } from 'zod';

/** What a column means. The gate finds it; `roles:` in `params.yaml` overrides it. */
export const ROLES = [
  'date', // a moment or a day, whole in one column
  'year', // parts of a date spread over columns
  'month',
  'day',
  'hour',
  'tract_id',
  'tract_name',
  'parent_id', // the larger area a tract lies in (region of a province)
  'parent_name',
  'country',
  'latitude',
  'longitude',
  'population',
  'new_cases', // counts of one period
  'total_cases', // running total
  'tests',
  'hospitalised',
  'intensive_care',
  'deaths',
  'age_band',
  'value', // any other measure that can be forecast (temperature, admissions, …)
  'other', // kept out of the models
] as const;

export const Role = z.enum(ROLES);
export type Role = z.infer<typeof Role>;

/** Roles whose columns are numbers measured per tract and time: they become series of the panel. */
export const MEASURES = [
  'new_cases',
  'total_cases',
  'tests',
  'hospitalised',
  'intensive_care',
  'deaths',
  'value',
] as const satisfies readonly Role[];
export type Measure = (typeof MEASURES)[number];
