import type { Feature, FeatureCollection, Polygon } from 'geojson';
import type { LossTable } from '../../contracts/losses.ts';
import type { Errors, MetricsFile } from '../../contracts/metrics.ts';
import type { Promotion } from '../../contracts/promotion.ts';
import type { ModelReport, PullReport } from '../../contracts/pull-report.ts';

const DAY = 86_400_000;
const START = Date.parse('2026-05-01T00:00:00Z');

/** Every text of a report that comes from elsewhere. */
export interface Words {
  tract: string;
  candidate: string;
  column: string;
  setting: string;
  why: string;
  branch: string;
  page: string;
}

export const ORDINARY: Words = {
  tract: 'Adams',
  candidate: 'blend',
  column: 'new_cases',
  setting: 'train.seed',
  why: 'blend forecasts 3.1 % better than the champion v0003 over 56 days of forecasts',
  branch: 'test',
  page: 'https://git.example/acme/cases/actions/runs/12',
};

/** A report of one pull request as a judge makes it. */
export function pullReport(
  { words = ORDINARY, models = 1, tracts = 9, places = true } = {} as {
    words?: Words;
    models?: number;
    tracts?: number;
    places?: boolean;
  },
): PullReport {
  return {
    run: { id: 12, attempt: 1, page: words.page },
    headSha: 'a'.repeat(40),
    commitPage: words.page,
    baseRef: words.branch,
    madeAt: '2026-07-01T06:07:08.000Z',
    status: { state: 'success', description: words.why.slice(0, 140) },
    notes: [words.why],
    commands: [`git fetch origin ${words.branch}`],
    models: Array.from({ length: models }, (_, i) =>
      modelReport(words, { model: i === 0 ? 'infections' : `model-${i}`, tracts, places }),
    ),
  };
}

function modelReport(
  words: Words,
  { model, tracts, places }: { model: string; tracts: number; places: boolean },
): ModelReport {
  const ids = Array.from({ length: tracts }, (_, i) => `${words.tract}${i}`);
  return {
    judgement: {
      model,
      status: 'success',
      headline: 'Better',
      reason: words.why,
      promotion: promotion(model, words),
      metrics: metrics(model, words, ids),
      gate: null,
      notes: [words.why],
      override: { by: words.candidate, why: words.why },
    },
    losses: [
      losses('challenger', words.candidate, ids, 1.02),
      losses('champion', words.candidate, ids, 1.05),
      losses('baseline', words.candidate, ids, 1.2),
    ],
    places: places ? squares(ids) : null,
    names: new Map(ids.map((id) => [id, words.tract])),
    data: {
      from: words.branch,
      to: 'b'.repeat(32),
      rows: { from: 1_000, to: 1_200 },
      lastTime: { from: '2026-06-29T00:00:00.000Z', to: '2026-06-30T00:00:00.000Z' },
      schema: [{ column: words.column, was: words.column, is: words.tract, change: 'renamed' }],
      warnings: [words.why],
    },
    params: [{ setting: words.setting, from: words.candidate, to: null }],
    lineage: {
      commit: 'a'.repeat(40),
      dataVersion: words.branch,
      bundle: 'c'.repeat(64),
      mlflowRun: { id: words.candidate, page: words.page },
      artifact: { name: words.tract, page: words.page, expiresAt: '2026-09-29T06:07:08Z' },
    },
  };
}

export function errors(wape: number): Errors {
  return { n: 900, mse: 4, rmse: 2, mae: 1, mape: 0.2, wape, mase: 0.9, r2: 0.8, wis: 0.7, coverage90: 0.9 };
}

function metrics(model: string, words: Words, ids: string[]): MetricsFile {
  const at = '2026-06-01T00:00:00.000Z';
  const side = (role: 'challenger' | 'champion' | 'baseline', wape: number) => ({
    name: words.candidate,
    role,
    overall: errors(wape),
    by_horizon: Object.fromEntries([1, 2, 3].map((horizon) => [horizon, errors(wape + horizon / 100)])),
    by_tract: Object.fromEntries(
      ids.map((id, i) => [id, errors(wape * (role === 'challenger' ? 0.8 + 0.05 * (i % 9) : 1))]),
    ),
    by_phase: { growth: errors(wape) },
    smoothed: {},
  });
  return {
    model,
    made_at: at,
    commit: 'a'.repeat(40),
    data_version: words.branch,
    windows: { tune: [at, at], select: [at, at], calibrate: [at, at], decide: [at, at] },
    cutoffs: 56,
    models: [side('challenger', 0.155), side('champion', 0.16), side('baseline', 0.26)],
  };
}

function promotion(model: string, words: Words): Promotion {
  return {
    model,
    decided_at: '2026-07-01T06:07:00.000Z',
    outcome: 'better',
    merge: true,
    promote: true,
    reason: words.why,
    rules: [
      { rule: 'same-days', passed: true, observed: 900, limit: 900, detail: '' },
      { rule: 'not-worse: tract', passed: true, observed: -0.03, limit: 0.01, detail: words.tract },
      { rule: words.setting, passed: false, observed: words.column, limit: words.branch, detail: words.why },
    ],
    metric: 'wape',
    challenger: { name: words.candidate, digest: 'c'.repeat(64), score: 0.155 },
    champion: { name: words.candidate, version: words.branch, digest: 'd'.repeat(64), score: 0.16 },
    baseline: { name: words.candidate, score: 0.26 },
    improvement: { estimate: 0.031, low: 0.01, high: 0.052, smallest_visible: 0.026 },
    cutoffs: 56,
    look: { number: 2, alpha: 0.0076 },
    policy: {},
  };
}

function losses(role: LossTable['role'], model: string, ids: string[], factor: number): LossTable {
  const days = 20;
  const horizons = 2;
  const rows = ids.length * days * horizons;
  const truth = Float64Array.from({ length: rows }, (_, row) => 100 + 30 * Math.sin(row / 7));
  return {
    role,
    model,
    tracts: ids,
    tract: Int32Array.from({ length: rows }, (_, row) => row % ids.length),
    cutoff: Float64Array.from(
      { length: rows },
      (_, row) => START + DAY * (Math.floor(row / ids.length) % days),
    ),
    horizon: Int32Array.from({ length: rows }, (_, row) => 1 + Math.floor(row / (ids.length * days))),
    truth,
    forecast: truth.map((value) => value * factor),
    loss: truth.map((value) => value * (factor - 1)),
    wis: truth.map((value) => value * (factor - 1)),
    phase: new Int32Array(rows),
  };
}

/** A chessboard of tracts with ragged borders, so that there is something to simplify. */
function squares(ids: string[]): FeatureCollection {
  const wide = Math.ceil(Math.sqrt(ids.length));
  const features = ids.map((id, i): Feature<Polygon> => {
    const [west, south] = [i % wide, Math.floor(i / wide)];
    const side = 24;
    const ring = Array.from({ length: 4 * side }, (_, k) => {
      const along = (k % side) / side;
      const ragged = 0.02 * Math.sin(k);
      return [
        [along, ragged],
        [1 + ragged, along],
        [1 - along, 1 + ragged],
        [ragged, 1 - along],
      ][Math.floor(k / side)].map((value, axis) => value + [west, south][axis] / 1);
    });
    return {
      type: 'Feature',
      properties: { id },
      geometry: { type: 'Polygon', coordinates: [[...ring, ring[0]]] },
    };
  });
  return { type: 'FeatureCollection', features };
}
