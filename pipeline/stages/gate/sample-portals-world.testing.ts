import {
  byDay,
  byTract,
  epidemic,
  FIRST_DAY,
  isoDay,
  mulberry,
  running,
  type SampleFile,
  table,
  written,
} from './sample-portals.testing.ts';

const COUNTRIES = [
  ['AFG', 'Afghanistan', 'Asia', 39835428],
  ['ALB', 'Albania', 'Europe', 2872934],
  ['AUT', 'Austria', 'Europe', 9043072],
  ['BRA', 'Brazil', 'South America', 213993441],
  ['CAN', 'Canada', 'North America', 38067913],
  ['CHL', 'Chile', 'South America', 19212362],
  ['EGY', 'Egypt', 'Africa', 104258327],
  ['FRA', 'France', 'Europe', 67422000],
  ['DEU', 'Germany', 'Europe', 83900471],
  ['IND', 'India', 'Asia', 1393409033],
  ['ITA', 'Italy', 'Europe', 60367471],
  ['JPN', 'Japan', 'Asia', 126050796],
  ['KEN', 'Kenya', 'Africa', 54985702],
  ['MEX', 'Mexico', 'North America', 130262220],
  ['NGA', 'Nigeria', 'Africa', 211400704],
  ['NOR', 'Norway', 'Europe', 5465629],
  ['POL', 'Poland', 'Europe', 37797000],
  ['PRT', 'Portugal', 'Europe', 10167923],
  ['ZAF', 'South Africa', 'Africa', 60041996],
  ['GBR', 'United Kingdom', 'Europe', 68207114],
  ['USA', 'United States', 'North America', 332915074],
  ['NAM', 'Namibia', 'Africa', 2587344],
] as const;

