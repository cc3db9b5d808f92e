import { describe, expect, it } from 'vitest';
import type { Tract } from '../../contracts/panel.ts';
import { withCountries } from './country.ts';

const countries = (tracts: Partial<Tract>[]) =>
  withCountries(tracts.map((tract, i) => ({ id: `id${i}`, name: 'somewhere', ...tract }))).map(
    ({ country }) => country,
  );

describe('withCountries', () => {
  it('believes the data: codes of two or three letters, names in several languages', () => {
    const said = ['IT', 'ita', 'Italia', 'Germany', 'Deutschland', 'Francia'].map((country) => ({ country }));
    expect(countries(said)).toEqual(['IT', 'IT', 'IT', 'DE', 'DE', 'FR']);
  });

  it('looks where a tract lies, and knows nothing of the open sea', () => {
    expect(
      countries([
        { latitude: 45.07, longitude: 7.69 },
        { latitude: 40.71, longitude: -74.01 },
        { latitude: -40, longitude: -120 },
      ]),
    ).toEqual(['IT', 'US', undefined]);
  });

  it('puts what the data says before where it lies', () => {
    expect(countries([{ country: 'CH', latitude: 45.07, longitude: 7.69 }])).toEqual(['CH']);
  });

  it('reads names as countries where four in five are, not below', () => {
    const names = (...list: string[]) => list.map((name) => ({ name }));
    expect(countries(names('France', 'Spain', 'Italy', 'Norway', 'World'))).toEqual([
      'FR',
      'ES',
      'IT',
      'NO',
      undefined,
    ]);
    expect(countries(names('France', 'Spain', 'Italy', 'Atlantis', 'World'))).toEqual(
      Array(5).fill(undefined),
    );
  });

  it('leaves numbers alone, and keeps everything else of the tract', () => {
    const tract = { id: '001', name: '12', population: 5 };
    expect(withCountries([tract])).toEqual([{ ...tract, country: undefined }]);
  });
});
