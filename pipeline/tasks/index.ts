import type { ModelParams } from '../contracts/params.ts';
import { forecastTask } from './forecast/index.ts';
import type { Task } from './task.ts';

/** A new kind of model is one folder and one line here. */
const TASKS: Record<ModelParams['task'], Task> = {
  forecast: forecastTask,
};

export function taskFor(kind: ModelParams['task']): Task {
  return TASKS[kind];
}