/** Our World in Data: 67 columns, countries with continents, income groups and the world among them. */
export function owid(days = 500): SampleFile {
  const n = COUNTRIES.length;
  const made = epidemic({ tracts: n, days, seed: 7 });
  const aggregates = [
    ['OWID_AFR', 'Africa', (c: number) => COUNTRIES[c][2] === 'Africa'],
    ['OWID_EUR', 'Europe', (c: number) => COUNTRIES[c][2] === 'Europe'],
    ['OWID_ASI', 'Asia', (c: number) => COUNTRIES[c][2] === 'Asia'],
    ['OWID_HIC', 'High income', (c: number) => [2, 4, 7, 8, 10, 11, 15, 16, 17, 19, 20].includes(c)],
    ['OWID_WRL', 'World', () => true],
  ] as const;
  const header = (
    'iso_code continent location date total_cases new_cases new_cases_smoothed total_deaths new_deaths new_deaths_smoothed ' +
    'total_cases_per_million new_cases_per_million new_cases_smoothed_per_million total_deaths_per_million new_deaths_per_million ' +
    'new_deaths_smoothed_per_million reproduction_rate icu_patients icu_patients_per_million hosp_patients hosp_patients_per_million ' +
    'weekly_icu_admissions weekly_icu_admissions_per_million weekly_hosp_admissions weekly_hosp_admissions_per_million total_tests new_tests ' +
    'total_tests_per_thousand new_tests_per_thousand new_tests_smoothed new_tests_smoothed_per_thousand positive_rate tests_per_case tests_units ' +
    'total_vaccinations people_vaccinated people_fully_vaccinated total_boosters new_vaccinations new_vaccinations_smoothed ' +
    'total_vaccinations_per_hundred people_vaccinated_per_hundred people_fully_vaccinated_per_hundred total_boosters_per_hundred ' +
    'new_vaccinations_smoothed_per_million new_people_vaccinated_smoothed new_people_vaccinated_smoothed_per_hundred stringency_index ' +
    'population_density median_age aged_65_older aged_70_older gdp_per_capita extreme_poverty cardiovasc_death_rate diabetes_prevalence ' +
    'female_smokers male_smokers handwashing_facilities hospital_beds_per_thousand life_expectancy human_development_index population ' +
    'excess_mortality_cumulative_absolute excess_mortality_cumulative excess_mortality excess_mortality_cumulative_per_million'
  ).split(' ');
  const sum = (series: number[][], member: (c: number) => boolean) =>
    Array.from({ length: days }, (_, day) =>
      series.reduce((all, values, c) => all + (member(c) ? values[day] : 0), 0),
    );
  const units = [
    ...COUNTRIES.map(([iso, name, continent, population], c) => ({
      iso: iso as string,
      name: name as string,
      continent: continent as string,
      population: population as number,
      // Few countries publish hospital data; young ones begin late; the last years are weekly with zeros between.
      begins: c % 5 === 0 ? 40 + 3 * c : 0,
      beds: c % 3 === 1,
      weekly: c % 4 === 2,
      cases: made.cases[c],
      deaths: made.deaths[c],
      icu: made.intensive[c],
      hosp: made.hospital[c],
      tests: made.tests[c],
    })),
    ...aggregates.map(([iso, name, member]) => ({
      iso: iso as string,
      name: name as string,
      continent: '',
      begins: 0,
      beds: false,
      weekly: false,
      population: COUNTRIES.reduce((all, country, c) => all + (member(c) ? country[3] : 0), 0),
      cases: sum(made.cases, member),
      deaths: sum(made.deaths, member),
      icu: [] as number[],
      hosp: [] as number[],
      tests: [] as number[],
    })),
  ].sort((a, b) => (a.iso < b.iso ? -1 : 1));
  const rows = units.flatMap((unit) => {
    const cases = unit.weekly ? weekly(unit.cases, 350) : unit.cases;
    const [total, dead] = [running(cases), running(unit.deaths)];
    const tested = running(unit.tests);
    return Array.from({ length: days - unit.begins }, (_, index) => {
      const day = index + unit.begins;
      const per = (value: number) => ((value / unit.population) * 1e6).toFixed(3);
      const mean = (values: number[]) =>
        day < 6 ? null : (values.slice(day - 6, day + 1).reduce((a, b) => a + b, 0) / 7).toFixed(3);
      const cells: Record<string, string | number | null> = {
        iso_code: unit.iso,
        continent: unit.continent,
        location: unit.name,
        date: isoDay(day),
        total_cases: `${total[day]}.0`,
        new_cases: `${cases[day]}.0`,
        new_cases_smoothed: mean(cases),
        total_deaths: dead[day] > 0 ? `${dead[day]}.0` : null,
        new_deaths: `${unit.deaths[day]}.0`,
        new_deaths_smoothed: mean(unit.deaths),
        total_cases_per_million: per(total[day]),
        new_cases_per_million: per(cases[day]),
        total_deaths_per_million: per(dead[day]),
        reproduction_rate: day < 20 ? null : (0.8 + 0.4 * Math.sin(day / 30)).toFixed(2),
        icu_patients: unit.beds ? `${unit.icu[day]}.0` : null,
        hosp_patients: unit.beds ? `${unit.hosp[day]}.0` : null,
        weekly_icu_admissions: unit.beds && day % 7 === 6 ? `${Math.round(unit.icu[day] / 3)}.0` : null,
        weekly_hosp_admissions: unit.beds && day % 7 === 6 ? `${Math.round(unit.hosp[day] / 3)}.0` : null,
        total_tests: unit.tests.length && day > 30 && day < 420 ? `${tested[day]}.0` : null,
        new_tests: unit.tests.length && day > 30 && day < 420 ? `${unit.tests[day]}.0` : null,
        tests_units: unit.tests.length && day > 30 ? 'tests performed' : null,
        total_vaccinations: day > 150 ? `${(day - 150) * 1000 * ((1 + unit.population / 1e8) | 0)}.0` : null,
        stringency_index: (40 + 20 * Math.sin(day / 40)).toFixed(2),
        population_density: ((unit.population % 500) / 3).toFixed(3),
        median_age: (20 + (unit.population % 27)).toFixed(1),
        gdp_per_capita: (1000 + (unit.population % 50000)).toFixed(3),
        life_expectancy: (55 + (unit.population % 28)).toFixed(2),
        population: `${unit.population}.0`,
        hospital_beds_per_thousand: (0.5 + (unit.population % 8)).toFixed(2),
        human_development_index: (0.4 + (unit.population % 50) / 100).toFixed(3),
      };
      return header.map((name) => cells[name] ?? null);
    });
  });
  return { file: 'owid-covid-data.csv', content: table(header, rows) };
}

/** From a day on everything is published once a week, zeros between. */
function weekly(values: readonly number[], from: number): number[] {
  return values.map((value, day) => {
    if (day < from) return value;
    return day % 7 === 0 ? values.slice(day - 6, day + 1).reduce((a, b) => a + b, 0) : 0;
  });
}

