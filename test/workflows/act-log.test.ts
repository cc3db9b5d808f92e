import { expect, it } from 'vitest';
import { readActLog } from './act-log.ts';
import { readWorkflow } from './read-workflows.ts';

const workflow = readWorkflow(`
name: w
on: { push: {} }
permissions: {}
jobs:
  try: { name: try it, steps: [] }
  never: { name: never, steps: [] }
  last: { name: last, steps: [] }
`);
const line = (fields: Record<string, unknown>) =>
  JSON.stringify({ level: 'info', msg: '', matrix: {}, ...fields });
const step = (matrix: object, stepResult: string) =>
  line({ job: 'w/try it-1', jobID: 'try', matrix, stage: 'Main', step: 'run', stepID: ['0'], stepResult });

it('tells each entry of a matrix by its own steps, and a job that nothing ran', () => {
  const log = [
    'a line that is no JSON',
    step({ model: 'a' }, 'success'),
    step({ model: 'b' }, 'failure'),
    // act says it of both.
    line({ job: 'w/try it-1', jobID: 'try', matrix: { model: 'a' }, jobResult: 'failure' }),
    line({ job: 'w/try it-2', jobID: 'try', matrix: { model: 'b' }, jobResult: 'failure' }),
    line({ job: 'w/last', jobID: 'last', jobResult: 'success' }),
  ].join('\n');
  const run = readActLog(log, workflow);
  expect(run.result).toBe('failure');
  expect(run.jobs.map(({ id, name, result }) => [id, name, result])).toEqual([
    ['try', 'try it', 'success'],
    ['try', 'try it', 'failure'],
    ['last', 'last', 'success'],
    ['never', 'never', 'skipped'],
  ]);
});

it('calls a job that never came to its end cancelled, and keeps what it printed and summed up', () => {
  const about = { job: 'w/last', jobID: 'last' };
  const log = [
    line({ ...about, raw_output: true, msg: 'half a word\n' }),
    line({ ...about, command: 'summary', content: '# Done\n' }),
    line({ ...about, command: 'error', msg: 'it broke' }),
  ].join('\n');
  const last = readActLog(log, workflow).jobs[0];
  expect(last).toMatchObject({ id: 'last', result: 'cancelled', summary: '# Done\n' });
  expect(last.log).toBe('half a word\nerror: it broke\n');
  expect(readActLog('', workflow).result).toBe('skipped');
});
