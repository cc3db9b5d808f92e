import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSubmission, type Submitted } from './read-submission.ts';
import { Refusal } from './refusal.ts';
import { zipped } from './sample-zip.testing.ts';

const FORECASTS = Buffer.from('PAR1 forecasts PAR1');
const expected = {
  model: 'm',
  headSha: 'a'.repeat(40),
  baseRef: 'test',
  run: { id: 7, attempt: 2 },
  now: new Date('2026-07-01T12:00:00Z'),
};
const good = {
  format: 1,
  model: 'm',
  state: 'trained',
  reason: 'so it is',
  head_sha: expected.headSha,
  base_ref: 'test',
  made_at: '2026-07-01T11:00:00Z',
  run: { id: 7, attempt: 1 },
  data_version: `${'0'.repeat(32)}.dir`,
  plan: null,
  champion: { version: 'v0001', digest: 'b'.repeat(64) },
  metrics: null,
  promotion: null,
  gate: null,
  mlflow_run: null,
  forecasts: { sha256: createHash('sha256').update(FORECASTS).digest('hex'), bytes: FORECASTS.length },
};

const read = async (submission: unknown, forecasts: Buffer = FORECASTS): Promise<Submitted | Refusal> =>
  readSubmission(
    await zipped([
      ['review.json', typeof submission === 'string' ? submission : JSON.stringify(submission)],
      ['forecasts.parquet', forecasts],
    ]),
    expected,
  ).catch((error) => error);

describe('readSubmission', () => {
  it('takes a report of this model, commit and run, also of an earlier attempt', async () => {
    expect(await read(good)).toMatchObject({ submission: good, forecasts: FORECASTS });
  });

  it('takes it within its two days, and with a clock five minutes ahead, and no more', async () => {
    const at = (made_at: string) => read({ ...good, made_at });
    expect(await at('2026-06-29T12:00:00Z')).not.toBeInstanceOf(Refusal);
    expect(await at('2026-06-29T11:59:59Z')).toBeInstanceOf(Refusal);
    expect(await at('2026-07-01T12:05:00Z')).not.toBeInstanceOf(Refusal);
    expect(await at('2026-07-01T12:05:01Z')).toBeInstanceOf(Refusal);
  });

  it('refuses an attempt that was not made yet', async () => {
    expect(await read({ ...good, run: { id: 7, attempt: 3 } })).toBeInstanceOf(Refusal);
  });

  it('never shows what others wrote in its refusals', async () => {
    const refusal = await read({ ...good, base_ref: '](javascript:alert)<!--@everyone' });
    expect((refusal as Refusal).message).not.toMatch(/javascript|everyone/);
  });

  it('refuses or takes whole whatever is put into it: what is taken is of this model, commit, run and time', async () => {
    const strange = fc.oneof(
      fc.jsonValue(),
      fc.constantFrom(...['__proto__', '\u202e', 'a'.repeat(2_000), 1e308, -1, 0, null, {}, []]),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(good)), strange, async (field, value) => {
        const found = await read({ ...good, [field]: value });
        if (found instanceof Refusal) return;
        const { submission } = found;
        expect(submission).toMatchObject({ model: 'm', head_sha: expected.headSha, base_ref: 'test' });
        expect(submission.run.id).toBe(7);
        expect(submission.forecasts?.sha256 ?? good.forecasts.sha256).toBe(good.forecasts.sha256);
        expect(({} as Record<string, unknown>).polluted).toBeUndefined();
      }),
      { numRuns: 100 },
    );
  });

  it('refuses or takes bytes of any kind in the place of its JSON', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 300 }), async (text) => {
        expect(await read(text)).toBeInstanceOf(Refusal);
      }),
      { numRuns: 30 },
    );
  });
});
