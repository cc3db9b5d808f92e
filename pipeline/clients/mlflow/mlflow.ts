import type {
  ArtifactEntry,
  Experiment,
  MetricPoint,
  ModelVersion,
  RegisteredModel,
  Run,
  RunStatus,
} from './answers.ts';

export interface DatasetInput {
  name: string;
  /** At most 36 characters: a DVC `.dir` hash just fits. */
  digest: string;
  sourceType: string;
  source: string;
  schema?: string;
  profile?: string;
  /** `training`, `evaluation`: MLflow's pages show it. */
  context?: string;
}

export interface Batch {
  metrics?: MetricPoint[];
  params?: Record<string, string | number | boolean>;
  tags?: Record<string, string>;
}

/** One method, one endpoint (or its pages); each bounded by a time-out, its answer parsed, absence returned as null,
 *  every refusal an MlflowError. Made by `mlflowAt`. */
export interface Mlflow {
  /** The address of a page for people. */
  page(what: { experimentId: string; runId?: string } | { model: string; version?: number }): string;
  /** Null where the server does not tell (Dagshub). */
  serverVersion(): Promise<string | null>;

  /** Deleted ones too: `lifecycle_stage` tells. */
  experimentByName(name: string): Promise<Experiment | null>;
  /** Found, restored where it was deleted, or made. A name may hold slashes and emoji; one of more than 256 characters is an
   *  MlflowError `invalid`: it does not fit into the server's database, and a name cut by us would be found by nobody. */
  ensureExperiment(name: string, tags?: Record<string, string>): Promise<Experiment>;
  setExperimentTag(experimentId: string, key: string, value: string): Promise<void>;
  deleteExperiment(experimentId: string): Promise<void>;

  /** Never made again by itself: an answer that was lost is an MlflowError `unknown-outcome`; look for a tag of your own. */
  createRun(run: {
    experimentId: string;
    name: string;
    startTime: Date;
    tags?: Record<string, string>;
  }): Promise<Run>;
  /** Deleted ones too: `lifecycle_stage` tells. */
  run(runId: string): Promise<Run | null>;
  updateRun(runId: string, change: { status?: RunStatus; endTime?: Date; name?: string }): Promise<void>;
  deleteRun(runId: string): Promise<void>;
  /** Split at the server's limits; values that are too long are cut here, with a mark. Safe to repeat. */
  logBatch(runId: string, batch: Batch): Promise<void>;
  /** A parameter is written once: the same value again is fine, another one is an MlflowError of kind `conflict`. */
  logParam(runId: string, key: string, value: string): Promise<void>;
  logInputs(runId: string, datasets: DatasetInput[]): Promise<void>;
  metricHistory(runId: string, key: string): Promise<MetricPoint[]>;
  /** @param limit stops paging there */
  searchRuns(query: {
    experimentIds: string[];
    filter?: string;
    orderBy?: string[];
    limit?: number;
  }): Promise<Run[]>;

  /** Through the server's proxy; measured by a listing only where it took more than one attempt. @param path below the run's artifacts; a `..` is refused before sending */
  uploadArtifact(run: Run, path: string, bytes: Uint8Array): Promise<void>;
  /** Null where there is none. */
  artifact(run: Run, path: string): Promise<Uint8Array | null>;
  /** Files and folders directly below. */
  listArtifacts(run: Run, path?: string): Promise<ArtifactEntry[]>;
  deleteArtifact(run: Run, path: string): Promise<void>;

  registeredModel(name: string): Promise<RegisteredModel | null>;
  /** An MlflowError of kind `exists` where there is one. */
  createRegisteredModel(model: {
    name: string;
    description?: string;
    tags?: Record<string, string>;
  }): Promise<RegisteredModel>;
  updateRegisteredModel(name: string, change: { description: string }): Promise<void>;
  setRegisteredModelTag(name: string, key: string, value: string): Promise<void>;
  /** Its versions with it. */
  deleteRegisteredModel(name: string): Promise<void>;
  /** Version, tags and description appear in one step. Never made again by itself: a broken answer leaves it open
   *  whether there is one (MlflowError of kind `unknown-outcome`). */
  createModelVersion(version: {
    name: string;
    source: string;
    runId?: string;
    description?: string;
    tags?: Record<string, string>;
  }): Promise<ModelVersion>;
  modelVersion(name: string, version: number): Promise<ModelVersion | null>;
  /** Every page; without aliases. */
  searchModelVersions(filter: string): Promise<ModelVersion[]>;
  updateModelVersion(name: string, version: number, change: { description: string }): Promise<void>;
  setModelVersionTag(name: string, version: number, key: string, value: string): Promise<void>;
  deleteModelVersion(name: string, version: number): Promise<void>;
  /** Null where the alias or the model is not there, and where the alias points to a deleted version: 2.22 keeps such an
   *  alias (`registeredModel` shows it), 3.17 takes it away with the version. */
  versionByAlias(name: string, alias: string): Promise<ModelVersion | null>;
  setAlias(name: string, alias: string, version: number): Promise<void>;
  deleteAlias(name: string, alias: string): Promise<void>;

  /** Ends the pooled connections. */
  close(): Promise<void>;
}
