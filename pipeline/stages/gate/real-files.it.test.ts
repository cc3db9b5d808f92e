import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { REPOSITORY } from '../../workspace.ts';
import { inspect } from './run.ts';

const PUBLISHED = join(REPOSITORY, '../shared/data/italy/as-first-published');
const there = existsSync(PUBLISHED);
if (!there) console.log('skipped: ../shared/data/italy/as-first-published is not here');

type Change = [severity: string, kind: string, column: string, was: string | null];

/** What the portal really changed from one daily file to the next; no day is in both. */
const REGIONS: [from: string, to: string, changes: Change[]][] = [
  ['20200304', '20200305', [['warn', 'added', 'col_17', null]]],
  ['20200325', '20200330', []],
  [
    '20200324',
    '20200325',
    [
      ['warn', 'added', 'note_en', null],
      ['warn', 'added', 'note_it', null],
    ],
  ],
  [
    '20200330',
    '20200331',
    [
      ['warn', 'added', 'nuovi_positivi', null],
      ['warn', 'renamed', 'latitudine', 'lat'],
      ['warn', 'renamed', 'longitudine', 'long'],
      ['warn', 'renamed', 'totale_positivi', 'totale_attualmente_positivi'],
      ['warn', 'renamed', 'variazione_totale_positivi', 'nuovi_attualmente_positivi'],
    ],
  ],
  [
    '20200331',
    '20200401',
    [
      ['warn', 'renamed', 'lat', 'latitudine'],
      ['warn', 'renamed', 'long', 'longitudine'],
    ],
  ],
  ['20200401', '20200420', []],
  ['20200420', '20200421', [['warn', 'added', 'casi_testati', null]]],
  [
    '20200421',
    '20201208',
    [
      // Two places shared code 04 until then; only now does the code alone tell tracts apart.
      ['fail', 'meaning_changed', 'codice_regione', 'parent_id'],
      ['warn', 'added', 'casi_da_screening', null],
      ['warn', 'added', 'casi_da_sospetto_diagnostico', null],
      ['warn', 'removed', 'note_en', 'note_en'],
      ['warn', 'renamed', 'note', 'note_it'],
    ],
  ],
  [
    '20201208',
    '20201209',
    [
      ['warn', 'added', 'ingressi_terapia_intensiva', null],
      ['warn', 'added', 'note_casi', null],
      ['warn', 'added', 'note_test', null],
      ['warn', 'type_changed', 'casi_da_screening', 'integer'],
      ['warn', 'type_changed', 'casi_da_sospetto_diagnostico', 'integer'],
    ],
  ],
];

describe.skipIf(!there)('what Italy’s portal changed between two daily files', () => {
  test.each(REGIONS)('regions, %s to %s', async (from, to, changes) => {
    const report = await compare('regioni', from, to);
    const seen = report.anomalies.map(
      ({ severity, kind, column, was }): Change => [severity, kind, column, was],
    );
    expect(seen.sort(byText)).toEqual([...changes].sort(byText));
  });

  test('regions, 20200306: values sorted by size beside names sorted by letter are a change of meaning', async () => {
    const report = await compare('regioni', '20200305', '20200306');
    const changed = report.anomalies
      .filter(({ kind }) => kind === 'meaning_changed')
      .map(({ column }) => column);
    expect(changed).toEqual(expect.arrayContaining(['totale_casi', 'tamponi', 'totale_ospedalizzati']));
    expect(report.passed).toBe(false);
  });

  test('provinces, 20200324 to 20200325: two columns of notes', async () => {
    const report = await compare('province', '20200324', '20200325');
    expect(report.anomalies.map(({ kind, column }) => [kind, column])).toEqual([
      ['added', 'note_it'],
      ['added', 'note_en'],
    ]);
  });
});

function compare(kind: 'regioni' | 'province', from: string, to: string) {
  const file = (date: string) => [
    { path: join(PUBLISHED, `dati-${kind}/dpc-covid19-ita-${kind}-${date}.csv`), format: 'csv' as const },
  ];
  return inspect({ files: file(to), previous: file(from), source: to });
}

function byText(a: Change, b: Change): number {
  return a.join() < b.join() ? -1 : 1;
}
