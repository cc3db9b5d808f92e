import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunRecord } from '../contracts/run-record.ts';
import { finishRecord, openRecord, type Spooled } from './run-spool.ts';

/** A finished record in a temporary spool: curves of 60 points, a NaN, a long parameter, files. */
export async function sampleRecord(experiment: string): Promise<{
  spool: string;
  spooled: Spooled;
  remove(): Promise<void>;
}> {
  const spool = await mkdtemp(join(tmpdir(), 'perennial-spool-'));
  const sources = join(spool, 'sources');
  const artifacts: { path: string; from: string }[] = [];
  await writeFile(`${sources}.md`, '# Report\n');
  await writeFile(`${sources}.bin`, new Uint8Array(50_000).fill(7));
  artifacts.push({ path: 'report.md', from: `${sources}.md` });
  artifacts.push({ path: 'bundle/weights.bin', from: `${sources}.bin` });
  const opened = await openRecord(spool, BEGINNING(experiment));
  const spooled = await finishRecord(opened, { ...ENDING, artifacts });
  return { spool, spooled, remove: () => rm(spool, { recursive: true, force: true }) };
}

export const BEGINNING = (experiment: string) => ({
  model: 'infections',
  experiment,
  name: 'infections 2026-06-30 22:00',
  started_at: '2026-06-30T22:00:00.000Z',
  description: 'it runs',
  tags: { 'mlflow.user': 'the robot', 'perennial.model': 'infections' },
  params: { seed: 1 },
});

const points: RunRecord['metrics'] = Array.from({ length: 60 }, (_, step) => ({
  key: 'lstm-1/training-loss',
  value: 1 / (step + 1),
  step,
  at: '2026-06-30T22:00:00.000Z',
}));

export const ENDING = {
  ended_at: '2026-06-30T22:03:00.000Z',
  description: '**Published**, and it is better.',
  tags: { 'mlflow.user': 'the robot', 'perennial.model': 'infections', 'perennial.outcome': 'first' },
  params: { seed: 1, horizons: '1, 2, 3', 'roles.Fälle (neu) %': 'new_cases', long: 'x'.repeat(20_000) },
  metrics: [
    ...points,
    { key: 'wape/challenger', value: 0.16, step: 0, at: '2026-06-30T22:03:00.000Z' },
    { key: 'wis/champion', value: 'NaN' as const, step: 0, at: '2026-06-30T22:03:00.000Z' },
  ],
  datasets: [
    {
      name: 'infections',
      digest: 'd41d8cd98f00b204e9800998ecf8427e.dir',
      source_type: 'http',
      source: '{"url":"https://example.org/regions.csv"}',
      schema: '{"mlflow_colspec":[{"type":"double","name":"new_cases","required":true}]}',
      profile: '{"num_rows":100,"num_elements":900}',
      context: 'training',
    },
  ],
};
