import iconv from 'iconv-lite';
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

const KREISE = [
  ['01', 'Schleswig-Holstein', '01001', 'SK Flensburg'],
  ['01', 'Schleswig-Holstein', '01002', 'SK Kiel'],
  ['05', 'Nordrhein-Westfalen', '05111', 'SK Düsseldorf'],
  ['05', 'Nordrhein-Westfalen', '05315', 'SK Köln'],
  ['09', 'Bayern', '09162', 'SK München'],
  ['09', 'Bayern', '09461', 'SK Bamberg'],
  ['09', 'Bayern', '09471', 'LK Bamberg'],
] as const;

/** Robert Koch-Institut: one row a district, day, age band and sex, only where there were cases. */
export function rki(days = 180): SampleFile {
  const random = mulberry(31);
  const made = epidemic({ tracts: KREISE.length, days, seed: 31 });
  const bands = ['A00-A04', 'A05-A14', 'A15-A34', 'A35-A59', 'A60-A79', 'A80+', 'unbekannt'];
  const shares = [0.04, 0.12, 0.32, 0.34, 0.13, 0.05];
  const header =
    'ObjectId,IdBundesland,Bundesland,Landkreis,Altersgruppe,Geschlecht,AnzahlFall,AnzahlTodesfall,Meldedatum,IdLandkreis,Datenstand,NeuerFall,NeuerTodesfall,Refdatum,NeuGenesen,AnzahlGenesen,IstErkrankungsbeginn,Altersgruppe2'.split(
      ',',
    );
  let id = 0;
  const rows: (string | number | null)[][] = [];
  for (const [k, [land, landName, code, name]] of KREISE.entries())
    for (let day = 0; day < days; day++)
      for (const [b, band] of bands.entries())
        for (const sex of ['M', 'W']) {
          const count =
            b < 6
              ? Math.round(made.cases[k][day] * shares[b] * (0.4 + 0.2 * random()))
              : Number(random() < 0.02);
          if (count === 0) continue;
          rows.push([
            ++id,
            land,
            landName,
            name,
            band,
            sex,
            count,
            Number(random() < 0.01),
            `${written(day, '%Y/%m/%d')} 00:00:00`,
            code,
            '28.02.2021, 00:00 Uhr',
            0,
            -9,
            `${written(Math.max(0, day - 3), '%Y/%m/%d')} 00:00:00`,
            0,
            count,
            1,
            'Nicht übermittelt',
          ]);
        }
  return { file: 'RKI_COVID19.csv', content: table(header, rows) };
}

/** What the RKI publishes of seven days. */
export function rkiSevenDays(days = 200): SampleFile {
  const made = epidemic({ tracts: KREISE.length, days, seed: 37 });
  const totals = made.cases.map(running);
  const rows = byDay(days, KREISE.length, (day, k) => {
    const week = made.cases[k].slice(Math.max(0, day - 6), day + 1).reduce((a, b) => a + b, 0);
    return [
      isoDay(day),
      KREISE[k][2],
      100_000 + 1000 * k,
      totals[k][day],
      made.cases[k][day],
      week,
      ((week / (100_000 + 1000 * k)) * 1e5).toFixed(1),
    ];
  });
  return {
    file: 'COVID-19-Faelle_7-Tage-Inzidenz_Landkreise.csv',
    content: table(
      [
        'Meldedatum',
        'Landkreis_id',
        'Bevoelkerung',
        'Faelle_gesamt',
        'Faelle_neu',
        'Faelle_7-Tage',
        'Inzidenz_7-Tage',
      ],
      rows,
    ),
  };
}

const DEPARTEMENTS = ['01', '02', '2A', '2B', '13', '75', '971'];

