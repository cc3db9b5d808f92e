import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type FoundRoles, findRoles, type RoleOptions } from './find-roles.ts';
import { profileColumns } from './profile-columns.ts';
import { readTable } from './read-table.ts';

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'find-roles-'));
});
afterAll(() => rm(folder, { recursive: true }));

type Found = FoundRoles & { roles: Record<string, string> };

async function rolesOfFile(path: string, options: Partial<RoleOptions> = {}): Promise<Found> {
  const table = await readTable([{ path, format: 'csv' }], { scratch: folder });
  try {
    const found = await findRoles(table, await profileColumns(table), {
      roles: {},
      minConfidence: 0.6,
      ...options,
    });
    return { ...found, roles: Object.fromEntries(found.columns.map(({ name, role }) => [name, role])) };
  } finally {
    await table.close();
  }
}

async function rolesOf(
  text: string,
  options?: Partial<RoleOptions>,
  name = `${files++}.csv`,
): Promise<Found> {
  const path = join(folder, name);
  await writeFile(path, text);
  return rolesOfFile(path, options);
}

interface Row {
  date: string;
  id: string;
  name: string;
  lat: string;
  lon: string;
  fresh: number;
  total: number;
  tests: number;
  beds: number;
  icu: number;
  deaths: number;
}

const PLACES = [
  ['001', 'Torino', '45.0733', '7.6807'],
  ['015', 'Milano', '45.4668', '9.1904'],
  ['027', 'Venezia', '45.4349', '12.3385'],
  ['037', 'Bologna', '44.4944', '11.3417'],
  ['048', 'Firenze', '43.7692', '11.2559'],
  ['058', 'Roma', '41.8928', '12.4837'],
];

/** An epidemic of 90 days in six places; no randomness, so that a failure repeats. */
function epidemic(): Row[] {
  const rows: Row[] = [];
  const state = PLACES.map(() => ({ total: 0, deaths: 0 }));
  for (let day = 0; day < 90; day++) {
    const date = new Date(Date.UTC(2021, 2, 1 + day)).toISOString().slice(0, 10);
    for (const [place, [id, name, lat, lon]] of PLACES.entries()) {
      const wave = 200 * (place + 1) * Math.exp(-(((day - 45 - place) / 18) ** 2));
      const fresh = Math.round(wave * (1 + 0.3 * Math.sin(day * 0.9)) + ((day * 7 + place * 3) % 5));
      state[place].total += fresh;
      if (day > 10) state[place].deaths += Math.round(fresh * 0.015);
      const beds = Math.round(wave * 1.4) + 3;
      rows.push({
        date,
        id,
        name,
        lat,
        lon,
        fresh,
        total: state[place].total,
        tests: fresh * 9 + 40 + ((day * 11) % 17),
        beds,
        icu: Math.round(beds * 0.12),
        deaths: state[place].deaths,
      });
    }
  }
  return rows;
}

const FIELDS = [
  'date',
  'id',
  'name',
  'lat',
  'lon',
  'fresh',
  'total',
  'tests',
  'beds',
  'icu',
  'deaths',
] as const;
const ROLES = [
  'date', 'tract_id', 'tract_name', 'latitude', 'longitude', 'new_cases', 'total_cases', 'tests', 'hospitalised', 'intensive_care', 'deaths',
]; // biome-ignore format: one line a list

function csv(header: string[], fields: readonly (keyof Row)[] = FIELDS, delimiter = ','): string {
  const lines = epidemic().map((row) => fields.map((field) => row[field]).join(delimiter));
  return `${[header.join(delimiter), ...lines].join('\n')}\n`;
}

