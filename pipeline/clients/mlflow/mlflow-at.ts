import type { MlflowHome } from '../../contracts/homes.ts';
import { artifacts } from './artifacts.ts';
import { type AskOptions, asker } from './ask.ts';
import type { Asked } from './asked.ts';
import { experiments } from './experiments.ts';
import { logging } from './logging.ts';
import type { Mlflow } from './mlflow.ts';
import { models } from './models.ts';
import { hasFailed } from './outcomes.ts';
import { runs } from './runs.ts';
import { versions } from './versions.ts';

export type MlflowOptions = AskOptions;

/** The tracking server and registry of a home. Close it at the end: it holds connections.
 *  @param options.signal ends every request at once with an MlflowError `cancelled` */
export function mlflowAt(home: MlflowHome, options: MlflowOptions = {}): Mlflow {
  const ask = asker(home, options);
  const ofRuns = runs(ask);
  return {
    page: (what) => `${home.url}/#/${pathOf(what)}`,

    async serverVersion() {
      const asked: Asked = { method: 'GET', path: '/version', about: 'its version', repeatable: true };
      try {
        const text = Buffer.from(await ask.bytes(asked))
          .toString()
          .trim();
        return /^\d+\.\d+[\w.+-]{0,40}$/.test(text) ? text : null;
      } catch (error) {
        if (hasFailed(error, 'not-found', 'not-mlflow', 'invalid')) return null;
        throw error;
      }
    },

    ...experiments(ask),
    ...ofRuns,
    ...logging(ask, ofRuns.metricHistory),
    ...artifacts(ask),
    ...models(ask),
    ...versions(ask),
    close: () => ask.close(),
  };
}

/** Of MLflow's pages; the same in 2.x, 3.x and on Dagshub. */
function pathOf(what: Parameters<Mlflow['page']>[0]): string {
  if ('model' in what) {
    const model = `models/${encodeURIComponent(what.model)}`;
    return what.version === undefined ? model : `${model}/versions/${what.version}`;
  }
  const experiment = `experiments/${encodeURIComponent(what.experimentId)}`;
  return what.runId === undefined ? experiment : `${experiment}/runs/${encodeURIComponent(what.runId)}`;
}