/** Johns Hopkins: a column a day, running totals, provinces of some countries. */
export function jhu(days = 300): SampleFile {
  const made = epidemic({ tracts: 14, days, seed: 3 });
  const places = [
    ['', 'Afghanistan', 33.93911, 67.709953],
    ['', 'Albania', 41.1533, 20.1683],
    ['', 'Austria', 47.5162, 14.5501],
    ['Australian Capital Territory', 'Australia', -35.4735, 149.0124],
    ['New South Wales', 'Australia', -33.8688, 151.2093],
    ['Victoria', 'Australia', -37.8136, 144.9631],
    ['Alberta', 'Canada', 53.9333, -116.5765],
    ['Ontario', 'Canada', 51.2538, -85.3232],
    ['Quebec', 'Canada', 52.9399, -73.5491],
    ['', 'France', 46.2276, 2.2137],
    ['Martinique', 'France', 14.6415, -61.0242],
    ['', 'Germany', 51.165691, 10.451526],
    ['', 'Italy', 41.87194, 12.56738],
    ['', 'US', 40, -100],
  ];
  const header = [
    'Province/State',
    'Country/Region',
    'Lat',
    'Long',
    ...Array.from({ length: days }, (_, day) => written(day, '%-m/%-d/%y')),
  ];
  const rows = places.map((place, tract) => [...place, ...running(made.cases[tract])]);
  return { file: 'time_series_covid19_confirmed_global.csv', content: table(header, rows) };
}

/** ECDC: newest first, the date whole and in parts. */
export function ecdc(days = 290): SampleFile {
  const made = epidemic({ tracts: COUNTRIES.length, days, seed: 5 });
  const header =
    'dateRep,day,month,year,cases,deaths,countriesAndTerritories,geoId,countryterritoryCode,popData2019,continentExp,Cumulative_number_for_14_days_of_COVID-19_cases_per_100000'.split(
      ',',
    );
  const rows = byTract(days, COUNTRIES.length, (back, c) => {
    const day = days - 1 - back;
    const [iso, name, continent, population] = COUNTRIES[c];
    const two = { NAM: 'NA', GBR: 'UK', AUT: 'AT', PRT: 'PT', POL: 'PL' }[iso as string] ?? iso.slice(0, 2);
    const sum = made.cases[c].slice(Math.max(0, day - 13), day + 1).reduce((a, b) => a + b, 0);
    return [
      written(day, '%d/%m/%Y'),
      written(day, '%-d'),
      written(day, '%-m'),
      written(day, '%Y'),
      made.cases[c][day],
      made.deaths[c][day],
      name.replaceAll(' ', '_'),
      two,
      iso,
      population,
      continent.replace(/North |South /, ''),
      day < 13 ? null : (sum / population) * 1e5,
    ];
  });
  return { file: 'ecdc.csv', content: table(header, rows, { end: '\r\n' }) };
}

/** New York Times: running totals per county; the same names in many states, no code for "Unknown". */
export function nytCounties(days = 200): SampleFile {
  const names = [
    'Washington',
    'Jefferson',
    'Franklin',
    'Jackson',
    'Lincoln',
    'Madison',
    'Clay',
    'Montgomery',
    'Unknown',
  ];
  const states = [
    ['Alabama', '01'],
    ['Iowa', '19'],
    ['Kentucky', '21'],
    ['Pennsylvania', '42'],
    ['Virginia', '51'],
  ];
  const tracts = names.length * states.length;
  const made = epidemic({ tracts, days, seed: 11 });
  const [cases, deaths] = [made.cases.map(running), made.deaths.map(running)];
  const rows = byDay(days, tracts, (day, tract) => {
    const [state, code] = states[Math.floor(tract / names.length)];
    const county = tract % names.length;
    if (day < county * 2) return null;
    const unknown = names[county] === 'Unknown';
    // Unassigned cases come and go.
    if (unknown && day % 9 < 4) return null;
    return [
      isoDay(day),
      names[county],
      state,
      unknown ? null : `${code}${String(county * 2 + 1).padStart(3, '0')}`,
      unknown ? cases[tract][day] % 40 : cases[tract][day],
      unknown ? 0 : deaths[tract][day],
    ];
  });
  return {
    file: 'us-counties.csv',
    content: table(['date', 'county', 'state', 'fips', 'cases', 'deaths'], rows),
  };
}

