import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GateReport } from '../../contracts/gate.ts';
import { inspect } from './run.ts';
import type { SampleFile } from './sample-portals.testing.ts';
import {
  franceHospital,
  franceNew,
  rki,
  rkiSevenDays,
  spain,
  spreadsheet,
  sweden,
  swiss,
} from './sample-portals-europe.testing.ts';
import {
  DATE_WRITINGS,
  dates,
  LANGUAGES,
  language,
  localHours,
  monthly,
  single,
  untidy,
} from './sample-portals-forms.testing.ts';
import {
  brazil,
  ecdc,
  flusight,
  jhu,
  nytCounties,
  owid,
  sensors,
  uk,
} from './sample-portals-world.testing.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portals-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function look({ file, content }: SampleFile): Promise<GateReport> {
  const path = join(folder, file);
  await writeFile(path, content);
  return inspect({ files: [{ path, format: 'csv' }], source: file, now: new Date('2026-01-01T00:00:00Z') });
}

function rolesOf(report: GateReport): Record<string, string> {
  return Object.fromEntries(
    report.columns.filter(({ role }) => role !== 'other').map(({ name, role }) => [role, name]),
  );
}

function failed(report: GateReport): string[] {
  return report.expectations
    .filter(({ passed, severity }) => !passed && severity === 'fail')
    .map(({ expectation, observed }) => `${expectation}: ${observed}`);
}

/** Portal, tracts that are left, a part of the roles. */
const PORTALS: [name: string, make: () => SampleFile, tracts: number, roles: Record<string, string>][] = [
  [
    'Our World in Data: groups of countries set aside',
    owid,
    22,
    {
      date: 'date',
      tract_id: 'iso_code',
      tract_name: 'location',
      parent_name: 'continent',
      new_cases: 'new_cases',
      total_cases: 'total_cases',
      deaths: 'new_deaths',
      tests: 'new_tests',
      hospitalised: 'hosp_patients',
      intensive_care: 'icu_patients',
      population: 'population',
    },
  ],
  [
    'Johns Hopkins: a column a day',
    jhu,
    14,
    {
      tract_name: 'Province/State',
      country: 'Country/Region',
      latitude: 'Lat',
      longitude: 'Long',
      date: 'date',
      total_cases: 'cases',
    },
  ],
  [
    'ECDC: date whole and in parts, newest first',
    ecdc,
    22,
    {
      date: 'dateRep',
      new_cases: 'cases',
      deaths: 'deaths',
      tract_name: 'countriesAndTerritories',
      tract_id: 'geoId',
      population: 'popData2019',
      parent_name: 'continentExp',
    },
  ],
  [
    'New York Times: one name in many states, places without a code',
    nytCounties,
    40,
    {
      date: 'date',
      tract_name: 'county',
      parent_name: 'state',
      tract_id: 'fips',
      total_cases: 'cases',
      deaths: 'deaths',
    },
  ],
  [
    'Brazil: country, states and cities in one file',
    brazil,
    24,
    {
      date: 'data',
      tract_name: 'municipio',
      tract_id: 'codmun',
      new_cases: 'casosNovos',
      total_cases: 'casosAcumulado',
      deaths: 'obitosNovos',
      population: 'populacaoTCU2019',
    },
  ],
  [
    'United Kingdom: newest first',
    uk,
    7,
    {
      tract_id: 'areaCode',
      tract_name: 'areaName',
      date: 'date',
      new_cases: 'newCasesBySpecimenDate',
      total_cases: 'cumCasesBySpecimenDate',
    },
  ],
  [
    'US hospital admissions: weekly, the nation among states',
    flusight,
    6,
    { date: 'date', tract_id: 'location', tract_name: 'location_name', value: 'value' },
  ],
  ['hourly sensors', sensors, 3, { tract_id: 'station', date: 'timestamp', value: 'temperature' }],
  [
    'Robert Koch-Institut: records by age and sex',
    rki,
    7,
    {
      date: 'Meldedatum',
      tract_id: 'IdLandkreis',
      tract_name: 'Landkreis',
      parent_id: 'IdBundesland',
      new_cases: 'AnzahlFall',
      deaths: 'AnzahlTodesfall',
      age_band: 'Altersgruppe',
    },
  ],
  [
    'Germany: seven-day numbers',
    rkiSevenDays,
    7,
    {
      date: 'Meldedatum',
      tract_id: 'Landkreis_id',
      new_cases: 'Faelle_neu',
      total_cases: 'Faelle_gesamt',
      population: 'Bevoelkerung',
    },
  ],
  [
    'France: levels by sex, 0 being both',
    franceHospital,
    7,
    { date: 'jour', tract_id: 'dep', hospitalised: 'hosp', intensive_care: 'rea', deaths: 'dc' },
  ],
  [
    'France: the newly admitted',
    franceNew,
    7,
    {
      date: 'jour',
      tract_id: 'dep',
      hospitalised: 'incid_hosp',
      intensive_care: 'incid_rea',
      deaths: 'incid_dc',
    },
  ],
  [
    'Spain: by sex and age',
    spain,
    7,
    {
      date: 'fecha',
      tract_id: 'provincia_iso',
      age_band: 'grupo_edad',
      new_cases: 'num_casos',
      hospitalised: 'num_hosp',
      intensive_care: 'num_uci',
      deaths: 'num_def',
    },
  ],
  [
    'Switzerland: two sums among the cantons',
    swiss,
    8,
    { date: 'datum', tract_id: 'geoRegion', new_cases: 'entries', population: 'pop' },
  ],
  [
    'Sweden: ISO weeks in two columns',
    sweden,
    6,
    {
      year: 'år',
      tract_name: 'Region',
      new_cases: 'Antal_fall_vecka',
      total_cases: 'Kum_antal_fall',
      deaths: 'Antal_avlidna_vecka',
    },
  ],
  [
    'a spreadsheet of a Latin-1 country',
    spreadsheet,
    7,
    {
      date: 'Datum',
      tract_name: 'Kreis',
      new_cases: 'Neue Fälle',
      total_cases: 'Fälle gesamt',
      deaths: 'Todesfälle',
    },
  ],
  ['a single series', single, 1, { date: 'date', new_cases: 'cases' }],
  ['months', monthly, 3, { date: 'month', tract_name: 'region', new_cases: 'cases' }],
  [
    'quotes, blank lines, a total and a footer',
    untidy,
    4,
    { date: 'date', tract_name: 'region', new_cases: 'new_cases', deaths: 'deaths' },
  ],
  [
    'hours of local time through autumn',
    localHours,
    2,
    { date: 'datetime', tract_id: 'station', value: 'pm10' },
  ],
];

