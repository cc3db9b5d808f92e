import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { RequestSchema, type Row } from '../../pipeline/contracts/serving.ts';
import { monitorOf } from '../monitor/monitor.ts';
import { askModel, countAsked, numbersOf } from './ask-model.ts';
import type { Edition } from './edition.ts';

/** A second kind of model, of numbers: doubles them. */
function doubler(rowMs = 0): Edition {
  const request = RequestSchema.parse({
    format: 1,
    fields: [{ kind: 'number', name: 'x' }],
    outputs: [
      { name: 'said', kind: 'text', length: 1 },
      { name: 'twice', kind: 'number', length: 1 },
    ],
    example: { x: 1 },
  });
  const predict = (rows: Row[]) => {
    const until = performance.now() + rowMs * rows.length;
    while (performance.now() < until);
    return rows.map(({ x }) => ({
      outputs: { said: ['two times'], twice: [2 * (x as number)] },
      outOfRange: (x as number) > 100 ? ['x'] : [],
    }));
  };
  const model = { name: 'doubler', version: { version: 'v0001' }, served: { request, predict } };
  return { model } as unknown as Edition;
}
const rows = (count: number) => Array.from({ length: count }, (_, x) => ({ x }));
const monitor = monitorOf({ processMetrics: false });

it('answers each row once and in order, however they are cut', async () => {
  for (const count of [1, 2, 3, 4, 7, 8, 9, 31, 64, 255, 256, 257, 1000]) {
    const seen: number[] = [];
    const predictions = await askModel(doubler(), rows(count), {
      monitor,
      onSlice: (some) => seen.push(some.length),
    });
    expect(numbersOf(predictions)).toEqual(rows(count).map(({ x }) => 2 * x));
    expect(seen.reduce((sum, one) => sum + one, 0)).toBe(count);
  }
});

it('gives others their turn where a row takes long', async () => {
  let turns = 0;
  let over = false;
  const counting = (async () => {
    while (!over) {
      await turn();
      turns++;
    }
  })();
  await askModel(doubler(5), rows(12), { monitor });
  over = true;
  await counting;
  expect(turns).toBeGreaterThanOrEqual(6);
});

it('counts rows a call, values, requests, and those beyond what was learnt', async () => {
  const own = monitorOf({ processMetrics: false });
  const predictions = await askModel(doubler(), [{ x: 50 }, { x: 101 }], { monitor: own });
  countAsked(own, 'doubler', predictions);
  countAsked(own, 'doubler', predictions.slice(0, 1));
  const text = await own.registry.metrics();
  expect(text).toContain('perennial_predictions_total{model="doubler",version="v0001"} 2');
  expect(text).toContain('perennial_prediction_value_sum{model="doubler",version="v0001"} 302');
  expect(text).toContain('perennial_model_requests_total{model="doubler"} 2');
  expect(text).toContain('perennial_out_of_range_requests_total{model="doubler"} 1');
});
