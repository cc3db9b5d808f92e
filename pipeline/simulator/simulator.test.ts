import { describe, expect, it } from 'vitest';
import { UsageError } from '../contracts/errors.ts';
import { counties, polygons } from './counties.ts';
import { infectionsCsv } from './portal.ts';
import { publish, SCHEMA_CHANGE_DAY, shown } from './publish.ts';
import { report } from './reporting.ts';
import { simulate } from './seir.ts';

const SEED = 20260101;
const DAYS = 913;
const START = Date.UTC(2026, 5, 30) - (DAYS - 1) * 86_400_000;
const places = counties('42', SEED);
const epidemic = simulate(places, { seed: SEED, days: DAYS + 3, start: START });
const reports = report(places, epidemic, { seed: SEED });
const published = new Map<number, string>();
function on(day: number): string {
  const known = published.get(day);
  if (known !== undefined) return known;
  const csv = publish(places, reports, {
    newest: DAYS - 1 + day,
    seed: SEED,
    changed: day >= SCHEMA_CHANGE_DAY,
  });
  published.set(day, csv);
  return csv;
}

/** county|date → row by column name */
function parsed(csv: string): Map<string, Record<string, string>> {
  const [head, ...lines] = csv.trim().split('\n');
  const names = head.split(',');
  return new Map(
    lines.map((line) => {
      const cells = line.split(',');
      const row = Object.fromEntries(names.map((name, at) => [name, cells[at]]));
      return [`${row.FIPS}|${row.rpt_date}`, row];
    }),
  );
}

describe('counties', () => {
  it('knows the 67 counties of Pennsylvania by five-digit codes', () => {
    expect(places).toHaveLength(67);
    expect(places.every(({ code }) => /^42\d{3}$/.test(code))).toBe(true);
    expect(polygons('42', SEED).features.map(({ properties }) => properties.code)).toEqual(
      places.map(({ code }) => code),
    );
  });

  it('keeps the leading zero of a state below 10', () => {
    expect(counties('01', SEED).map(({ code }) => code)).toContain('01001');
  });

  it('calls two counties neighbours in both directions', () => {
    const philadelphia = places.findIndex(({ name }) => name === 'Philadelphia');
    const names = places[philadelphia].neighbours.map((c) => places[c].name).sort();
    expect(names).toEqual(['Bucks', 'Delaware', 'Montgomery']);
    for (const c of places[philadelphia].neighbours) expect(places[c].neighbours).toContain(philadelphia);
  });

  it('refuses a state that does not exist', () => {
    expect(() => counties('99', SEED)).toThrow(UsageError);
  });
});

describe('the epidemic', () => {
  it('has every person in exactly one compartment on every day', () => {
    let least = 0;
    for (let cell = 0; cell < epidemic.infections.length; cell++) {
      const parts = [epidemic.susceptible, epidemic.exposed, epidemic.infectious, epidemic.recovered].map(
        (part) => part[cell],
      );
      least = Math.min(least, ...parts, epidemic.infections[cell]);
      const sum = parts[0] + parts[1] + parts[2] + parts[3];
      if (sum !== places[cell % places.length].population) expect(sum, `cell ${cell}`).toBe('the population');
    }
    expect(least).toBe(0);
  });

  it('comes in at least three waves, whose peaks the counties reach at different times', () => {
    const weekly = (c?: number) =>
      Array.from({ length: Math.floor(DAYS / 7) }, (_, week) => {
        let sum = 0;
        for (let day = week * 7; day < week * 7 + 7; day++) {
          for (let i = 0; i < places.length; i++) {
            if (c === undefined || c === i) sum += epidemic.infections[day * places.length + i];
          }
        }
        return sum;
      });
    expect(waves(weekly())).toBeGreaterThanOrEqual(3);
    const peaks = places.map((_, c) => argmax(weekly(c)));
    expect(Math.max(...peaks) - Math.min(...peaks)).toBeGreaterThanOrEqual(4);
  });

  it('begins with the same days however many follow', () => {
    const shorter = simulate(places, { seed: SEED, days: 100, start: START });
    expect(shorter.infections).toEqual(epidemic.infections.subarray(0, 100 * places.length));
  });

  it('is another one with another seed', () => {
    const other = simulate(places, { seed: SEED + 1, days: 100, start: START });
    expect(other.infections).not.toEqual(epidemic.infections.subarray(0, 100 * places.length));
  });
});

describe('the reports', () => {
  it('are few on Sundays and many on Mondays', () => {
    const byWeekday = new Array(7).fill(0);
    for (let day = 0; day < 910; day++) {
      const weekday = new Date(START + day * 86_400_000).getUTCDay();
      for (let c = 0; c < places.length; c++) byWeekday[weekday] += reports.cases[day * places.length + c];
    }
    const mean = byWeekday.reduce((a, b) => a + b) / 7;
    expect(byWeekday[0] / mean).toBeLessThan(0.75);
    expect(byWeekday[1] / mean).toBeGreaterThan(1.2);
    expect(byWeekday[3] / mean).toBeGreaterThan(0.9);
    expect(byWeekday[3] / mean).toBeLessThan(1.1);
  });

  it('dip on a public holiday: Thanksgiving 2025, a Thursday, against the Thursdays around it', () => {
    const at = (iso: string) => {
      const day = (Date.parse(`${iso}T00:00:00Z`) - START) / 86_400_000;
      return places.reduce((sum, _, c) => sum + reports.cases[day * places.length + c], 0);
    };
    expect(at('2025-11-27')).toBeLessThan(0.7 * ((at('2025-11-20') + at('2025-12-04')) / 2));
  });

  it('never count below zero, and never more bands than cases', () => {
    for (const counts of [reports.cases, reports.tests, reports.hospitalised, reports.deaths]) {
      expect(Math.min(...counts.subarray(0, 60_000))).toBeGreaterThanOrEqual(0);
    }
    let broken = 0;
    for (let cell = 0; cell < reports.cases.length; cell++) {
      const banded = reports.ages.reduce((sum, band) => sum + band[cell], 0);
      if (banded > reports.cases[cell] || reports.intensiveCare[cell] > reports.hospitalised[cell]) broken++;
    }
    expect(broken).toBe(0);
  });
});

