import type { Task } from '../task.ts';
import { backtest } from './backtest.ts';
import { featureColumns } from './columns.ts';
import { observe } from './observe.ts';
import { readBundleJson } from './predict/bundle-json.ts';
import { loadForecaster } from './predict/load.ts';
import { loadServed } from './predict/served.ts';
import { type WarmUp, warmUpDifference } from './predict/warm-up.ts';
import { score } from './score.ts';
import { scoreBaselines } from './score-baselines.ts';
import { train } from './train.ts';

export const forecastTask: Task = {
  kind: 'forecast',
  baseline: 'seasonal-naive-growth',
  columns: featureColumns,
  train: (request) => train(request),
  score,
  baselines: scoreBaselines,
  backtest,
  warmUp: (files) => warmUpDifference(loadForecaster(files), readBundleJson<WarmUp>(files, 'warm-up.json')),
  served: loadServed,
  observe,
};