describe('findRoles by name and content', () => {
  it.each([
    [
      'English',
      'date,county_code,county,latitude,longitude,new_cases,total_cases,tests,hospitalized,icu,deaths',
    ],
    [
      'camel case',
      'reportDate,countyCode,countyName,lat,lng,newCases,cumulativeCases,testsPerformed,hospitalPatients,icuPatients,totalDeaths',
    ],
    [
      'Italian',
      'data,codice_provincia,denominazione_provincia,lat,long,nuovi_positivi,totale_casi,tamponi,totale_ospedalizzati,terapia_intensiva,deceduti',
    ],
    [
      'German',
      'Datum,Landkreis-ID,Landkreis,Breitengrad,Längengrad,Neuinfektionen,Gesamtfallzahl,Tests,Hospitalisiert,Intensivstation,Todesfälle',
    ],
    [
      'French',
      'jour,code_departement,nom_departement,latitude,longitude,nouveaux_cas,total_cas,tests,hospitalisés,réanimation,décès',
    ],
    [
      'Spanish',
      'fecha,código_provincia,provincia,latitud,longitud,casos_nuevos,casos_acumulados,pruebas,hospitalizados,uci,fallecidos',
    ],
    [
      'Portuguese',
      'data,código_município,município,latitude,longitude,casos_novos,casos_acumulados,testes,internados_hospital,uti_intensiva,óbitos',
    ],
    [
      'Dutch',
      'Datum,Gemeentecode,Gemeentenaam,breedtegraad_lat,lengtegraad_lon,nieuwe_besmettingen,totaal_besmettingen,testen,ziekenhuis,intensive_care,overleden',
    ],
    [
      'Polish',
      'data,kod_powiatu,powiat,szerokość,długość,nowe_przypadki,łącznie_przypadki,testy,szpital,intensywna_terapia,zgony',
    ],
    [
      'Greek',
      'ημερομηνία,κωδικός_νομού,νομός,γεωγραφικό_πλάτος,γεωγραφικό_μήκος,νέα_κρούσματα,συνολικά_κρούσματα,τεστ,νοσηλευόμενοι,μεθ,θάνατοι',
    ],
    ['Chinese', '日期,地区代码,地区名称,纬度,经度,新增确诊,累计确诊,检测,住院,重症,死亡'],
  ])('%s headers', async (_, header) => {
    const names = header.split(',');
    const found = await rolesOf(csv(names));
    expect(names.map((name) => found.roles[name])).toEqual(ROLES);
    expect(found.problems).toEqual([]);
    expect(found.keys).toEqual([names[1]]);
    expect(found.target).toBe(names[5]);
    expect(found.step).toBe('day');
    const sure = found.columns.filter(({ role }) => role === 'new_cases' || role === 'total_cases');
    for (const column of sure) expect(column.confidence).toBeGreaterThan(0.85);
  });

  it('reads meaningless headers from the numbers alone, and is less sure', async () => {
    const names = FIELDS.map((_, i) => `col_${i + 1}`);
    const found = await rolesOf(csv(names));
    expect(names.map((name) => found.roles[name])).toEqual(ROLES);
    const measure = found.columns.find(({ role }) => role === 'new_cases')!;
    expect(measure.confidence).toBeGreaterThanOrEqual(0.6);
    expect(measure.confidence).toBeLessThanOrEqual(0.85);
    expect(found.problems).toEqual([]);
  });

  it('finds the same where longitude stands before latitude', async () => {
    const found = await rolesOf(
      csv(['a1', 'b2', 'c3', 'd4', 'e5', 'f6'], ['date', 'id', 'lon', 'lat', 'fresh', 'total']),
    );
    expect(found.roles).toMatchObject({
      c3: 'longitude',
      d4: 'latitude',
      e5: 'new_cases',
      f6: 'total_cases',
    });
  });

  it('asks, and does not guess, between two counts that could each be the cases', async () => {
    const text = csv(['d', 'id', 'x1', 'x2'], ['date', 'id', 'beds', 'icu']);
    const found = await rolesOf(text);
    expect(found.problems).toHaveLength(1);
    expect(found.problems[0]).toMatchObject({ column: 'x1', role: 'value', line: 'roles: { "x1": value }' });
    expect(found.problems[0].confidence).toBeLessThan(0.6);
    const answered = await rolesOf(text, { roles: { x2: 'new_cases' } });
    expect(answered.problems).toEqual([]);
    expect(answered.target).toBe('x2');
  });

  it('lets params.yaml overrule the names, and gives no role twice', async () => {
    const names = FIELDS.map(String);
    const found = await rolesOf(csv(names), { roles: { tests: 'new_cases' }, target: 'new_cases' });
    expect(found.target).toBe('tests');
    expect(found.columns.filter(({ role }) => role === 'new_cases').map(({ name }) => name)).toEqual([
      'tests',
    ]);
    expect(found.columns.find(({ name }) => name === 'tests')?.confidence).toBe(1);
  });

  it('forecasts the column that `target` names, also one without a meaning', async () => {
    const found = await rolesOf(
      csv(['date', 'id', 'name', 'stringency_level'], ['date', 'id', 'name', 'beds']),
      { target: 'stringency_level' },
    );
    expect(found).toMatchObject({ target: 'stringency_level', problems: [] });
  });
});

