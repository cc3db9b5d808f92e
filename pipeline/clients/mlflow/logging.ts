import { z } from 'zod';
import type { MetricPoint } from './answers.ts';
import { type Ask, write } from './asked.ts';
import { type Load, loads } from './batches.ts';
import { checkedKey, cut, LIMITS } from './limits.ts';
import type { Mlflow } from './mlflow.ts';
import type { MlflowError } from './mlflow-error.ts';
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

  async function deliver(runId: string, load: Load): Promise<void> {
    try {
      await send(runId, load);
    } catch (error) {
      if (!hasFailed(error, 'invalid')) throw error;
      const shorter = shortened(load, error);
      if (shorter) return deliver(runId, shorter);
      if (error.code !== 'BAD_REQUEST' || !load.metrics.some(isNan)) throw error;
      await sendAgain(runId, load);
    }
  }

  return {
    async logBatch(runId, batch) {
      const sent = loads(batch).map((load) => deliver(runId, load));
      // All have ended before the caller is told: none goes on behind its back.
      const failed = (await Promise.allSettled(sent)).find(({ status }) => status === 'rejected');
      if (failed) throw (failed as PromiseRejectedResult).reason;
    },

    async logParam(runId, key, value) {
      const about = `parameter ${JSON.stringify(key)} of run ${runId}`;
      const param = { run_id: runId, key: checkedKey(key, 'parameter') };
      const sendCut = (limit: number) =>
        ask(write('runs/log-parameter', { ...param, value: cut(value, limit) }, { about }), Nothing);
      try {
        await sendCut(LIMITS.param);
      } catch (error) {
        const limit = hasFailed(error, 'invalid') ? error.facts.limit : undefined;
        if (typeof limit !== 'number' || limit >= LIMITS.param) throw error;
        await sendCut(limit);
      }
    },
  };
}

const Nothing = z.looseObject({});
const isNan = ({ value }: MetricPoint) => Number.isNaN(value);
const moment = ({ step, timestamp }: MetricPoint) => `${step} ${timestamp}`;

/** For a server with a smaller limit than ours.
 *  @returns null where that was not the matter */
function shortened(load: Load, { message, facts: { limit } }: MlflowError): Load | null {
  if (typeof limit !== 'number' || limit < LONGEST_MARK) return null;
  const of = /param value/i.test(message) ? 'params' : 'tags';
  if (!load[of].some(({ value }) => value.length > limit)) return null;
  return { ...load, [of]: load[of].map(({ key, value }) => ({ key, value: cut(value, limit) })) };
}

const LONGEST_MARK = 100;
