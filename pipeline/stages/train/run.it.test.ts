import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { temporaryContext, tree } from '../../../test/stage-context.ts';
import { writeDataset } from '../../clients/dataset-file.ts';
import { FeatureSchema } from '../../contracts/features.ts';
import { type TargetPanel, timeAt } from '../../contracts/panel.ts';
import { Plan, type Windows } from '../../contracts/plan.ts';
import { CurvesFile, TimingsFile } from '../../contracts/train.ts';
import { readJson, writeJson, writeWhole } from '../../files.ts';
import { readBundle } from '../../registry/bundle-folder.ts';
import { digestOf } from '../../registry/manifest.ts';
import type { Paths } from '../../workspace.ts';
import { train } from './run.ts';

const LENGTH = 160;
/** So short that one rolling fit serves them all. */
const WINDOWS: Windows = { tune: [90, 99], select: [110, 119], calibrate: [122, 131], decide: [134, 147] };
const { context, remove } = await temporaryContext({ source: { urls: ['x.csv'] }, horizons: [1, 2] });
afterAll(remove);

it('leaves the same folder twice for DVC to hash, with curves; how long it took lies beside it', async () => {
  const { paths, workspace } = context;
  await leaveFeatures(paths);
  await writeWhole(join(workspace.root, 'data.dvc'), 'outs:\n- md5: d41d8cd98f00b204e9800998ecf8427e.dir\n');
  await train(context);
  const first = await leftIn(paths.train);
  const times = await readJson(paths.timings, TimingsFile);
  expect(times?.bundle).toBe(digestOf(await readBundle(join(paths.train, 'bundle'))));
  await train(context);
  expect(await leftIn(paths.train)).toEqual(first);

  const { curves } = (await readJson(join(paths.train, 'curves.json'), CurvesFile))!;
  for (const { points } of curves) expect(points.length).toBeGreaterThan(0);
  expect(Object.keys(times!.fit_seconds)).toEqual(
    expect.arrayContaining(['lstm', 'trees', 'seasonal-naive']),
  );
  expect(JSON.stringify(first)).not.toContain('seconds');
}, 600_000);

/** Whoever commits while this runs changes nothing that matters here. */
async function leftIn(folder: string) {
  const files = Object.entries(await tree(folder));
  return Object.fromEntries(files.map(([path, text]) => [path, text.replace(/"commit": "\w+"/, '')]));
}

/** Three tracts with a weekly rhythm, and what features and the plan say of them. */
async function leaveFeatures({ features, plan, places }: Paths): Promise<void> {
  const ids = ['a', 'b', 'c'];
  const panel: TargetPanel = {
    ...{ step: 'day', start: Date.UTC(2025, 0, 1), stepMs: 86_400_000, length: LENGTH, delay: 0 },
    ...{ target: 'new_cases', scale: 'count' },
    tracts: ids.map((id) => ({ id, name: id })),
    values: Float64Array.from({ length: ids.length * LENGTH }, (_, cell) => {
      const t = cell % LENGTH;
      return Math.round(80 + t / 4 + 30 * Math.sin((2 * Math.PI * t) / 7) + ((cell * 7919) % 13));
    }),
    observed: new Uint8Array(ids.length * LENGTH).fill(1),
  };
  const moment = (t: number) => new Date(timeAt(panel, t)).toISOString();
  const { target, scale, step, length, delay, tracts } = panel;
  await writeJson(join(features, 'schema.json'), FeatureSchema, {
    ...{ model: 'm', target, scale, step, length, delay, tracts, columns: [], filled: 0 },
    ...{ start: moment(0), step_ms: panel.stepMs, settled_until: moment(LENGTH - 1) },
    rows: ids.length * LENGTH,
  });
  await writeDataset(features, panel, [], {});
  const spans = Object.entries(WINDOWS).map(([name, [from, to]]) => [name, [moment(from), moment(to)]]);
  const windows = Object.fromEntries(spans);
  await writeJson(plan, Plan, { model: 'm', data: [moment(0), moment(LENGTH - 1)], windows, champion: null });
  await writeWhole(places, '{"type":"FeatureCollection","features":[]}\n');
}