describe('findRoles on layouts of well-known portals', () => {
  it('does not take smoothed, per-million or weekly columns for counts', async () => {
    const header =
      'iso_code,continent,location,date,total_cases,new_cases,new_cases_smoothed,total_cases_per_million,new_deaths,total_deaths,icu_patients,icu_patients_per_million,hosp_patients,weekly_icu_admissions,new_tests,total_tests,positive_rate,stringency_index,population,median_age';
    const codes = ['ITA', 'FRA', 'DEU', 'ESP', 'NLD', 'BEL'];
    const names = ['Italy', 'France', 'Germany', 'Spain', 'Netherlands', 'Belgium'];
    let tests = 0;
    const lines = epidemic().map((row) => {
      const place = PLACES.findIndex(([id]) => id === row.id);
      tests += row.tests;
      return [
        codes[place], place > 4 ? 'Asia' : 'Europe', names[place], row.date, row.total, row.fresh, (row.fresh * 0.97).toFixed(3), (row.total / 59.1).toFixed(3),
        Math.round(row.fresh * 0.02), row.deaths, row.icu, (row.icu / 59.1).toFixed(3), row.beds, row.icu * 2, row.tests, tests, '0.11', '55.5',
        59_000_000 + place * 1_000_000, (40 + place * 0.7).toFixed(1),
      ].join(','); // biome-ignore format: one column a word
    });
    const found = await rolesOf(`${header}\n${lines.join('\n')}\n`);
    expect(found.roles).toMatchObject({
      iso_code: 'tract_id', location: 'tract_name', date: 'date', new_cases: 'new_cases', total_cases: 'total_cases', new_deaths: 'deaths',
      icu_patients: 'intensive_care', hosp_patients: 'hospitalised', new_tests: 'tests', population: 'population',
      new_cases_smoothed: 'other', total_cases_per_million: 'other', icu_patients_per_million: 'other', weekly_icu_admissions: 'other',
      positive_rate: 'other', stringency_index: 'other', median_age: 'other', total_deaths: 'other', total_tests: 'other',
    }); // biome-ignore format: pairs
    expect(found.target).toBe('new_cases');
    expect(found.problems).toEqual([]);
  });

  it('reads one column per date, keyed by province and country together', async () => {
    const places = [
      ['', 'Italy', 41.9, 12.6],
      ['', 'France', 46.2, 2.2],
      ['Hubei', 'China', 31, 112.3],
      ['Beijing', 'China', 40.2, 116.4],
      ['Victoria', 'Australia', -37.8, 145],
    ] as const;
    const dates = Array.from({ length: 40 }, (_, day) => {
      const date = new Date(Date.UTC(2020, 0, 22 + day));
      return `${date.getUTCMonth() + 1}/${date.getUTCDate()}/20`;
    });
    const lines = places.map((place, i) =>
      [...place, ...dates.map((_, day) => (i + 1) * day * day)].join(','),
    );
    const found = await rolesOf(
      `Province/State,Country/Region,Lat,Long,${dates.join(',')}\n${lines.join('\n')}\n`,
      {},
      'time_series_covid19_confirmed_global.csv',
    );
    expect([...found.keys].sort()).toEqual(['Country/Region', 'Province/State']);
    expect(found.roles).toMatchObject({
      Lat: 'latitude',
      Long: 'longitude',
      'Country/Region': 'country',
      'Province/State': 'tract_name',
      cases: 'total_cases',
    });
    expect(found.date?.form).toBe('mm/dd/yyyy');
    expect(found.target).toBe('cases');
  });

  it('takes spans of years as age bands, in columns or in rows', async () => {
    const wide = await rolesOf(
      csv(['date', 'id', '0-15', 'age_16_49', '80+'], ['date', 'id', 'icu', 'beds', 'tests']),
      { target: '80+' },
    );
    expect(wide.roles).toMatchObject({ '0-15': 'age_band', age_16_49: 'age_band', '80+': 'age_band' });
    const rows = epidemic().flatMap((row) =>
      ['0-39', '40-69', '70+'].map((band, i) => `${row.date},${row.id},${band},${row.fresh * (i + 1)}`),
    );
    const long = await rolesOf(`date,area_code,age,cases\n${rows.join('\n')}\n`);
    expect(long.roles).toMatchObject({ area_code: 'tract_id', age: 'age_band', cases: 'new_cases' });
    expect([...long.keys].sort()).toEqual(['age', 'area_code']);
  });

  it('needs no place: a single series has no keys', async () => {
    const rows = epidemic().filter(({ id }) => id === '001');
    const found = await rolesOf(
      `Date,Temp\n${rows.map((row) => `${row.date},${(row.beds / 7).toFixed(1)}`).join('\n')}\n`,
    );
    expect(found).toMatchObject({
      keys: [],
      target: 'Temp',
      problems: [],
      roles: { Date: 'date', Temp: 'value' },
    });
  });

  it('keys by name where a code stood for two places at once', async () => {
    const lines = epidemic().map((row) =>
      [row.date, row.id === '015' ? '001' : row.id, row.name, row.fresh].join(','),
    );
    const found = await rolesOf(
      `data,codice_regione,denominazione_regione,nuovi_positivi\n${lines.join('\n')}\n`,
    );
    expect(found.keys).toEqual(['denominazione_regione']);
    expect(found.roles.codice_regione).not.toBe('tract_id');
  });

  it('still finds the key where some days are repeated', async () => {
    const text = csv(['date', 'code', 'new_cases'], ['date', 'id', 'fresh']);
    const lines = text.trimEnd().split('\n');
    const found = await rolesOf(`${[...lines, ...lines.slice(100, 105)].join('\n')}\n`);
    expect(found.keys).toEqual(['code']);
  });

  it('says what to write where there is no date', async () => {
    const found = await rolesOf('Glucose,BMI,Outcome\n148,33.6,1\n85,26.6,0\n183,23.3,1\n');
    expect(found.date).toBeNull();
    expect(found.problems).toEqual([
      { column: null, role: 'date', confidence: 0, line: 'roles: { "<column>": date }' },
    ]);
  });
});

