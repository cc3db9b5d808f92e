// Read by tests and the bench only: real series as target panels, past ingest and gate.
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { STEP_MS, type Step, type TargetPanel, type Tract } from '../../contracts/panel.ts';

/** Folder of the developer data, beside the checkout; absent on most machines. */
export const DATA = new URL('../../../../shared/data/', import.meta.url);

export function hasRealData(): boolean {
  return existsSync(new URL('italy/italy-regions.csv.gz', DATA));
}

export function italyRegions(): TargetPanel {
  return panelOf(rowsOf('italy/italy-regions.csv.gz'), {
    id: 'codice_regione',
    name: 'denominazione_regione',
    time: 'data',
    value: 'nuovi_positivi',
    country: 'IT',
    step: 'day',
  });
}

export function italyProvinces(): TargetPanel {
  const totals = panelOf(rowsOf('italy/italy-provinces.csv.gz'), {
    id: 'codice_provincia',
    name: 'denominazione_provincia',
    parent: 'codice_regione',
    time: 'data',
    value: 'totale_casi',
    country: 'IT',
    step: 'day',
  });
  return differences(totals);
}

export function flusight(): TargetPanel {
  return panelOf(rowsOf('flusight/target-hospital-admissions-through-2025-09-20.csv.gz'), {
    id: 'location',
    name: 'location_name',
    time: 'date',
    value: 'value',
    country: 'US',
    step: 'week',
  });
}

export function temperatures(): TargetPanel {
  const rows = rowsOf('timeseries/daily-min-temperatures.csv');
  return panelOf(rows, { time: 'Date', value: 'Temp', step: 'day', scale: 'real' });
}

export function beijing(): TargetPanel {
  const rows = rowsOf('timeseries/beijing-pm25-2010-2013.csv.gz').map((row) => ({
    ...row,
    time: `${row.year}-${row.month.padStart(2, '0')}-${row.day.padStart(2, '0')}T${row.hour.padStart(2, '0')}:00:00`,
  }));
  return panelOf(rows, { time: 'time', value: 'pm2.5', step: 'hour', scale: 'real' });
}

type Row = Record<string, string>;

/** Plain commas only: of these files just the last column quotes commas and newlines, and it is not read. */
function rowsOf(path: string): Row[] {
  const bytes = readFileSync(new URL(path, DATA));
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const [header, ...lines] = text.trim().split(/\r?\n/);
  const names = cells(header);
  const whole = lines.filter((line) => /^"?\d/.test(line) && line.includes(','));
  return whole.map((line) => {
    const row: Row = {};
    cells(line).forEach((cell, index) => {
      row[names[index]] = cell;
    });
    return row;
  });
}

function cells(line: string): string[] {
  return line.split(',').map((cell) => cell.replace(/^"|"$/g, ''));
}

interface Columns {
  id?: string;
  name?: string;
  parent?: string;
  time: string;
  value: string;
  country?: string;
  step: Step;
  scale?: 'count' | 'real';
}

/** Negative counts and holes are not observed. */
function panelOf(all: Row[], columns: Columns): TargetPanel {
  const rows = all.filter((row) => !Number.isNaN(timeOf(row[columns.time] ?? '', columns.step)));
  const { step, scale = 'count' } = columns;
  const tracts = new Map<string, Tract>();
  for (const row of rows) {
    const id = columns.id ? row[columns.id] : 'all';
    const name = columns.name ? row[columns.name] : 'All';
    const parent = columns.parent ? row[columns.parent] : undefined;
    tracts.set(id, { id, name, parent, country: columns.country });
  }
  const stepMs = STEP_MS[step];
  const times = rows.map((row) => timeOf(row[columns.time], step));
  const start = times.reduce((a, b) => Math.min(a, b));
  const length = Math.round((times.reduce((a, b) => Math.max(a, b)) - start) / stepMs) + 1;
  const ids = [...tracts.keys()].sort();
  const index = new Map(ids.map((id, at) => [id, at]));
  const values = new Float64Array(ids.length * length).fill(Number.NaN);
  rows.forEach((row, at) => {
    const tract = index.get(columns.id ? row[columns.id] : 'all') as number;
    const text = row[columns.value];
    const value = text === '' || text === 'NA' ? Number.NaN : Number(text);
    values[tract * length + Math.round((times[at] - start) / stepMs)] =
      scale === 'count' && value < 0 ? Number.NaN : value;
  });
  const observed = Uint8Array.from(values, (value) => (Number.isNaN(value) ? 0 : 1));
  return {
    step,
    start,
    stepMs,
    length,
    tracts: ids.map((id) => tracts.get(id) as Tract),
    target: columns.value,
    scale,
    values: values.map((value) => (Number.isNaN(value) ? 0 : value)),
    observed,
    delay: 0,
  };
}

function timeOf(text: string, step: Step): number {
  return Date.parse(`${step === 'hour' ? text.slice(0, 19) : `${text.slice(0, 10)}T00:00:00`}Z`);
}

function differences(totals: TargetPanel): TargetPanel {
  const { length } = totals;
  const values = new Float64Array(totals.values.length);
  const observed = new Uint8Array(totals.values.length);
  for (let cell = 0; cell < values.length; cell++) {
    if (cell % length === 0 || totals.observed[cell] === 0 || totals.observed[cell - 1] === 0) continue;
    const difference = totals.values[cell] - totals.values[cell - 1];
    if (difference < 0) continue;
    values[cell] = difference;
    observed[cell] = 1;
  }
  return { ...totals, target: 'new_cases', values, observed };
}
