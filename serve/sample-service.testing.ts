// A whole small service for tests: a real bundle of the forecast task (baselines: nothing to train) with polygons, and the
// observation pack that it makes.
import type { BundleFiles } from '../pipeline/contracts/bundle.ts';
import { LEVELS } from '../pipeline/contracts/forecast.ts';
import { STEP_MS, type TargetPanel, timeAt } from '../pipeline/contracts/panel.ts';
import type { RegisteredVersion } from '../pipeline/contracts/registry.ts';
import { sealBundle } from '../pipeline/registry/manifest.ts';
import { sealPack } from '../pipeline/registry/pack.ts';
import { observe } from '../pipeline/tasks/forecast/observe.ts';
import { type BaselineName, baseline } from '../pipeline/tasks/forecast/predict/baselines.ts';
import { bundleJson } from '../pipeline/tasks/forecast/predict/bundle-json.ts';
import { withServing } from '../pipeline/tasks/forecast/serving-files.ts';
import { withWarmUp } from '../pipeline/tasks/forecast/warm-up.ts';
import { Life } from './guards/life.ts';
import { monitorOf } from './monitor/monitor.ts';
import type { Parts } from './parts.ts';
import { loadModel } from './predictor/model.ts';
import { loadPack } from './predictor/pack.ts';
import { Slots } from './predictor/slots.ts';
import { readServiceSettings } from './settings.ts';

export const MODEL = 'infections';
const NOON = Date.parse('2026-07-01T12:00:00Z');
export const HORIZONS = 3;

export interface SampleOptions {
  /** Square tracts of one degree, ids 001, 002 …, from west to east, their south-west corners at 40° north, 76° west and on. */
  tracts?: number;
  days?: number;
  candidate?: BaselineName;
  version?: string;
}

export interface Sample {
  files: BundleFiles;
  version: RegisteredVersion;
  panel: TargetPanel;
  /** Files of an observation pack that this bundle made. */
  pack: BundleFiles;
}

/** A bundle and its pack, as training and publishing leave them. */
export function sampleOf(options: SampleOptions = {}): Sample {
  const { tracts = 2, candidate = 'seasonal-naive', version = 'v0001' } = options;
  const panel = panelOf(tracts, options.days ?? 120);
  const spec = {
    format: 1,
    candidate,
    isBaseline: true,
    members: [candidate],
    weights: Array.from({ length: HORIZONS }, () => [1]),
    maxHorizon: HORIZONS,
    step: panel.step,
    scale: panel.scale,
    target: panel.target,
    delay: 0,
    trainEnd: timeAt(panel, panel.length - 30),
  };
  const model = withWarmUp(
    new Map([
      ...bundleJson('spec.json', spec),
      ...bundleJson('intervals.json', intervalsOf(panel)),
      ...baseline({ name: candidate, season: 7, maxLead: HORIZONS }).files(),
    ]),
    panel,
  );
  const learnt = withServing(model, panel);
  const about = {
    data_version: 'd'.repeat(32),
    commit: '0123abc',
    train_end: new Date(spec.trainEnd).toISOString(),
    candidate,
    is_baseline: true,
    hyperparameters: { season: 7 },
  };
  const { files, digest } = sealBundle(learnt.set('places.geojson', json(squares(tracts))), {
    ...about,
    task: 'forecast',
    model: MODEL,
    created_at: about.train_end,
  });
  return {
    files,
    version: {
      ...about,
      model: MODEL,
      version,
      digest,
      registered_at: about.train_end,
      metrics: { wape: 0.15 },
      run: null,
      parent: null,
    },
    panel,
    pack: packOf({ files, digest, panel }),
  };
}

/** The pack of a day: what the bundle makes of a panel. */
export function packOf({
  files,
  digest,
  panel,
}: {
  files: BundleFiles;
  digest: string;
  panel: TargetPanel;
}): BundleFiles {
  const last = new Date(timeAt(panel, panel.length - 1)).toISOString();
  return sealPack(observe(files, panel).files, {
    model: MODEL,
    published_at: last,
    last_time: last,
    data_version: `data-${panel.length}`,
    snapshot: 'a'.repeat(64),
    bundle: digest,
  });
}

/** What routes are given, with one model in it.
 *  @param env settings, as from the environment */
export function samplePartsOf(
  { files, version, pack }: Sample,
  { env = {}, now = () => new Date(NOON) }: { env?: NodeJS.ProcessEnv; now?: () => Date } = {},
): Parts {
  const slots = new Slots([MODEL]);
  slots.of(MODEL).swap({ model: loadModel(files, version), pack: loadPack(pack) });
  return {
    slots,
    monitor: monitorOf({ processMetrics: false }),
    settings: readServiceSettings(env),
    life: new Life(),
    now,
  };
}

/** The newest day is 30 June 2026; tract n has about 100 · n a day, with a week in it. */
function panelOf(tracts: number, length: number): TargetPanel {
  const week = [1.1, 1.2, 1.15, 1.1, 1, 0.8, 0.65];
  return {
    step: 'day',
    start: Date.parse('2026-06-30T00:00:00Z') - (length - 1) * STEP_MS.day,
    stepMs: STEP_MS.day,
    length,
    tracts: Array.from({ length: tracts }, (_, tract) => ({
      id: String(tract + 1).padStart(3, '0'),
      name: tract === 0 ? 'West' : tract === 1 ? 'East' : `Tract ${tract + 1}`,
      latitude: 40.5,
      longitude: -75.5 + tract,
      population: 10_000 * (tract + 1),
    })),
    target: 'new_cases',
    scale: 'count',
    values: Float64Array.from({ length: tracts * length }, (_, cell) =>
      Math.round(100 * (Math.floor(cell / length) + 1) * week[(cell % length) % 7]),
    ),
    observed: new Uint8Array(tracts * length).fill(1),
    delay: 0,
  };
}

function intervalsOf(panel: TargetPanel) {
  return {
    scale: panel.scale,
    tracts: panel.tracts.map(({ id }) => id),
    tractScale: panel.tracts.map(() => 1),
    horizons: Array.from({ length: HORIZONS }, (_, index) => ({
      relative: 0.1 * (index + 1),
      counting: 1,
      offsets: LEVELS.map((level) => 3 * (level - 0.5)),
      typical: 1,
      breadth: 1,
    })),
    settledUntil: null,
  };
}

const json = (value: unknown) => Buffer.from(JSON.stringify(value));

function squares(tracts: number) {
  return {
    type: 'FeatureCollection',
    features: Array.from({ length: tracts }, (_, tract) =>
      square(String(tract + 1).padStart(3, '0'), { west: tract - 76, south: 40, side: 1 }),
    ),
  };
}

/** A tract; in degrees. */
export function square(id: string, { west, south, side }: { west: number; south: number; side: number }) {
  const [east, north] = [west + side, south + side];
  const ring = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ];
  return {
    type: 'Feature',
    properties: { id, name: id },
    geometry: { type: 'Polygon', coordinates: [ring] },
  };
}