/** Brazil: country, states and cities in one file; the coarser rows leave the finer columns empty. */
export function brazil(days = 160): SampleFile {
  const states = [
    ['Norte', 'AC', 12, 'Acre'],
    ['Nordeste', 'BA', 29, 'Bahia'],
    ['Sudeste', 'SP', 35, 'São Paulo'],
    ['Sul', 'RS', 43, 'Rio Grande do Sul'],
  ] as const;
  const each = 6;
  const made = epidemic({ tracts: states.length * each, days, seed: 13 });
  const header =
    'regiao;estado;municipio;coduf;codmun;codRegiaoSaude;nomeRegiaoSaude;data;semanaEpi;populacaoTCU2019;casosAcumulado;casosNovos;obitosAcumulado;obitosNovos;Recuperadosnovos;emAcompanhamentoNovos'.split(
      ';',
    );
  const rows: (string | number | null)[][] = [];
  const add = (head: (string | number | null)[], population: number, members: number[]) => {
    const sum = (series: number[][]) =>
      Array.from({ length: days }, (_, day) => members.reduce((all, m) => all + series[m][day], 0));
    const [cases, deaths] = [sum(made.cases), sum(made.deaths)];
    const [total, dead] = [running(cases), running(deaths)];
    for (let day = 0; day < days; day++)
      rows.push([
        ...head,
        isoDay(day),
        35 + Math.floor(day / 7),
        population,
        total[day],
        cases[day],
        dead[day],
        deaths[day],
        null,
        null,
      ]);
  };
  const all = Array.from({ length: states.length * each }, (_, index) => index);
  add(['Brasil', null, null, 76, null, null, null], 210147125, all);
  for (const [s, [region, uf, code]] of states.entries()) {
    const own = all.slice(s * each, (s + 1) * each);
    add([region, uf, null, code, null, null, null], 10_000_000 + s, own);
    for (const m of own)
      add(
        [
          region,
          uf,
          `Cidade ${uf} ${m}`,
          code,
          `${code}${String(1000 + m)}`,
          `${code}00${1 + (m % 2)}`,
          `Regiao ${1 + (m % 2)}`,
        ],
        80_000 + 1000 * m,
        [m],
      );
  }
  return { file: 'HIST_PAINEL_COVIDBR.csv', content: table(header, rows, { delimiter: ';' }) };
}

/** UK dashboard: newest first, one level of areas, new and running. */
export function uk(days = 260): SampleFile {
  const areas = [
    ['E06000001', 'Hartlepool'],
    ['E06000002', 'Middlesbrough'],
    ['E08000003', 'Manchester'],
    ['E09000007', 'Camden'],
    ['S12000033', 'Aberdeen City'],
    ['W06000015', 'Cardiff'],
    ['N09000003', 'Belfast'],
  ];
  const made = epidemic({ tracts: areas.length, days, seed: 17 });
  const totals = made.cases.map(running);
  const rows = byTract(days, areas.length, (back, area) => {
    const day = days - 1 - back;
    return [...areas[area], 'ltla', isoDay(day), made.cases[area][day], totals[area][day]];
  });
  return {
    file: 'data_2021-May-18.csv',
    content: table(
      ['areaCode', 'areaName', 'areaType', 'date', 'newCasesBySpecimenDate', 'cumCasesBySpecimenDate'],
      rows,
    ),
  };
}

/** US flu hospital admissions a week, the nation among its states. */
export function flusight(weeks = 110): SampleFile {
  const places = [
    ['01', 'Alabama'],
    ['02', 'Alaska'],
    ['04', 'Arizona'],
    ['06', 'California'],
    ['36', 'New York'],
    ['48', 'Texas'],
  ];
  const made = epidemic({ tracts: places.length, days: weeks, seed: 23 });
  const rows = byDay(weeks, places.length + 1, (week, place) => {
    const value =
      place < places.length ? made.cases[place][week] : made.cases.reduce((all, one) => all + one[week], 0);
    const [code, name] = places[place] ?? ['US', 'US'];
    return [
      new Date(FIRST_DAY + (week * 7 + 4) * 86_400_000).toISOString().slice(0, 10),
      code,
      name,
      value,
      (value / 70).toFixed(9),
    ];
  });
  return {
    file: 'target-hospital-admissions.csv',
    content: table(['date', 'location', 'location_name', 'value', 'weekly_rate'], rows.reverse()),
  };
}

/** Hourly sensors, `NA` for failures. */
export function sensors(hours = 24 * 120): SampleFile {
  const random = mulberry(29);
  const stations = ['S-01', 'S-02', 'S-03'];
  const rows = byDay(hours, stations.length, (hour, station) => [
    stations[station],
    new Date(FIRST_DAY + hour * 3_600_000).toISOString().slice(0, 16).replace('T', ' '),
    random() < 0.01
      ? 'NA'
      : (15 + 8 * Math.sin(hour / 3.82) + 5 * Math.sin(hour / 900) + random() + station).toFixed(1),
    (60 + 20 * random()).toFixed(0),
  ]);
  return { file: 'sensors.csv', content: table(['station', 'timestamp', 'temperature', 'humidity'], rows) };
}
