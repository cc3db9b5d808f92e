import { userInfo } from 'node:os';
import { type Dvc, dvcAt } from '../clients/dvc.ts';
import { checkRemote } from '../clients/dvc-remote-check.ts';
import type { Mlflow } from '../clients/mlflow/mlflow.ts';
import { mlflowAt } from '../clients/mlflow/mlflow-at.ts';
import { MlflowError, type MlflowFailure } from '../clients/mlflow/mlflow-error.ts';
import type { StageContext } from '../context.ts';
import type { Homes } from '../contracts/homes.ts';
import { Production } from '../contracts/promotion.ts';
import { readJson } from '../files.ts';
import { readExperiment, readHomes, readModelPrefix } from '../homes.ts';
import { desiredRegistry } from '../registry/desired.ts';
import { type OpenRegistry, openRegistry } from '../registry/open.ts';
import type { Workspace } from '../workspace.ts';
import type { Environment } from './environment.ts';

/** What one command has of the homes outside; where none is configured, of the folders in their place. */
export interface Outside {
  homes: Homes;
  /** null: nothing is logged. */
  mlflow: Mlflow | null;
  experiment(model: string): Promise<string>;
  /** Where git is the truth (not in `.perennial/`) the champion is whom `production.json` names. */
  registry(context: StageContext): Promise<OpenRegistry>;
  /** The registry as it is: its champion is what is served. */
  served(context: Pick<StageContext, 'model' | 'paths' | 'now' | 'log'>): Promise<OpenRegistry>;
  /** Asks every home whether it lets us in: a wrong password is told before an hour of training, not after it.
   *  An MLflow server that is away is no refusal here; what cannot do without it says so when its turn comes. */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** No home outside, whatever the environment says. */
export const FOLDERS: Homes = { mlflow: null, remote: null, dagshub: null };

/** @throws UsageError if a setting of a home is not what it should be */
export async function openOutside(environment: Environment, given?: Homes): Promise<Outside> {
  const { signal } = environment;
  const homes = given ?? (await readHomes());
  const mlflow = homes.mlflow && mlflowAt(homes.mlflow, { signal: lateSignal(signal) });
  const served: Outside['served'] = async ({ model, paths, now, log }) =>
    openRegistry({
      homes,
      model,
      directory: paths.registry,
      experiment: await readExperiment(model),
      prefix: await readModelPrefix(),
      by: whoPromotes(),
      now,
      signal,
      log,
    });
  return {
    homes,
    mlflow,
    experiment: (model) => readExperiment(model),
    served,
    async registry(context) {
      const registry = await served(context);
      return context.workspace.local
        ? registry
        : desiredRegistry(registry, () => readJson(context.paths.production, Production));
    },
    async check() {
      const asks = [homes.remote && checkRemote(homes.remote, { signal }), mlflow && letsUsIn(mlflow)];
      await Promise.all(asks);
    },
    async close() {
      await mlflow?.close();
    },
  };
}

/** A person's name, or in a workflow the one who set it off. */
export function whoPromotes(): string {
  return process.env.GITHUB_ACTOR ?? userInfo().username;
}

/** DVC in a workspace, with the remote of the homes. */
export function dvcOutside(
  environment: Environment,
  { homes }: Outside,
  { workspace, now, env = {} }: { workspace: Workspace; now: () => Date; env?: Record<string, string> },
): Dvc {
  return dvcAt({
    root: workspace.root,
    signal: environment.signal,
    remote: homes.remote ?? undefined,
    env: {
      PERENNIAL_WORKSPACE: workspace.root,
      PERENNIAL_RUN: environment.run,
      PERENNIAL_NOW: now().toISOString(),
      ...env,
    },
    // The stages' own progress goes on; DVC's words go to the log.
    onLine: (line) =>
      /^ {2}\S/.test(line) ? environment.console.say(line) : environment.log.debug({ line }, 'dvc'),
  });
}

/** Aborted a little after the other: what a stopped run has still to say to the tracking server is said. */
function lateSignal(signal: AbortSignal): AbortSignal {
  const late = new AbortController();
  const end = () => setTimeout(() => late.abort(signal.reason), LAST_WORDS_MS).unref();
  signal.addEventListener('abort', end, { once: true });
  return late.signal;
}
const LAST_WORDS_MS = 5_000;

async function letsUsIn(mlflow: Mlflow): Promise<void> {
  try {
    await mlflow.experimentByName('Default');
  } catch (error) {
    if (error instanceof MlflowError && AWAY.includes(error.failure)) return;
    throw error;
  }
}

const AWAY: MlflowFailure[] = ['unavailable', 'exhausted', 'unknown-outcome'];
