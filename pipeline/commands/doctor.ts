import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { mlflowAt } from '../clients/mlflow/mlflow-at.ts';
import { PerennialError } from '../contracts/errors.ts';
import type { Homes } from '../contracts/homes.ts';
import type { Params } from '../contracts/params.ts';
import { readExperiment, readHomes, readModelPrefix } from '../homes.ts';
import { readParams } from '../params.ts';
import { paths, REPOSITORY, type Workspace, workspaceAt } from '../workspace.ts';
import { checkCache, checkWaiting } from './doctor/check-here.ts';
import { checkMlflow } from './doctor/check-mlflow.ts';
import { checkRegistry } from './doctor/check-registry.ts';
import { checkRemoteHome } from './doctor/check-remote.ts';
import { checkTools } from './doctor/check-tools.ts';
import { examine, exitCodeOf, type Finding } from './doctor/finding.ts';
import { findingsTable, summary } from './doctor/table.ts';
import type { Environment } from './environment.ts';

/** A person waits: a home that does not answer is told soon. */
const PATIENCE = { timeoutMs: 15_000, retries: 1 };

export interface DoctorOptions {
  json?: boolean;
  /** Default: this one. */
  repository?: string;
  env?: NodeJS.ProcessEnv;
}

/** `perennial doctor`: tries every home end to end and leaves nothing behind.
 *  @throws PerennialError where something is wrong, after it was shown */
export async function doctorCommand(environment: Environment, options: DoctorOptions): Promise<void> {
  const findings = await examineAll(environment, options);
  const exitCode = exitCodeOf(findings);
  const { console } = environment;
  if (options.json) console.print(JSON.stringify({ well: exitCode === 0, findings }, null, 2));
  else console.print(findingsTable(findings));
  if (exitCode === 0 && !options.json) console.print(`\n${summary(findings)}`);
  if (exitCode !== 0) throw new PerennialError(summary(findings), { exitCode });
}

export async function examineAll(environment: Environment, options: DoctorOptions): Promise<Finding[]> {
  const { repository = REPOSITORY, env = process.env } = options;
  const findings = await checkTools(repository);
  let params: Params | null = null;
  findings.push(
    await examine({ home: 'settings', where: 'params.yaml' }, async () => {
      params = await readParams(repository);
      return `models ${activeModels(params).join(', ') || 'none is active'}`;
    }),
  );
  let homes: Homes | null = null;
  findings.push(
    await examine({ home: 'settings', where: 'environment' }, async () => {
      const told = await readHomes(env, { repository });
      // Wrong names are told here, not by each model.
      await readModelPrefix(env, { repository });
      await readExperiment('any', env, { repository });
      homes = told;
      return toldOf(told);
    }),
  );
  // Which home is meant is not known: nothing is tried that could be another one.
  if (!homes) return findings;
  const seen = { environment, options: { repository, env }, params, homes };
  return [...findings, ...(await examineHomes(seen))];
}

async function examineHomes({
  environment,
  options,
  params,
  homes,
}: {
  environment: Environment;
  options: { repository: string; env: NodeJS.ProcessEnv };
  params: Params | null;
  homes: Homes;
}): Promise<Finding[]> {
  const { now, signal, console } = environment;
  const workspace = workspaceOf(params, options.repository);
  const findings: Finding[] = [];
  const step = async (title: string, work: () => Promise<Finding[]>) => {
    signal.throwIfAborted();
    const progress = console.progress.start(title);
    const found = await work();
    findings.push(...found);
    progress.done(found.some(({ state }) => state === 'wrong') ? 'something is wrong' : undefined);
    return found.every(({ state }) => state !== 'wrong');
  };
  const { remote } = homes;
  if (remote) await step('data remote', () => checkRemoteHome(remote, { now, signal }));
  await step('cache', async () => [await checkCache(workspace, signal)]);
  const patient = homes.mlflow && { ...homes.mlflow, ...atMost(homes.mlflow) };
  const mlflow = patient && mlflowAt(patient);
  try {
    const answers =
      !patient ||
      !mlflow ||
      (await step('MLflow', () => checkMlflow({ home: patient, mlflow, now, signal })));
    for (const model of params ? activeModels(params) : []) {
      const { registry: directory } = paths(workspace, model);
      const about = { model, mlflow, directory, now };
      if (answers) {
        await step(`registry of ${model}`, async () => {
          const experiment = await readExperiment(model, options.env, options);
          const prefix = await readModelPrefix(options.env, options);
          return await checkRegistry({ ...about, experiment, prefix });
        });
      }
      findings.push(...(await checkWaiting(workspace, model)));
    }
  } finally {
    await mlflow?.close();
  }
  return findings;
}

function atMost(home: { timeoutMs: number; retries: number }) {
  return {
    timeoutMs: Math.min(home.timeoutMs, PATIENCE.timeoutMs),
    retries: Math.min(home.retries, PATIENCE.retries),
  };
}

function toldOf({ mlflow, remote }: Homes): string {
  const data = remote
    ? `data go to ${remote.shown} (${remote.from})`
    : 'data stay in folders: no remote is configured';
  const models = mlflow ? `models to ${mlflow.url}` : 'models stay in folders: no MLflow is configured';
  return `${data}; ${models}`;
}

function activeModels(params: Params): string[] {
  return Object.keys(params.models).filter((model) => params.models[model].active);
}

/** Where runs write; it need not be there yet. */
function workspaceOf(params: Params | null, repository: string): Workspace {
  const own = join(repository, '.perennial');
  const local = params ? params.promotion.mode === 'local' : existsSync(own);
  return { ...workspaceAt(local ? own : repository), local };
}
