import { expect, it } from 'vitest';
import { readFailure, StageFailedError } from './dvc-error.ts';
import { readRepro } from './dvc-output.ts';

it("reads each stage's outcome in order and leaves files under DVC out", () => {
  const output = `'data.dvc' didn't change, skipping
Stage 'features@a' didn't change, skipping
Stage 'profile@a' is cached - skipping run, checking out outputs
Running stage 'train@a':
> npm run train
says: Running stage 'other':
Updating lock file 'dvc.lock'`;
  expect(readRepro(output).stages).toEqual([
    { stage: 'features@a', outcome: 'unchanged' },
    { stage: 'profile@a', outcome: 'cached' },
    { stage: 'train@a', outcome: 'ran' },
  ]);
});

it('reads no stages where there are none', () => {
  expect(readRepro('Data and pipelines are up to date.').stages).toEqual([]);
});

it("reads the exit code of a stage's command of several lines", () => {
  const error = readFailure(
    ['repro'],
    255,
    "boom\nERROR: failed to reproduce 'a@b': failed to run: x\ny, exited with 4\n",
  );
  expect(error).toBeInstanceOf(StageFailedError);
  expect(error).toMatchObject({ stage: 'a@b', exitStatus: 4 });
});

it.each([
  [253, 'ERROR: you are not inside of a DVC repository', 'no-repository'],
  [254, 'ERROR: unrecognized arguments: --x', 'usage'],
  [255, 'ERROR: Unable to acquire lock. Most likely another DVC process is running', 'locked'],
  [255, "'./dvc.yaml' is invalid.", 'invalid'],
  [1, "ERROR: './dvc.yaml' is invalid.", 'invalid'],
  [255, 'ERROR: unexpected error - no space left on device', 'failed'],
] as const)('takes exit code %i with "%s" as %s', (code, output, failure) => {
  expect(readFailure(['repro'], code, output).failure).toBe(failure);
});
