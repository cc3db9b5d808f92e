import { expect, it } from 'vitest';
import { countTests, sum, summary } from './counts.ts';

const report = (over: object = {}) =>
  JSON.stringify({
    numPassedTests: 5,
    numFailedTests: 0,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: [{ status: 'passed', assertionResults: [{}, {}] }],
    ...over,
  });

it('takes the counts of a report that is content', () => {
  expect(countTests(report(), true)).toEqual({ passed: 5, failed: 0, skipped: 3 });
});

it('counts a file that could not be imported as one failure', () => {
  const broken = report({ testResults: [{ status: 'failed', assertionResults: [] }] });
  expect(countTests(broken, false)).toEqual({ passed: 5, failed: 1, skipped: 3 });
});

it('counts a failed file with tests in it only by its tests', () => {
  const failed = report({
    numFailedTests: 2,
    testResults: [{ status: 'failed', assertionResults: [{}, {}] }],
  });
  expect(countTests(failed, false).failed).toBe(2);
});

it('never says "0 failed" when vitest was not content', () => {
  expect(countTests(report(), false).failed).toBe(1);
  expect(countTests(null, false)).toEqual({ passed: 0, failed: 1, skipped: 0 });
});

it('leaves out the skipped where there are none', () => {
  expect(summary({ passed: 3, failed: 0, skipped: 0 })).toBe('3 passed, 0 failed');
  expect(
    summary(
      sum([
        { passed: 3, failed: 1, skipped: 0 },
        { passed: 2, failed: 0, skipped: 4 },
      ]),
    ),
  ).toBe('5 passed, 1 failed, 4 skipped');
});