describe('the published file', () => {
  const first = parsed(on(0));
  const second = parsed(on(1));

  it('is the same bytes for the same seed and day, and what the portal serves', () => {
    const small = { state: '44', seed: SEED, days: 200, day: 3 };
    const start = Date.UTC(2026, 5, 30) - (small.days - 1) * 86_400_000;
    const few = counties(small.state, SEED);
    const course = simulate(few, { seed: SEED, days: small.days + small.day, start });
    const again = publish(few, report(few, course, { seed: SEED }), {
      newest: small.days - 1 + small.day,
      seed: SEED,
      changed: small.day >= SCHEMA_CHANGE_DAY,
    });
    expect(again === infectionsCsv(small)).toBe(true);
  });

  it('holds nearly every county and day, but not all, and one row each', () => {
    expect(first.size).toBe(on(0).trim().split('\n').length - 1);
    expect(first.size).toBeGreaterThan(0.99 * 67 * DAYS);
    expect(first.size).toBeLessThan(67 * DAYS);
  });

  it('shows more of the newest day on the day after, by the late reports', () => {
    const sum = (file: typeof first, date: string) =>
      [...file.values()].reduce((all, row) => all + (row.rpt_date === date ? Number(row.new_conf) : 0), 0);
    const growth = sum(second, '2026-06-30') / sum(first, '2026-06-30');
    expect(growth).toBeGreaterThan(1.08);
    expect(growth).toBeLessThan(1.3);
    expect([...first.values()].some((row) => row.rpt_date === '2026-07-01')).toBe(false);
    expect([...second.values()].some((row) => row.rpt_date === '2026-07-01')).toBe(true);
  });

  it('changes older days only by a few corrections, none older than four weeks', () => {
    let corrected = 0;
    for (const [key, row] of first) {
      const age = (Date.parse('2026-06-30') - Date.parse(row.rpt_date)) / 86_400_000;
      const later = second.get(key)?.new_conf;
      if (later === row.new_conf) continue;
      if (later === undefined || age >= 29) expect.fail(`${key}: ${row.new_conf} became ${later}`);
      if (age >= 3) corrected++;
    }
    expect(corrected).toBeGreaterThan(0);
    expect(corrected).toBeLessThan(30);
  });

  it('settles a cell at its final value after four weeks at the latest, and mostly after three days', () => {
    let late = 0;
    let unsettled = 0;
    for (let c = 0; c < 67; c++) {
      for (let day = 0; day < 100; day++) {
        if (shown(1_000, { seed: SEED, c, day, age: 28 }) !== 1_000) unsettled++;
        if (shown(1_000, { seed: SEED, c, day, age: 3 }) !== 1_000) late++;
      }
    }
    expect(unsettled).toBe(0);
    expect(late / 6_700).toBeGreaterThan(0.015);
    expect(late / 6_700).toBeLessThan(0.045);
  });

  it('has totals that fall now and then', () => {
    const totals = new Map<string, number>();
    let falls = 0;
    for (const row of first.values()) {
      if (Number(row.conf_cum) < (totals.get(row.FIPS) ?? 0)) falls++;
      totals.set(row.FIPS, Number(row.conf_cum));
    }
    expect(falls).toBeGreaterThan(20);
    expect(falls).toBeLessThan(600);
  });

  it('adds some missing rows later', () => {
    const added = [...second.keys()].filter((key) => !first.has(key) && !key.endsWith('2026-07-01'));
    const fortnight = parsed(publish(places, reports, { newest: DAYS - 10, seed: SEED, changed: false }));
    const filled = [...first.keys()].filter((key) => !fortnight.has(key) && key.slice(6) <= '2026-06-21');
    expect(added.length + filled.length).toBeGreaterThan(0);
  });

  it('changes its columns once: one renamed, one added', () => {
    const heads = [0, 1, 2, 3].map((day) =>
      infectionsCsv({ state: '44', seed: SEED, days: 30, day }).split('\n', 1)[0].split(','),
    );
    expect(heads[0]).toEqual(heads[1]);
    expect(heads[2]).toEqual(heads[3]);
    expect(heads[0].filter((name) => !heads[2].includes(name))).toEqual(['inpt_cur']);
    expect(heads[2].filter((name) => !heads[0].includes(name))).toEqual(['hosp_census', 'vent_cur']);
  });
});

function argmax(values: number[]): number {
  return values.indexOf(Math.max(...values));
}

/** Rises above the mean after having been under half of it. */
function waves(values: number[]): number {
  const mean = values.reduce((a, b) => a + b) / values.length;
  let count = 0;
  let low = true;
  for (const value of values) {
    if (low && value > mean) {
      count++;
      low = false;
    } else if (value < mean / 2) low = true;
  }
  return count;
}
