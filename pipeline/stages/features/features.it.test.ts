import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { temporaryContext, tree } from '../../../test/stage-context.ts';
import { readTargetPanel } from '../../clients/dataset-file.ts';
import type { StageContext } from '../../context.ts';
import { FeatureStatistics } from '../../contracts/features.ts';
import { TractsFile } from '../../contracts/observations.ts';
import { readJson, writeJson, writeWhole } from '../../files.ts';
import { features } from './run.ts';
import { type SampleRow, writeObservations } from './sample-observations.testing.ts';

let context: StageContext;
let remove: () => Promise<void>;
beforeEach(async () => {
  ({ context, remove } = await temporaryContext({ source: { urls: ['x.csv'] } }));
});
afterEach(() => remove());

const DAYS = 120;
const day = (t: number) => new Date(Date.UTC(2026, 0, 1 + t));
const stamp = (date: Date) => date.toISOString().slice(0, 19).replace('T', ' ');

/** Two places over 120 days; the second lacks its day 50, and one snapshot a day from day 116 on. */
function sample(): SampleRow[] {
  const rows: SampleRow[] = [];
  for (const [k, tract] of ["O'Neill", '002'].entries()) {
    for (let t = 0; t < DAYS; t++) {
      if (k === 1 && t === 50) continue;
      const known = stamp(day(Math.max(116, t)));
      rows.push({ tract, time: stamp(day(t)), known, new_cases: 100 * (k + 1) + (t % 7), tests: 1000 + t });
    }
  }
  // Day 117 of the first place was 60 when it came, and is 105 since the next day.
  const first = rows.find(({ tract, time }) => tract === "O'Neill" && time === stamp(day(117)))!;
  rows.push({ ...first, known: stamp(day(118)), new_cases: 105 });
  first.new_cases = 60;
  return rows;
}

async function observe(rows: SampleRow[]): Promise<void> {
  const { paths } = context;
  await mkdir(dirname(paths.observations), { recursive: true });
  await writeObservations(paths.observations, rows);
  await writeJson(paths.tracts, TractsFile, {
    target: 'new_cases',
    step: 'day',
    tracts: [
      { id: "O'Neill", name: "O'Neill", latitude: 41.9, longitude: 12.5 },
      { id: '002', name: 'Milano', latitude: 45.46, longitude: 9.19, population: 50_000 },
    ],
  });
}

describe('features, from observations to the data set and back', () => {
  it('gives back what it cleaned: values, gaps, what was known', async () => {
    await observe(sample());
    const made = await features(context);
    const { panel, schema } = await readTargetPanel(context.paths.features);
    expect(panel).toEqual(made.panel);
    expect(schema).toEqual(JSON.parse(JSON.stringify(made.schema)));

    expect(panel.tracts.map(({ id, country }) => [id, country])).toEqual([
      ["O'Neill", 'IT'],
      ['002', 'IT'],
    ]);
    expect(panel.values[117]).toBe(105);
    const gap = DAYS + 50;
    expect(panel.observed[gap]).toBe(0);
    expect(panel.values[gap]).toBeCloseTo(200 + (43 % 7), 0);
    expect(panel.observed.reduce((sum, one) => sum + one, 0)).toBe(2 * DAYS - 1);
    expect(schema).toMatchObject({ rows: 240, filled: 1, target: 'new_cases', scale: 'count' });

    const { cell, knownAt, value } = panel.revisions!;
    const entries = [...cell].flatMap((at, i) => (at === 117 ? [[knownAt[i], value[i]]] : []));
    expect(entries).toEqual([
      [day(117).getTime(), 60],
      [day(118).getTime(), 105],
    ]);
    expect(panel.revisions!.since).toBe(day(116).getTime());
  });

  it('makes equal bytes of equal input, whatever became of the folder before', async () => {
    await observe(sample());
    await features(context);
    const once = await hashes();
    await writeWhole(join(context.paths.features, 'left-over.txt'), 'x');
    await features(context);
    expect(await hashes()).toEqual(once);
    expect(Object.keys(once)).toEqual([
      'dataset.parquet',
      'feature_statistics.json',
      'revisions.parquet',
      'schema.json',
    ]);
  });

  it('fits its statistics on the training part alone', async () => {
    await observe(sample());
    await features(context);
    const path = join(context.paths.features, 'feature_statistics.json');
    const before = await readJson(path, FeatureStatistics);
    // The newest fifth becomes a thousand times as large.
    await observe(
      sample().map((row) =>
        row.time >= stamp(day(96)) ? { ...row, new_cases: 1000 * row.new_cases! } : row,
      ),
    );
    await features(context);
    const after = await readJson(path, FeatureStatistics);
    expect(after).toEqual(before);
    expect(before!.fitted_until).toBe(day(95).toISOString());
    expect(before!.columns.value.max).toBe(206);
  });

  it('leaves the former folder whole when it fails, and makes good what a killed run left', async () => {
    await observe(sample());
    await features(context);
    const before = await tree(context.paths.features);
    await writeWhole(join(`${context.paths.features}.part`, 'dataset.parquet'), 'half');
    await writeWhole(context.paths.observations, 'no Parquet');
    await expect(features(context)).rejects.toThrow();
    expect(await tree(context.paths.features)).toEqual(before);

    await observe(sample());
    await features(context);
    expect(await tree(context.paths.features)).toEqual(before);
    expect(Object.keys(await tree(dirname(context.paths.features)))).not.toContain('features.part');
  });

  it('leaves the former folder whole when it is killed while it writes', async () => {
    await observe(sample());
    await features(context);
    const before = await tree(context.paths.features);
    await observe(sample().map((row) => ({ ...row, new_cases: 3 })));
    const scratch = `${context.paths.features}.part`;
    const at = (file: string) => fileURLToPath(new URL(file, import.meta.url));
    const died = await execa(
      process.execPath,
      [
        ...['--import', 'tsx', '--import', at('../../../test/dies-at-write.ts')],
        ...[at('./features-child.testing.ts'), context.workspace.root],
      ],
      // After the folder was cleared and made again, in the midst of its files.
      { reject: false, timeout: 60_000, env: { DIE_AT: '5', DIE_UNDER: scratch } },
    );
    expect(died.signal).toBe('SIGKILL');
    expect(existsSync(scratch)).toBe(true);
    expect(await tree(context.paths.features)).toEqual(before);

    await features(context);
    expect((await readTargetPanel(context.paths.features)).panel.values[0]).toBe(3);
    expect(existsSync(scratch)).toBe(false);
  });

  it('says which file is missing before there are observations', async () => {
    await expect(features(context)).rejects.toThrow(/tracts\.json is missing/);
  });
});

it('refuses a data set that is shorter than its schema says', async () => {
  await observe(sample());
  await features(context);
  const path = join(context.paths.features, 'schema.json');
  const schema = JSON.parse(await readFile(path, 'utf8'));
  await writeWhole(path, JSON.stringify({ ...schema, length: DAYS + 1 }));
  await expect(readTargetPanel(context.paths.features)).rejects.toThrow(
    /has 240 rows where its schema says 242/,
  );
});

async function hashes(): Promise<Record<string, string>> {
  const files = await tree(context.paths.features);
  return Object.fromEntries(
    Object.entries(files).map(([name, bytes]) => [name, createHash('sha256').update(bytes).digest('hex')]),
  );
}
