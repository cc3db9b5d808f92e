import {
  byDay,
  epidemic,
  FIRST_DAY,
  isoDay,
  running,
  type SampleFile,
  table,
  written,
} from './sample-portals.testing.ts';

const DAYS = 150;
const HEADERS = {
  japanese: [
    '日付',
    '都道府県',
    '新規感染者数',
    '累計感染者数',
    '検査数',
    '入院者数',
    '重症者数',
    '死亡者数',
  ],
  korean: ['날짜', '시도', '신규확진자', '누적확진자', '검사자', '입원환자', '위중증', '사망자'],
  greek: [
    'Ημερομηνία',
    'Περιφέρεια',
    'Νέα κρούσματα',
    'Συνολικά κρούσματα',
    'Τεστ',
    'Νοσηλευόμενοι',
    'ΜΕΘ',
    'Θάνατοι',
  ],
  russian: [
    'Дата',
    'Регион',
    'Новые случаи',
    'Всего случаев',
    'Тесты',
    'Госпитализировано',
    'Реанимация',
    'Умерло',
  ],
  italian: [
    'data',
    'regione',
    'nuovi_casi',
    'totale_casi',
    'tamponi',
    'ricoverati',
    'terapia_intensiva',
    'deceduti',
  ],
  nonsense: ['c_a', 'c_b', 'c_c', 'c_d', 'c_e', 'c_f', 'c_g', 'c_h'],
} as const;
const NAMES = {
  japanese: ['北海道', '東京都', '大阪府', '京都府', '福岡県'],
  korean: ['서울', '부산', '대구', '인천', '광주'],
  greek: ['Αττική', 'Κρήτη', 'Ήπειρος', 'Θεσσαλία', 'Πελοπόννησος'],
  russian: ['Москва', 'Санкт-Петербург', 'Татарстан', 'Самарская область', 'Пермский край'],
  italian: ['Abruzzo', 'Basilicata', 'Calabria', 'Campania', 'Lazio'],
  nonsense: ['Alpha', 'Bravo', 'Charlie', 'Delta', 'Echo'],
} as const;
export type Language = keyof typeof HEADERS;
export const LANGUAGES = Object.keys(HEADERS) as Language[];

/** One table in many languages: day, place, new, total, tests, in hospital, in intensive care, dead. */
export function language(which: Language, days = DAYS): SampleFile {
  const made = epidemic({ tracts: 5, days, seed: 67 });
  const totals = made.cases.map(running);
  const rows = byDay(days, 5, (day, t) => [
    isoDay(day),
    NAMES[which][t],
    made.cases[t][day],
    totals[t][day],
    made.tests[t][day],
    made.hospital[t][day],
    made.intensive[t][day],
    made.deaths[t][day],
  ]);
  return { file: `${which}.csv`, content: table([...HEADERS[which]], rows) };
}

/** The same plain table with its dates written otherwise. */
export function dates(name: string, write: (day: number) => string | number, days = DAYS): SampleFile {
  const made = epidemic({ tracts: 4, days, seed: 71 });
  const rows = byDay(days, 4, (day, t) => [write(day), `R${t + 1}`, made.cases[t][day], made.deaths[t][day]]);
  return { file: `${name}.csv`, content: table(['date', 'region', 'new_cases', 'deaths'], rows) };
}

export const DATE_WRITINGS: Record<string, (day: number) => string | number> = {
  'zoned date-times': (day) => `${isoDay(day)}T17:00:00+02:00`,
  'dates with milliseconds': (day) => `${isoDay(day)}T00:00:00.000Z`,
  'epoch seconds': (day) => FIRST_DAY / 1000 + day * 86_400,
  'epoch milliseconds': (day) => FIRST_DAY + day * 86_400_000,
  yyyymmdd: (day) => written(day, '%Y%m%d'),
  'American dates': (day) => written(day, '%m/%d/%Y'),
  'American dates with AM': (day) => `${written(day, '%m/%d/%Y')} 12:00:00 AM`,
  'two-digit years': (day) => written(day, '%d.%m.%y'),
  'spelt months': (day) =>
    new Date(FIRST_DAY + day * 86_400_000).toLocaleDateString('en-GB', {
      day: '2-digit',
      month: 'short',
      year: 'numeric',
      timeZone: 'UTC',
    }),
};

/** One series without any place. */
export function single(days = 400): SampleFile {
  const made = epidemic({ tracts: 1, days, seed: 73 });
  return {
    file: 'single.csv',
    content: table(
      ['date', 'cases'],
      byDay(days, 1, (day) => [isoDay(day), made.cases[0][day]]),
    ),
  };
}

/** A month a row. */
export function monthly(months = 90): SampleFile {
  const made = epidemic({ tracts: 3, days: months, seed: 79 });
  const rows = byDay(months, 3, (month, t) => [
    `${2015 + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, '0')}`,
    ['North', 'South', 'West'][t],
    made.cases[t][month],
  ]);
  return { file: 'monthly.csv', content: table(['month', 'region', 'cases'], rows) };
}

/** A plain table with what people leave in files: quotes everywhere, blank lines, totals at the end, footers. */
export function untidy(days = DAYS): SampleFile {
  const made = epidemic({ tracts: 4, days, seed: 83 });
  const rows = byDay(days, 4, (day, t) => [
    isoDay(day),
    ['Nord', 'Süd', 'Ost', 'West'][t],
    made.cases[t][day],
    made.deaths[t][day],
  ]);
  const lines = table(['date', 'region', 'new_cases', 'deaths'], rows, { quoted: true })
    .trimEnd()
    .split('\n');
  lines.splice(40, 0, '', '');
  const sum = (series: number[][]) => series.flat().reduce((a, b) => a + b, 0);
  lines.push(
    `"Total","","${sum(made.cases)}","${sum(made.deaths)}"`,
    '',
    'Source: Ministry of Health, retrieved on 3 May',
  );
  return { file: 'untidy.csv', content: `${lines.join('\n')}\n` };
}

/** Hours of local time: in autumn one of them comes twice, in spring one is missing. */
export function localHours(): SampleFile {
  const rows: (string | number)[][] = [];
  for (let hour = 0; hour < 24 * 250; hour++) {
    const moment = new Date(FIRST_DAY + hour * 3_600_000);
    const local = moment.toLocaleString('sv-SE', { timeZone: 'Europe/Berlin' }).slice(0, 16);
    for (const station of ['A', 'B'])
      rows.push([local, station, Number((20 + 9 * Math.sin(hour / 3.8) + (hour % 7) / 10).toFixed(1))]);
  }
  return { file: 'local-hours.csv', content: table(['datetime', 'station', 'pm10'], rows) };
}
