import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Clone } from './clone.ts';

const LIMIT_MS = 10 * 60_000;
const ITALY = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'italy', 'italy-regions.csv.gz');
const FIRST = Date.UTC(2025, 0, 6);

/** A team with a file of its own: told in order, one clone. */
describe('one’s own file', { timeout: LIMIT_MS }, () => {
  let clone: Clone;
  let file: string;
  beforeAll(async () => {
    clone = await Clone.make();
    file = join(clone.root, '..', `${clone.root.split('/').at(-1)}.csv`);
  }, LIMIT_MS);
  afterAll(async () => {
    await clone.remove();
    await rm(file, { force: true });
  });

  const run = (...more: string[]) =>
    clone.perennial('run', '--model', 'infections', '--source', file, '--json', '--quiet', ...more);

  it('trains on it with no other configuration', async () => {
    await writeFile(file, cases({ days: 280, tracts: ['North', 'East', 'South', 'West'] }));
    const { exitCode, stdout, stderr } = await run('--now', dayAfter(280));

    expect(stderr).toBe('');
    expect(exitCode).toBe(0);
    const [{ state, champion, forecasts }] = JSON.parse(stdout);
    expect(state).toBe('trained');
    expect(champion.version).toBe('v0001');
    expect(new Set(forecasts.map(({ tract }: { tract: string }) => tract)).size).toBe(4);
  });

  it('goes on when a tract vanishes, another appears, and one has thirty days of history', async () => {
    await writeFile(file, changed(281));
    const { exitCode, stdout } = await run('--now', dayAfter(281));

    expect(exitCode).toBe(0);
    const [{ state, forecasts }] = JSON.parse(stdout);
    expect(state).toBe('forecast');
    expect(new Set(forecasts.map(({ tract }: { tract: string }) => tract))).toEqual(
      new Set(['North', 'East', 'South', 'West', 'Centre', 'Harbour']),
    );
    for (const { point, low, high } of forecasts) {
      expect(low).toBeGreaterThanOrEqual(0);
      expect(low <= point && point <= high).toBe(true);
    }
  });

  it('is refused with the report’s path when it is bad, nothing else moves, and the next good file passes', async () => {
    const pack = await clone.text('artifacts', 'infections', 'pack', 'pack.json');
    const production = await clone.text('reports', 'infections', 'production.json');
    const good = changed(282);
    // Every third count is missing.
    const bad = good
      .split('\n')
      .map((line, at) => (at > 0 && at % 3 === 0 ? line.replace(/,\d+$/, ',') : line));
    await writeFile(file, bad.join('\n'));
    const refused = await clone.perennial(
      'run',
      '--model',
      'infections',
      '--source',
      file,
      '--now',
      dayAfter(282),
    );

    expect(refused.exitCode).toBe(4);
    expect(refused.stderr).toContain('reports/infections/gate.md');
    expect(await clone.text('reports', 'infections', 'gate.md')).toContain('What stops the run');
    expect(await clone.text('artifacts', 'infections', 'pack', 'pack.json')).toBe(pack);
    expect(await clone.text('reports', 'infections', 'production.json')).toBe(production);

    await writeFile(file, good);
    const { exitCode, stdout } = await run('--now', dayAfter(282));
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)[0].state).toBe('forecast');
  });

  it('leaves everything as it was when the source cannot be reached', async () => {
    const pack = await clone.text('artifacts', 'infections', 'pack', 'pack.json');
    const source = await clone.text('reports', 'infections', 'source.json');
    const { exitCode, stderr } = await clone.perennial(
      ...['run', '--model', 'infections', '--source', `${file}.gone`, '--now', dayAfter(283)],
    );

    expect(exitCode).toBe(3);
    expect(stderr).toContain('.gone');
    expect(await clone.text('artifacts', 'infections', 'pack', 'pack.json')).toBe(pack);
    expect(await clone.text('reports', 'infections', 'source.json')).toBe(source);
    expect(await clone.status()).toBe('');
  });
});

describe('real data', { timeout: LIMIT_MS }, () => {
  it.skipIf(!existsSync(ITALY))(
    'of Italy’s regions need no configuration (skipped without ../shared/data)',
    async () => {
      const clone = await Clone.make();
      try {
        const [header, ...rows] = gunzipSync(await readFile(ITALY))
          .toString('utf8')
          .trim()
          .split('\n');
        const year = rows.filter((row) => row >= '2021-03' && row < '2022-01');
        const file = join(clone.home, '..', 'regions.csv');
        await writeFile(file, [header, ...year, ''].join('\n'));
        const { exitCode, stdout } = await clone.perennial(
          ...[
            'run',
            '--model',
            'infections',
            '--source',
            file,
            '--json',
            '--quiet',
            '--now',
            '2022-01-01T00:00:00Z',
          ],
        );
        expect(exitCode).toBe(0);
        const [{ state, gate, promotion, metrics }] = JSON.parse(stdout);
        expect(state).toBe('trained');
        expect(gate.columns).toContainEqual(
          expect.objectContaining({ name: 'nuovi_positivi', role: 'new_cases' }),
        );
        expect(promotion.reason).not.toBe('');
        expect(metrics.cutoffs).toBeGreaterThanOrEqual(28);
      } finally {
        await clone.remove();
      }
    },
  );
});

/** West stops, Centre begins with thirty days of history, Harbour yesterday. */
function changed(days: number): string {
  const more = [
    cases({ days, tracts: ['West'], until: 270 }),
    cases({ days, tracts: ['Centre'], from: 251 }),
    cases({ days, tracts: ['Harbour'], from: 280 }),
  ];
  const rows = more.map((text) => text.slice(text.indexOf('\n') + 1));
  return cases({ days, tracts: ['North', 'East', 'South'] }) + rows.join('');
}

/** New cases with a wave, a week and a little noise in them. */
function cases(options: { days: number; tracts: string[]; from?: number; until?: number }): string {
  const { days, tracts, from = 0, until = days } = options;
  const lines = ['date,region,new_cases'];
  for (let day = from; day < until; day++) {
    for (const tract of tracts) {
      const level = (80 + 20 * tract.length) * Math.exp(Math.sin((day + 9 * tract.length) / 30));
      const week = [1.1, 1.2, 1.1, 1, 1, 0.7, 0.6][day % 7];
      const noise = 1 + 0.1 * Math.sin(day * 12.9898 + tract.charCodeAt(0) * 78.233);
      lines.push(`${iso(day)},${tract},${Math.round(level * week * noise)}`);
    }
  }
  return `${lines.join('\n')}\n`;
}

const iso = (day: number) => new Date(FIRST + day * 86_400_000).toISOString().slice(0, 10);
const dayAfter = (days: number) => `${iso(days)}T06:00:00Z`;
