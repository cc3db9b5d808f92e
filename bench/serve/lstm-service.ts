import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { sealBundle } from '../../pipeline/registry/manifest.ts';
import { LSTM_SETTINGS } from '../../pipeline/tasks/forecast/lstm-settings.ts';
import { shapeFor } from '../../pipeline/tasks/forecast/lstm-shape-for.ts';
import { bundleJson, readBundleJson } from '../../pipeline/tasks/forecast/predict/bundle-json.ts';
import type { ForecastSpec } from '../../pipeline/tasks/forecast/predict/load.ts';
import { LSTM, lstmFitted } from '../../pipeline/tasks/forecast/predict/lstm-fitted.ts';
import { type LstmShape, weightCount } from '../../pipeline/tasks/forecast/predict/lstm-shape.ts';
import { withWarmUp } from '../../pipeline/tasks/forecast/warm-up.ts';
import { loadModel } from '../../serve/predictor/model.ts';
import { MODEL, sampleOf, samplePartsOf } from '../../serve/sample-service.testing.ts';

const LEADS = 7;

/** Sizes as training chooses them for days of counts. */
export const LSTM_SHAPE: LstmShape = {
  ...shapeFor({ step: 'day', season: 7, length: 700, maxLead: LEADS, scale: 'count' }, LSTM_SETTINGS),
  base: Array.from({ length: LEADS }, () => 'seasonal' as const),
};

/** A service whose model is an LSTM with random weights: how fast it answers does not depend on what it has learnt. */
export function lstmParts(env: NodeJS.ProcessEnv) {
  const sample = sampleOf();
  const parts = samplePartsOf(sample, { env });
  const generator = xoroshiro128plus(1);
  const networks = Array.from({ length: LSTM_SETTINGS.networks }, () =>
    Float32Array.from({ length: weightCount(LSTM_SHAPE) }, () => 0.2 * (uniformFloat64(generator) - 0.5)),
  );
  const spec = readBundleJson<ForecastSpec>(sample.files, 'spec.json');
  const kept = [...sample.files].filter(([path]) => ['intervals.json', 'places.geojson'].includes(path));
  const learnt = withWarmUp(
    new Map([
      ...kept,
      ...bundleJson('spec.json', { ...spec, candidate: LSTM, isBaseline: false, members: [LSTM] }),
      ...lstmFitted({ shape: LSTM_SHAPE, networks, spread: {} }).files(),
    ]),
    sample.panel,
  );
  const { data_version, commit, train_end } = sample.version;
  const about = { data_version, commit, train_end, candidate: LSTM, is_baseline: false, hyperparameters: {} };
  const { files, digest } = sealBundle(learnt, {
    ...about,
    task: 'forecast',
    model: MODEL,
    created_at: train_end,
  });
  parts.slots
    .of(MODEL)
    .swap({ model: loadModel(files, { ...sample.version, ...about, digest }), pack: null });
  return parts;
}
