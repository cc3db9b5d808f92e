import { randomBytes } from 'node:crypto';
import pino, { type Logger } from 'pino';
import type { Mlflow } from '../clients/mlflow/mlflow.ts';
import { mlflowAt } from '../clients/mlflow/mlflow-at.ts';
import type { MlflowHome } from '../contracts/homes.ts';
import type { Alias, Registry } from '../contracts/registry.ts';
import { nameOf } from './mlflow/facts.ts';
import { type MlflowRegistryOptions, mlflowRegistry } from './mlflow.ts';

/** What a killed process is to its server: from one request on there are no more. */
export class Killed extends Error {}

/** A registered model of its own on a server that many tests share. */
export function modelOn(home: MlflowHome) {
  const name = `infections-${randomBytes(5).toString('hex')}`;
  const experiment = `of-${name}`;
  const clients: Mlflow[] = [];

  function client(options: Parameters<typeof mlflowAt>[1] = {}, at: MlflowHome = home): Mlflow {
    const made = mlflowAt(at, options);
    clients.push(made);
    return made;
  }

  return {
    name,
    experiment,
    client,

    /** As another process has it. */
    open(options: Partial<MlflowRegistryOptions> = {}, mlflow: Mlflow = client()): Registry {
      return mlflowRegistry(mlflow, { model: name, experiment, now: () => new Date(0), ...options });
    },

    /** One that is killed before its n-th request.
     *  @returns how many requests there were, too */
    openKilledAt(n: number): { registry: Registry; requests: () => number } {
      let requests = 0;
      const mlflow = client({
        beforeRequest: () => {
          if (++requests >= n) throw new Killed();
        },
      });
      return { registry: this.open({}, mlflow), requests: () => requests };
    },

    /** What lies on the server, twins and orphans too. */
    async made(): Promise<{ versions: number; ledgers: number; bundles: number }> {
      const mlflow = client();
      const { experiment_id: id } = await mlflow.ensureExperiment(experiment);
      const runs = await mlflow.searchRuns({ experimentIds: [id] });
      const tagged = (tag: string) => runs.filter(({ data }) => tag in data.tags).length;
      return {
        versions: (await mlflow.searchModelVersions(`name = '${name}'`)).length,
        ledgers: tagged('perennial.ledger_of'),
        bundles: tagged('perennial.bundle'),
      };
    },

    /** Where MLflow's own page shows an alias. */
    async shown(alias: Alias): Promise<string | null> {
      const number = (await client().registeredModel(name))?.aliases[alias];
      return number === undefined ? null : nameOf(number);
    },

    /** How often an alias was ever moved. */
    async moves(alias: Alias): Promise<number> {
      const run = (await client().registeredModel(name))?.tags['perennial.ledger'];
      const { data } = (await client().run(run as string))!;
      return Object.keys(data.params).filter((key) => key.startsWith(`${alias}.`)).length;
    },

    async close(): Promise<void> {
      await Promise.all(clients.map((one) => one.close()));
    },
  };
}

export type TestModel = ReturnType<typeof modelOn>;

/** A log that remembers. */
export function remembering(): { log: Logger; lines: string[] } {
  const lines: string[] = [];
  const log = pino({ level: 'debug' }, { write: (line: string) => lines.push(line) });
  return { log, lines };
}