/** Santé publique France: levels by sex, 0 being both together. */
export function franceHospital(days = 200): SampleFile {
  const made = epidemic({ tracts: DEPARTEMENTS.length, days, seed: 41 });
  const [home, dead] = [made.cases.map(running), made.deaths.map(running)];
  const rows: (string | number | null)[][] = [];
  for (let day = 0; day < days; day++)
    for (const [d, dep] of DEPARTEMENTS.entries()) {
      const all = [
        made.hospital[d][day],
        made.intensive[d][day],
        Math.round(home[d][day] / 20),
        dead[d][day],
      ];
      const men = all.map((value) => Math.round(value * 0.54));
      rows.push(
        [dep, 0, isoDay(day), ...all],
        [dep, 1, isoDay(day), ...men],
        [dep, 2, isoDay(day), ...all.map((value, i) => value - men[i])],
      );
    }
  return {
    file: 'donnees-hospitalieres-covid19.csv',
    content: table(['dep', 'sexe', 'jour', 'hosp', 'rea', 'rad', 'dc'], rows, {
      delimiter: ';',
      quoted: true,
    }),
  };
}

/** The newly admitted, one row a department and day. */
export function franceNew(days = 200): SampleFile {
  const made = epidemic({ tracts: DEPARTEMENTS.length, days, seed: 43 });
  const rows = byDay(days, DEPARTEMENTS.length, (day, d) => [
    DEPARTEMENTS[d],
    isoDay(day),
    Math.round(made.cases[d][day] / 12),
    Math.round(made.cases[d][day] / 60),
    made.deaths[d][day],
    Math.round(made.cases[d][Math.max(0, day - 9)] / 14),
  ]);
  return {
    file: 'donnees-hospitalieres-nouveaux.csv',
    content: table(['dep', 'jour', 'incid_hosp', 'incid_rea', 'incid_dc', 'incid_rad'], rows, {
      delimiter: ';',
    }),
  };
}

/** Instituto de Salud Carlos III: by province, sex and age band. */
export function spain(days = 100): SampleFile {
  const random = mulberry(47);
  const provinces = ['A', 'AB', 'B', 'M', 'NA', 'SE', 'V'];
  const made = epidemic({ tracts: provinces.length, days, seed: 47 });
  const bands = ['0-9', '10-19', '20-29', '30-39', '40-49', '50-59', '60-69', '70-79', '80+', 'NC'];
  const rows: (string | number | null)[][] = [];
  for (const [p, province] of provinces.entries())
    for (const sex of ['H', 'M', 'NC'])
      for (const [b, band] of bands.entries())
        for (let day = 0; day < days; day++) {
          const cases =
            sex === 'NC' || band === 'NC'
              ? Number(random() < 0.01)
              : Math.round((made.cases[p][day] / 18) * (0.7 + 0.6 * random()));
          rows.push([
            province,
            sex,
            band,
            isoDay(day),
            cases,
            Math.round(cases * 0.08 * (b / 5)),
            Math.round(cases * 0.01 * (b / 5)),
            Math.round(cases * 0.005 * b * random()),
          ]);
        }
  return {
    file: 'casos_hosp_uci_def_sexo_edad_provres.csv',
    content: table(
      ['provincia_iso', 'sexo', 'grupo_edad', 'fecha', 'num_casos', 'num_hosp', 'num_uci', 'num_def'],
      rows,
    ),
  };
}

