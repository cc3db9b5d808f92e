import { z } from 'zod';
import type { MetricPoint } from './answers.ts';
import { type Ask, write } from './asked.ts';
import { type Load, loads } from './batches.ts';
import { checkedKey, cut, LIMITS } from './limits.ts';
import type { Mlflow } from './mlflow.ts';
import { hasFailed } from './outcomes.ts';

/** @param metricHistory of the same server: what is there already */
export function logging(
  ask: Ask,
  metricHistory: Mlflow['metricHistory'],
): Pick<Mlflow, 'logBatch' | 'logParam'> {
  const send = (runId: string, load: Load) =>
    ask(write('runs/log-batch', { run_id: runId, ...load }, { about: `values of run ${runId}` }), Nothing);

  /** 2.22 refuses a NaN that it has already, and the whole request with it, so that a repeated one would never pass. */
  async function sendAgain(runId: string, { metrics, ...rest }: Load): Promise<void> {
    await send(runId, { ...rest, metrics: metrics.filter((point) => !isNan(point)) });
    const missing: MetricPoint[] = [];
    const undefinedOnes = metrics.filter(isNan);
    for (const key of new Set(undefinedOnes.map((point) => point.key))) {
      const there = new Set((await metricHistory(runId, key)).filter(isNan).map(moment));
      missing.push(...undefinedOnes.filter((point) => point.key === key && !there.has(moment(point))));
    }
    if (missing.length > 0) await send(runId, { params: [], tags: [], metrics: missing });
  }

  return {
    async logBatch(runId, batch) {
      const sent = loads(batch).map(async (load) => {
        try {
          await send(runId, load);
        } catch (error) {
          const repeated = hasFailed(error, 'invalid') && error.code === 'BAD_REQUEST';
          if (!repeated || !load.metrics.some(isNan)) throw error;
          await sendAgain(runId, load);
        }
      });
      // All have ended before the caller is told: none goes on behind its back.
      const failed = (await Promise.allSettled(sent)).find(({ status }) => status === 'rejected');
      if (failed) throw (failed as PromiseRejectedResult).reason;
    },

    async logParam(runId, key, value) {
      const param = { run_id: runId, key: checkedKey(key, 'parameter'), value: cut(value, LIMITS.param) };
      const about = `parameter ${JSON.stringify(key)} of run ${runId}`;
      await ask(write('runs/log-parameter', param, { about }), Nothing);
    },
  };
}

const Nothing = z.looseObject({});
const isNan = ({ value }: MetricPoint) => Number.isNaN(value);
const moment = ({ step, timestamp }: MetricPoint) => `${step} ${timestamp}`;
