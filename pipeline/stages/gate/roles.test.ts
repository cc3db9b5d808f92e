import { expect, it } from 'vitest';
import { isAgeBand, saysNothing } from './roles.ts';

it.each(['new_conf', 'conf_cum', 'hsp_new', 'xyz', 'col 7'])('lets the content of %s speak', (name) => {
  expect(saysNothing(name)).toBe(true);
});

it.each(['new_cases', 'total', 'tests_24h', 'hosp_census'])('takes %s by its name', (name) => {
  expect(saysNothing(name)).toBe(false);
});

it.each(['age0_17', 'age80plus', 'age_20_29', '0-15', '80+'])('reads %s as a band of ages', (name) => {
  expect(isAgeBand(name)).toBe(true);
});

it.each(['col1_2', 'age17_0', 'tests_24h'])('does not read %s as a band of ages', (name) => {
  expect(isAgeBand(name)).toBe(false);
});
