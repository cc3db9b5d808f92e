// A service over real outlines for tests, pictures and measurements: an epidemic simulated in US counties, a bundle of baselines
// (nothing to train), and the observation pack that it makes.
import type { FeatureCollection } from 'geojson';
import { LEVELS } from '../../pipeline/contracts/forecast.ts';
import { STEP_MS, type TargetPanel, timeAt } from '../../pipeline/contracts/panel.ts';
import { sealBundle } from '../../pipeline/registry/manifest.ts';
import { counties, polygons } from '../../pipeline/simulator/counties.ts';
import { report } from '../../pipeline/simulator/reporting.ts';
import { simulate } from '../../pipeline/simulator/seir.ts';
import { baseline } from '../../pipeline/tasks/forecast/predict/baselines.ts';
import { bundleJson } from '../../pipeline/tasks/forecast/predict/bundle-json.ts';
import { withWarmUp } from '../../pipeline/tasks/forecast/warm-up.ts';
import { MODEL, packOf, type Sample } from '../sample-service.testing.ts';

const HORIZONS = 7;
const SEED = 20260101;
const LAST_DAY = Date.parse('2026-06-30T00:00:00Z');

export interface CountiesOptions {
  /** Two digits (42 = Pennsylvania), or `all`. */
  state?: string;
  days?: number;
  /** Without polygons the model has cells around coordinates; without coordinates no places at all. */
  places?: 'polygons' | 'cells' | 'none';
}

export function countiesSample({
  state = '42',
  days = 400,
  places = 'polygons',
}: CountiesOptions = {}): Sample {
  const panel = panelOf({ state, days, located: places !== 'none' });
  const spec = {
    format: 1,
    candidate: 'seasonal-naive-growth',
    isBaseline: false,
    members: ['seasonal-naive-growth'],
    weights: Array.from({ length: HORIZONS }, () => [1]),
    maxHorizon: HORIZONS,
    step: panel.step,
    scale: panel.scale,
    target: panel.target,
    delay: panel.delay,
    trainEnd: timeAt(panel, panel.length - 30),
  };
  const fitted = baseline({ name: 'seasonal-naive-growth', season: 7, maxLead: HORIZONS });
  const learnt = withWarmUp(
    new Map([
      ...bundleJson('spec.json', spec),
      ...bundleJson('intervals.json', intervalsOf(panel)),
      ...fitted.files(),
    ]),
    panel,
  );
  if (places === 'polygons') learnt.set('places.geojson', Buffer.from(JSON.stringify(outlinesOf(state))));
  const about = {
    data_version: '751e29630fbe6bc448c01dcfc759c9a7.dir',
    commit: '330e5897e977eacbfa9e4b970bbfe131f3ff2277',
    train_end: new Date(spec.trainEnd).toISOString(),
    candidate: 'blend',
    is_baseline: false,
    hyperparameters: { max_horizon: HORIZONS },
  };
  const { files, digest } = sealBundle(learnt, {
    ...about,
    task: 'forecast',
    model: MODEL,
    created_at: about.train_end,
  });
  const version = {
    ...about,
    model: MODEL,
    version: 'v0003',
    digest,
    registered_at: about.train_end,
    metrics: { wape: 0.159, mase: 0.82, coverage90: 0.897 },
    run: null,
    parent: 'v0002',
  };
  return { files, version, panel, pack: packOf({ files, digest, panel }) };
}

function panelOf({ state, days, located }: { state: string; days: number; located: boolean }): TargetPanel {
  const places = counties(state, SEED);
  const start = LAST_DAY - (days - 1) * STEP_MS.day;
  const reports = report(places, simulate(places, { seed: SEED, days, start }), { seed: SEED });
  const length = days;
  return {
    step: 'day',
    start,
    stepMs: STEP_MS.day,
    length,
    tracts: places.map(({ code, name, latitude, longitude, population }) => ({
      id: code,
      name,
      ...(located && { latitude, longitude }),
      population,
    })),
    target: 'new_cases',
    scale: 'count',
    values: Float64Array.from(
      { length: places.length * length },
      (_, cell) => reports.cases[(cell % length) * places.length + Math.floor(cell / length)],
    ),
    observed: new Uint8Array(places.length * length).fill(1),
    delay: 0,
  };
}

/** Half as wide as a typical week swings. */
function intervalsOf(panel: TargetPanel) {
  return {
    scale: panel.scale,
    tracts: panel.tracts.map(({ id }) => id),
    tractScale: panel.tracts.map(() => 1),
    horizons: Array.from({ length: HORIZONS }, (_, index) => ({
      relative: 0.08 + 0.03 * index,
      counting: 1,
      offsets: LEVELS.map((level) => 3 * (level - 0.5)),
      typical: 1,
      breadth: 1,
    })),
    settledUntil: null,
  };
}

function outlinesOf(state: string): FeatureCollection {
  const { features } = polygons(state, SEED);
  return {
    type: 'FeatureCollection',
    features: features.map(({ geometry, properties: { code, name } }) => ({
      type: 'Feature',
      properties: { id: code, name },
      geometry,
    })),
  };
}