/** Bundesamt für Gesundheit: the country and Liechtenstein among the cantons. */
export function swiss(days = 240): SampleFile {
  const cantons = ['AG', 'BE', 'BS', 'GE', 'TI', 'VD', 'ZH', 'FL'];
  const made = epidemic({ tracts: cantons.length, days, seed: 53 });
  const rows: (string | number | null)[][] = [];
  const add = (region: string, population: number, cases: number[]) => {
    const total = running(cases);
    for (let day = 0; day < days; day++) {
      const week = day < 6 ? null : cases.slice(day - 6, day + 1).reduce((a, b) => a + b, 0);
      rows.push([
        region,
        isoDay(day),
        cases[day],
        total[day],
        population,
        ((cases[day] / population) * 1e5).toFixed(2),
        week,
        week === null ? null : (week / 7).toFixed(2),
        'COVID19Cases',
        '2021-06-01_07-43-54',
        region === 'FL' ? 'FL' : 'CH',
      ]);
    }
  };
  made.cases[7] = made.cases[7].map((cases) => Math.round(cases / 300));
  for (const [c, canton] of cantons.entries()) add(canton, 200_000 + 50_000 * c, made.cases[c]);
  const sum = (members: number) =>
    made.cases[0].map((_, day) => made.cases.slice(0, members).reduce((all, one) => all + one[day], 0));
  add('CH', 8_600_000, sum(7));
  add('CHFL', 8_640_000, sum(8));
  return {
    file: 'COVID19Cases_geoRegion.csv',
    content: table(
      [
        'geoRegion',
        'datum',
        'entries',
        'sumTotal',
        'pop',
        'inz_entries',
        'sum7d',
        'mean7d',
        'type',
        'version',
        'datum_unit',
      ],
      rows,
      { quoted: true },
    ),
  };
}

/** Folkhälsomyndigheten: ISO weeks in two columns. */
export function sweden(weeks = 120): SampleFile {
  const regions = ['Blekinge', 'Dalarna', 'Gotland', 'Skåne', 'Stockholm', 'Västra Götaland'];
  const made = epidemic({ tracts: regions.length, days: weeks, seed: 59 });
  const totals = made.cases.map(running);
  const rows = byTract(weeks, regions.length, (week, r) => {
    const at = new Date(FIRST_DAY + (week * 7 + 2) * 86_400_000); // a Thursday
    const year = at.getUTCFullYear();
    const number = Math.floor((at.getTime() - Date.UTC(year, 0, 1)) / (7 * 86_400_000)) + 1;
    return [
      year,
      number,
      regions[r],
      made.cases[r][week],
      (made.cases[r][week] / 3.1).toFixed(0),
      totals[r][week],
      made.intensive[r][week],
      made.deaths[r][week],
    ];
  });
  return {
    file: 'veckodata_region.csv',
    content: table(
      [
        'år',
        'veckonummer',
        'Region',
        'Antal_fall_vecka',
        'Antal_fall_100000inv_vecka',
        'Kum_antal_fall',
        'Antal_intensivvårdade_vecka',
        'Antal_avlidna_vecka',
      ],
      rows,
    ),
  };
}

/** A spreadsheet saved as CSV in a Latin-1 country: title, `;`, decimal commas, thousands dots, a total and footers. */
export function spreadsheet(days = 150): SampleFile {
  const made = epidemic({ tracts: KREISE.length, days, seed: 61 });
  const grouped = (value: number) => String(value).replace(/\B(?=(\d{3})+$)/g, '.');
  const totals = made.cases.map((values) => running(values.map((value) => value * 13)));
  const rows = byDay(days, KREISE.length + 1, (day, k) => {
    const own = k < KREISE.length ? [k] : [...KREISE.keys()];
    const sum = (series: number[][]) => own.reduce((all, one) => all + series[one][day], 0);
    const cases = sum(made.cases) * 13;
    return [
      written(day, '%d.%m.%Y'),
      KREISE[k]?.[3] ?? 'Summe',
      grouped(cases),
      grouped(sum(totals)),
      `${((sum(made.hospital) / Math.max(1, cases)) * 10).toFixed(2).replace('.', ',')}`,
      grouped(sum(made.deaths)),
    ];
  });
  const text = [
    'Landesamt für Gesundheit;;;;;\r\nNeuinfektionen nach Kreisen;;;;;\r\n;;;;;\r\n',
    table(['Datum', 'Kreis', 'Neue Fälle', 'Fälle gesamt', 'Quote', 'Todesfälle'], rows, {
      delimiter: ';',
      end: '\r\n',
    }),
    ';;;;;\r\nQuelle: Landesamt für Gesundheit, alle Angaben ohne Gewähr;;;;;\r\nStand: 01.02.2021;;;;;\r\n',
  ].join('');
  return { file: 'kreise.csv', content: iconv.encode(text, 'latin1') };
}