describe('without any configuration the gate passes files shaped as those of', () => {
  test.each(PORTALS)('%s', async (_, make, tracts, roles) => {
    const report = await look(make());
    expect(failed(report)).toEqual([]);
    expect(report.passed).toBe(true);
    expect(rolesOf(report)).toMatchObject(roles);
    expect(report.tracts).toBe(tracts);
    expect(
      report.expectations.filter(({ expectation, passed }) => expectation === 'level-shift' && !passed),
    ).toEqual([]);
  });
});

describe('the gate reads headers in', () => {
  test.each(LANGUAGES.filter((one) => one !== 'nonsense'))('%s', async (which) => {
    const report = await look(language(which));
    expect(failed(report)).toEqual([]);
    const byRole = [
      'date',
      'tract_name',
      'new_cases',
      'total_cases',
      'tests',
      'hospitalised',
      'intensive_care',
      'deaths',
    ];
    expect(report.columns.map(({ role }) => role)).toEqual(byRole);
  });

  test('no language at all, by content', async () => {
    const { columns } = await look(language('nonsense'));
    expect(columns.slice(0, 5).map(({ role }) => role)).toEqual([
      'date',
      'tract_name',
      'new_cases',
      'total_cases',
      'tests',
    ]);
  });
});

describe('the gate reads days written as', () => {
  test.each(Object.keys(DATE_WRITINGS))('%s', async (name) => {
    const report = await look(dates(name.replaceAll(' ', '-'), DATE_WRITINGS[name]));
    expect(failed(report)).toEqual([]);
    expect([report.first_time, report.last_time]).toEqual([
      expect.stringMatching(/^2020-09-01/),
      expect.stringMatching(/^2021-01-28/),
    ]);
  });
});

test('sums by age and sex lose nobody', async () => {
  const { content } = spain(40);
  const lines = String(content)
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => line.split(','));
  const report = await look({ file: 'spain-40.csv', content });
  expect(report.rows).toBe(lines.length);
  expect(report.repairs).toContainEqual({
    repair: 'rows by sexo and grupo_edad, summed into one per provincia_iso and fecha',
    count: lines.length,
    examples: [`${lines.length} → ${7 * 40} rows`],
  });
});
