import { setTimeout as wait } from 'node:timers/promises';
import { mlflowAt } from '../../pipeline/clients/mlflow/mlflow-at.ts';
import type { MlflowHome } from '../../pipeline/contracts/homes.ts';
import { mlflowRegistry } from '../../pipeline/registry/mlflow.ts';
import { bundleOf, FACTS, Storm, type StormResult, type StormSize } from './storm.ts';

/** A registration makes some 15 requests. */
const REQUESTS = 18;

/** Registrars with a client each; more than every other one is cut off for good: between two requests, or in the middle
 *  of one, so that nobody knows whether the server still does it.
 *  @param name of a registered model of its own */
export async function stormOnMlflow(home: MlflowHome, name: string, size: StormSize): Promise<StormResult> {
  const storm = new Storm(size);
  const options = { model: name, experiment: name, now: () => new Date() };
  /** What a registration takes here, in ms: a cut at a moment must hit its middle. */
  let usual = 500;

  async function registrar(): Promise<void> {
    for (let content = storm.next(); content !== undefined; content = storm.next()) {
      const death = new AbortController();
      const [chance, when] = [storm.random(), storm.random()];
      let left = chance < 0.3 ? Math.floor(when * REQUESTS) : Number.POSITIVE_INFINITY;
      if (chance >= 0.3 && chance < 0.6)
        void wait(when * usual, undefined, { ref: false }).then(() => death.abort());
      const mlflow = mlflowAt(home, {
        signal: death.signal,
        beforeRequest: () => {
          if (--left < 0) death.abort();
          death.signal.throwIfAborted();
        },
      });
      const began = performance.now();
      try {
        const made = await mlflowRegistry(mlflow, options).register(bundleOf(content).files, FACTS);
        storm.acknowledge(content, made.version);
        usual = 0.9 * usual + 0.1 * (performance.now() - began);
      } catch (error) {
        if (!death.signal.aborted) throw error;
        storm.killed(content);
      } finally {
        await mlflow.close();
      }
    }
  }

  const healthy = mlflowAt(home);
  try {
    const reader = mlflowRegistry(healthy, options);
    const all = Promise.all(Array.from({ length: size.registrars }, registrar));
    await Promise.all([all, storm.watch(reader, all)]);
    return await storm.result(reader, async () => {
      return (await healthy.searchModelVersions(`name = '${name}'`)).length;
    });
  } finally {
    await healthy.close();
  }
}
