import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quote, withDuckDB } from '../../clients/duckdb.ts';
import { type StageContext, silent } from '../../context.ts';
import { CorruptError } from '../../contracts/errors.ts';
import type { FeatureSchema, FeatureStatistics } from '../../contracts/features.ts';
import { ModelParams } from '../../contracts/params.ts';
import { paths, workspaceAt } from '../../workspace.ts';
import { profile } from './run.ts';

const DAY = 86_400_000;
const START = Date.UTC(2024, 0, 1); // a Monday

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'perennial-profile-'));
});
afterAll(() => rm(root, { recursive: true, force: true }));

function contextOf(model: string): StageContext {
  const workspace = workspaceAt(root);
  return {
    workspace,
    paths: paths(workspace, model),
    model,
    params: ModelParams.parse({ task: 'forecast', source: { urls: ['unused.csv'] } }),
    now: () => new Date(START),
    log: pino({ level: 'silent' }),
    progress: silent,
    signal: new AbortController().signal,
  };
}

/** A data set in SQL: Mondays twice as high as other days; tract 0 lacks the whole of February 2024. */
async function dataset(
  model: string,
  { tracts, days, name }: { tracts: number; days: number; name: (tract: number) => string },
) {
  const directory = contextOf(model).paths.features;
  await mkdir(directory, { recursive: true });
  const extras = Array.from({ length: 6 }, (_, at) => `lag_${at + 1}`);
  const lags = extras.map((column, at) => `lag(value, ${at + 1}) over w as ${column}`).join(', ');
  await withDuckDB((db) =>
    db.run(
      `copy (select tract_id, time, value, observed, ${lags} from (
         select 'T' || t as tract_id, epoch_ms(${START} + d * ${DAY}) as time,
           case when d % 7 = 0 then 200.0 else 100.0 end * (1 + t % 10) as value, not (t = 0 and d between 31 and 59) as observed
         from range(${tracts}) x(t) cross join range(${days}) y(d))
       window w as (partition by tract_id order by time)) to ${quote(join(directory, 'dataset.parquet'))} (format parquet)`,
    ),
  );
  const number = (column: string) => ({
    name: column,
    type: 'number' as const,
    unit: 'count',
    description: column,
  });
  const schema: FeatureSchema = {
    model,
    target: 'new_cases',
    scale: 'count',
    step: 'day',
    start: new Date(START).toISOString(),
    step_ms: DAY,
    length: days,
    delay: 0,
    settled_until: new Date(START + (days - 1) * DAY).toISOString(),
    rows: tracts * days,
    filled: 29,
    columns: [number('value'), ...extras.map(number)],
    tracts: Array.from({ length: tracts }, (_, t) => ({ id: `T${t}`, name: name(t) })),
  };
  const statistics: FeatureStatistics = {
    fitted_until: schema.settled_until,
    rows: schema.rows,
    columns: {},
  };
  await writeFile(join(directory, 'schema.json'), JSON.stringify(schema));
  await writeFile(join(directory, 'feature_statistics.json'), JSON.stringify(statistics));
}

describe('the profile stage', () => {
  it('describes a small data set with its gaps and its Mondays', async () => {
    await dataset('small', {
      tracts: 3,
      days: 91,
      name: (t) => (t === 1 ? '<script>alert(1)</script>' : `Place ${t}`),
    });
    const html = await readFile(await profile(contextOf('small')), 'utf8');
    expect(html).toContain('29 values'); // February 2024 had 29 days
    expect(html).toContain('29 of 273 values');
    expect(html).toContain('<td class="m m5">100</td>');
    // A week of 200 and six of 100 has the mean 800 / 7: 175 % and 87.5 % of it; the ends of the series see a little less.
    expect(html).toMatch(/Mondays highest \(17[3-7] %\)/);
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).toContain('&lt;script&gt;');
    expect(html.match(/<article class="tract"/g)).toHaveLength(3);
  });

  it('stays under 2 MB with 3,100 tracts of 150 days and long names', async () => {
    await dataset('large', {
      tracts: 3_100,
      days: 1_000,
      name: (t) => `${'A very long name of a place '.repeat(8)}${t}`,
    });
    const html = await readFile(await profile(contextOf('large')), 'utf8');
    expect(Buffer.byteLength(html)).toBeLessThan(2_000_000);
    expect(html).toContain('of 3,100 tracts can be chosen');
    expect(html).toContain('From a sample of');
    expect((html.match(/<article class="tract"/g) ?? []).length).toBeLessThanOrEqual(120);
  });

  it('writes the same page from the same data', async () => {
    const first = await readFile(await profile(contextOf('small')), 'utf8');
    expect(await readFile(await profile(contextOf('small')), 'utf8')).toBe(first);
  });

  it('says which file is missing before the features stage has run', async () => {
    await expect(profile(contextOf('none'))).rejects.toThrow(CorruptError);
  });
});