const DATA = '../shared/data';
describe.skipIf(!existsSync(DATA))('findRoles on real files (skipped where ../shared/data is absent)', () => {
  it('reads the regions of Italy and their traps', async () => {
    const found = await rolesOfFile(`${DATA}/italy/italy-regions.csv.gz`);
    const meant = found.columns.filter(({ role }) => role !== 'other').map(({ name, role }) => [name, role]);
    expect(Object.fromEntries(meant)).toEqual({
      data: 'date', stato: 'country', codice_regione: 'tract_id', denominazione_regione: 'tract_name', lat: 'latitude', long: 'longitude',
      terapia_intensiva: 'intensive_care', totale_ospedalizzati: 'hospitalised', nuovi_positivi: 'new_cases', deceduti: 'deaths',
      totale_casi: 'total_cases', tamponi: 'tests',
    }); // biome-ignore format: pairs
    expect(found).toMatchObject({
      keys: ['codice_regione'],
      step: 'day',
      target: 'nuovi_positivi',
      problems: [],
    });
  });

  it('reads the provinces, whose regions are their parents', async () => {
    const found = await rolesOfFile(`${DATA}/italy/italy-provinces.csv.gz`);
    expect(found.roles).toEqual({
      data: 'date', codice_regione: 'parent_id', denominazione_regione: 'parent_name', codice_provincia: 'tract_id',
      denominazione_provincia: 'tract_name', sigla_provincia: 'other', lat: 'latitude', long: 'longitude', totale_casi: 'total_cases',
    }); // biome-ignore format: pairs
    expect(found).toMatchObject({ keys: ['codice_provincia'], target: 'totale_casi', problems: [] });
  });

  it.each([
    ['dati-regioni/dpc-covid19-ita-regioni-20200305.csv', 'denominazione_regione', 'totale_casi'],
    ['dati-regioni/dpc-covid19-ita-regioni-20200331.csv', 'denominazione_regione', 'nuovi_positivi'],
    ['dati-regioni/dpc-covid19-ita-regioni-20201209.csv', 'codice_regione', 'nuovi_positivi'],
    ['dati-province/dpc-covid19-ita-province-20200324.csv', 'codice_provincia', 'totale_casi'],
  ])('reads %s as first published', async (path, key, target) => {
    const found = await rolesOfFile(`${DATA}/italy/as-first-published/${path}`);
    expect(found).toMatchObject({ keys: [key], target, problems: [] });
    expect(found.roles).toMatchObject({ data: 'date', stato: 'country', totale_casi: 'total_cases' });
    expect(found.roles.nuovi_attualmente_positivi ?? 'other').toBe('other');
    if ('tamponi' in found.roles) expect(found.roles.tamponi).toBe('tests');
  });

  it('reads weekly, hourly and single series', async () => {
    const weekly = await rolesOfFile(`${DATA}/flusight/target-hospital-admissions-through-2025-09-20.csv.gz`);
    expect(weekly).toMatchObject({ keys: ['location'], step: 'week', target: 'value', problems: [] });
    expect(weekly.roles).toMatchObject({ location_name: 'tract_name', weekly_rate: 'other' });
    const hourly = await rolesOfFile(`${DATA}/timeseries/beijing-pm25-2010-2013.csv.gz`);
    expect(hourly).toMatchObject({ keys: [], step: 'hour', target: 'pm2.5', problems: [] });
    expect(hourly.date?.columns).toEqual(['year', 'month', 'day', 'hour']);
    const single = await rolesOfFile(`${DATA}/timeseries/daily-min-temperatures.csv`);
    expect(single).toMatchObject({ keys: [], step: 'day', target: 'Temp', problems: [] });
  });

  it('finds no date in a table that has none', async () => {
    const found = await rolesOfFile(`${DATA}/pima/pima-diabetes.csv`);
    expect(found.problems.map(({ role }) => role)).toEqual(['date']);
  });
});
