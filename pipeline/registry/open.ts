import type { Logger } from 'pino';
import { mlflowAt } from '../clients/mlflow/mlflow-at.ts';
import type { Homes } from '../contracts/homes.ts';
import type { Registry } from '../contracts/registry.ts';
import { folderRegistry } from './folder.ts';
import { mlflowRegistry } from './mlflow.ts';

export interface OpenOptions {
  homes: Homes;
  model: string;
  /** The folder of this model, where no MLflow is configured. */
  directory: string;
  /** Where MLflow keeps its runs: `readExperiment(model)`. */
  experiment: string;
  /** Before the model's name in MLflow: PERENNIAL_MODEL_PREFIX. */
  prefix?: string;
  /** Who moves aliases. */
  by?: string;
  now: () => Date;
  signal?: AbortSignal;
  log?: Logger;
}

export interface OpenRegistry extends Registry {
  /** For people: a page or a folder. */
  where: string;
  /** Ends its connections. */
  close(): Promise<void>;
}

/** The registry of a model in its home: MLflow where one is configured, else a folder. Nothing is asked or written yet. */
export function openRegistry(options: OpenOptions): OpenRegistry {
  const { homes, model, directory, experiment, prefix = '', by, now, signal, log } = options;
  if (!homes.mlflow)
    return { ...folderRegistry(directory, { model, now }), where: directory, close: async () => {} };
  const mlflow = mlflowAt(homes.mlflow, { signal });
  const repository = homes.dagshub ? `https://dagshub.com/${homes.dagshub}` : undefined;
  return {
    ...mlflowRegistry(mlflow, { model, prefix, experiment, repository, by, now, log }),
    where: mlflow.page({ model: `${prefix}${model}` }),
    close: () => mlflow.close(),
  };
}
