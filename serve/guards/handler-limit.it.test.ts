import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Row } from '../../pipeline/contracts/serving.ts';
import { buildApp } from '../app.ts';
import { loadModel } from '../predictor/model.ts';
import { loadPack } from '../predictor/pack.ts';
import { MODEL, sampleOf, samplePartsOf } from '../sample-service.testing.ts';

const ROWS = 1000;
const LIMIT_MS = 200;
const MS_A_ROW = 5;
const sample = sampleOf();
const parts = samplePartsOf(sample, { env: { PERENNIAL_HANDLER_SECONDS: String(LIMIT_MS / 1000) } });
let asked = 0;
let app: Awaited<ReturnType<typeof buildApp>>;

beforeAll(async () => {
  const model = loadModel(sample.files, sample.version);
  const predict = (rows: Row[]) => {
    asked += rows.length;
    const until = performance.now() + MS_A_ROW * rows.length;
    while (performance.now() < until);
    return model.served.predict(rows);
  };
  const slow = { ...model, served: { ...model.served, predict } };
  parts.slots.of(MODEL).swap({ model: slow, pack: loadPack(sample.pack) });
  app = await buildApp(parts);
});
afterAll(() => app.close());

const row = { tract: '001', time: '2026-06-30', values: Array.from({ length: 21 }, (_, day) => 100 + day) };
const post = (url: string, payload: object) => app.inject({ method: 'POST', url, payload });

describe('rows that take too long', () => {
  it('are given up in time, and their work with them', async () => {
    const began = performance.now();
    const answer = await post('/predict', { rows: Array(ROWS).fill(row) });
    expect(performance.now() - began).toBeLessThan((ROWS * MS_A_ROW) / 2);
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toMatchObject({
      type: 'urn:perennial:problem:timeout',
      detail: expect.stringMatching(/^\d+ of 1000 rows were answered in 0\.2 s/),
      hint: expect.stringContaining('POST /jobs'),
    });
    const then = asked;
    expect(then).toBeLessThan(ROWS / 2);
    expect((await post('/predict', { rows: [row] })).statusCode).toBe(200);
    expect(asked).toBe(then + 1);
    expect(await parts.monitor.registry.metrics()).toContain(
      'perennial_shed_requests_total{reason="timeout"} 1',
    );
  });

  it('are told as the protocol tells errors', async () => {
    const tensor = (name: string, datatype: string, shape: number[], data: unknown[]) => ({
      ...{ name, datatype, shape, data },
    });
    const answer = await post(`/v2/models/${MODEL}/infer`, {
      inputs: [
        tensor('tract', 'BYTES', [ROWS], Array(ROWS).fill(row.tract)),
        tensor('time', 'BYTES', [ROWS], Array(ROWS).fill(row.time)),
        tensor('values', 'FP64', [ROWS, row.values.length], Array(ROWS).fill(row.values).flat()),
      ],
    });
    expect(answer.statusCode).toBe(503);
    expect(answer.json()).toEqual({ error: expect.stringContaining('of 1000 rows were answered in 0.2 s') });
  });
});
