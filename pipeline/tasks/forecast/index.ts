import type { Task } from '../task.ts';
import { backtest } from './backtest.ts';
import { featureColumns } from './columns.ts';
import { observe } from './observe.ts';
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
  observe,
};
