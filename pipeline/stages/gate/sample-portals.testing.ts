/** Files shaped as real portals shape them, with invented values: for tests only. */

export interface Epidemic {
  cases: number[][];
  deaths: number[][];
  hospital: number[][];
  intensive: number[][];
  tests: number[][];
}

export interface SampleFile {
  /** Its extension tells how it is read. */
  file: string;
  content: string | Buffer;
}

/** Days from which all samples count. */
export const FIRST_DAY = Date.UTC(2020, 8, 1);
const DAY_MS = 86_400_000;

export function isoDay(day: number): string {
  return new Date(FIRST_DAY + day * DAY_MS).toISOString().slice(0, 10);
}

/** `%Y %m %d %H` and the like, of a day. */
export function written(day: number, form: string): string {
  const [year, month, date] = isoDay(day).split('-');
  return form
    .replace('%Y', year)
    .replace('%y', year.slice(2))
    .replace('%m', month)
    .replace('%d', date)
    .replace('%-m', String(Number(month)))
    .replace('%-d', String(Number(date)));
}

/** Waves over some tracts of different sizes; seeded, whole numbers, a weekday effect. */
export function epidemic({
  tracts,
  days,
  seed = 1,
}: {
  tracts: number;
  days: number;
  seed?: number;
}): Epidemic {
  const random = mulberry(seed);
  const made: Epidemic = { cases: [], deaths: [], hospital: [], intensive: [], tests: [] };
  for (let tract = 0; tract < tracts; tract++) {
    const size = 30 + 400 * random() ** 3;
    const phase = 25 * random();
    const cases: number[] = [];
    const tests: number[] = [];
    for (let day = 0; day < days; day++) {
      const wave = 1.1 + Math.sin((day - phase) / 26) + 0.6 * Math.sin((day - phase) / 61);
      const weekday = [1, 1.1, 1.08, 1.05, 1, 0.7, 0.55][(day + 1) % 7];
      cases.push(Math.max(0, Math.round(size * Math.max(0.05, wave) * weekday * (0.8 + 0.4 * random()))));
      tests.push(Math.round(cases[day] * (6 + 3 * random()) + size * weekday * (2 + random())));
    }
    const lagged = (lag: number, span: number, share: number) =>
      cases.map((_, day) => {
        let sum = 0;
        for (let back = lag; back < lag + span; back++) sum += cases[Math.max(0, day - back)];
        return sum * share;
      });
    made.cases.push(cases);
    made.tests.push(tests);
    made.hospital.push(lagged(5, 12, 0.06).map(Math.round));
    made.intensive.push(lagged(8, 14, 0.007).map(Math.round));
    made.deaths.push(lagged(12, 10, 0.0018).map((value) => Math.floor(value + random())));
  }
  return made;
}

export function running(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => {
    sum += value;
    return sum;
  });
}

export function mulberry(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

type Cell = string | number | null;

/** One text of rows; cells that hold the delimiter are quoted, null is empty. */
export function table(
  header: string[],
  rows: Cell[][],
  { delimiter = ',', quoted = false, end = '\n' } = {},
): string {
  const cell = (value: Cell) => {
    const text = value === null ? '' : String(value);
    return quoted || text.includes(delimiter) || text.includes('"')
      ? `"${text.replaceAll('"', '""')}"`
      : text;
  };
  return [header, ...rows].map((cells) => cells.map(cell).join(delimiter)).join(end) + end;
}

/** Rows of every tract and day, in the order of days. */
export function byDay(
  days: number,
  tracts: number,
  row: (day: number, tract: number) => Cell[] | null,
): Cell[][] {
  const rows: Cell[][] = [];
  for (let day = 0; day < days; day++)
    for (let tract = 0; tract < tracts; tract++) {
      const cells = row(day, tract);
      if (cells) rows.push(cells);
    }
  return rows;
}

/** Rows of every tract and day, tract after tract. */
export function byTract(
  days: number,
  tracts: number,
  row: (day: number, tract: number) => Cell[] | null,
): Cell[][] {
  const rows: Cell[][] = [];
  for (let tract = 0; tract < tracts; tract++)
    for (let day = 0; day < days; day++) {
      const cells = row(day, tract);
      if (cells) rows.push(cells);
    }
  return rows;
}
