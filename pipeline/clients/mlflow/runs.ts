import { z } from 'zod';
import { MetricPoint, Run } from './answers.ts';
import { type Ask, create, get, write } from './asked.ts';
import { cut, LIMITS } from './limits.ts';
import type { DatasetInput, Mlflow } from './mlflow.ts';
import { MlflowError } from './mlflow-error.ts';
import { absent, listed } from './outcomes.ts';
import { everyPage } from './search.ts';

type Runs = Pick<
  Mlflow,
  'createRun' | 'run' | 'updateRun' | 'deleteRun' | 'logInputs' | 'metricHistory' | 'searchRuns'
>;

const HISTORY_PAGE = 10_000;

export function runs(ask: Ask): Runs {
  return {
    async createRun({ experimentId, name, startTime, tags = {} }) {
      const about = `a new run in experiment ${experimentId}`;
      const wanted = {
        experiment_id: experimentId,
        run_name: cut(name, LIMITS.runName),
        start_time: startTime.getTime(),
        tags: listed(tags),
      };
      return (await ask(create('runs/create', wanted, { about }), OneRun)).run;
    },

    async run(run_id) {
      const found = await absent(ask(get('runs/get', { run_id }, { about: naming(run_id) }), OneRun));
      return found?.run ?? null;
    },

    async updateRun(run_id, { status, endTime, name }) {
      const change = {
        run_id,
        status,
        end_time: endTime?.getTime(),
        run_name: name && cut(name, LIMITS.runName),
      };
      await ask(write('runs/update', change, { about: naming(run_id) }), Nothing);
    },

    async deleteRun(run_id) {
      await absent(ask(write('runs/delete', { run_id }, { about: naming(run_id) }), Nothing));
    },

    async logInputs(run_id, datasets) {
      if (datasets.length === 0) return;
      const wanted = { run_id, datasets: datasets.map(checkedInput) };
      await ask(write('runs/log-inputs', wanted, { about: `inputs of ${naming(run_id)}` }), Nothing);
    },

    metricHistory(run_id, metric_key) {
      const about = `metric ${JSON.stringify(metric_key)} of ${naming(run_id)}`;
      const query = { run_id, metric_key, max_results: HISTORY_PAGE };
      return everyPage(
        async (page_token) => {
          const asked = get('metrics/get-history', { ...query, page_token }, { about });
          const { metrics, next_page_token } = await ask(asked, History);
          return { items: metrics, next: next_page_token };
        },
        { about },
      );
    },

    searchRuns({ experimentIds, filter, orderBy, limit = Number.POSITIVE_INFINITY }) {
      const about = `runs in ${experimentIds.length === 1 ? 'experiment' : 'experiments'} ${experimentIds.join(', ')}`;
      const query = {
        experiment_ids: experimentIds,
        filter,
        order_by: orderBy,
        max_results: Math.min(limit, LIMITS.page),
      };
      return everyPage(
        async (page_token) => {
          const found = await ask(write('runs/search', { ...query, page_token }, { about }), FoundRuns);
          return { items: found.runs, next: found.next_page_token };
        },
        { about, limit },
      );
    },
  };
}

const Nothing = z.looseObject({});
const OneRun = z.object({ run: Run });
const Token = z.string().optional();
const History = z.object({ metrics: z.array(MetricPoint).default([]), next_page_token: Token });
const FoundRuns = z.object({ runs: z.array(Run).default([]), next_page_token: Token });
const naming = (runId: string) => `run ${runId}`;

function checkedInput({ name, digest, sourceType, source, schema, profile, context }: DatasetInput) {
  const tooLong = Object.entries({ name, digest, source, schema, profile }).find(
    ([field, value]) => (value?.length ?? 0) > INPUT_LIMITS[field as keyof typeof INPUT_LIMITS],
  );
  if (tooLong) {
    const [field, value = ''] = tooLong;
    throw new MlflowError(
      'invalid',
      `MLflow: the data set's ${field} has ${value.length} characters, too many`,
      {
        hint: `at most ${INPUT_LIMITS[field as keyof typeof INPUT_LIMITS]} are allowed`,
      },
    );
  }
  const tags = context ? [{ key: 'mlflow.data.context', value: cut(context, LIMITS.datasetTag) }] : [];
  return { tags, dataset: { name, digest, source_type: sourceType, source, schema, profile } };
}

const INPUT_LIMITS = {
  name: 500,
  digest: LIMITS.digest,
  source: 65_535,
  schema: 65_535,
  profile: 16_777_215,
};
