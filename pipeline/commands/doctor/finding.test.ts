import { describe, expect, test } from 'vitest';
import { CorruptError, EXIT, PerennialError, UsageError } from '../../contracts/errors.ts';
import { examine, exitCodeOf, type Finding } from './finding.ts';
import { findingsTable, summary } from './table.ts';

const place = { home: 'remote', where: 's3://bucket' };
const failing = (error: unknown): Promise<Finding> => examine(place, () => Promise.reject(error));

describe('a check', () => {
  test('that returns words is well', async () => {
    expect(await examine(place, async () => 'written')).toEqual({ ...place, state: 'well', said: 'written' });
  });

  test('that throws is wrong, in one line with what to do', async () => {
    const error = new CorruptError('two\n  lines', { hint: 'do\nthis' });
    expect(await failing(error)).toEqual({
      ...place,
      state: 'wrong',
      said: 'two; lines',
      hint: 'do; this',
      exitCode: EXIT.corrupt,
    });
    expect(await failing(new TypeError('oh'))).toMatchObject({ said: 'unexpected: oh', exitCode: 1 });
  });
});

describe('the exit code', () => {
  test('is that of all faults, where they share one', async () => {
    const [corrupt, away] = await Promise.all([
      failing(new CorruptError('x')),
      failing(new PerennialError('y', { exitCode: EXIT.upstreamDown })),
    ]);
    const note: Finding = { ...place, state: 'note', said: 'z', exitCode: EXIT.locked };
    expect(exitCodeOf([note])).toBe(EXIT.ok);
    expect(exitCodeOf([corrupt, note, corrupt])).toBe(EXIT.corrupt);
    expect(exitCodeOf([corrupt, away])).toBe(EXIT.setup);
    // Settings that are wrong are a set-up that is wrong: the call itself was right.
    expect(exitCodeOf([await failing(new UsageError('u'))])).toBe(EXIT.setup);
  });
});

test('the table has a line a finding, what to do below it; the last line counts', async () => {
  const well = await examine({ home: 'git', where: '' }, async () => '2.39.5');
  const wrong = await failing(new CorruptError('x is not y', { hint: 'mend it' }));
  expect(findingsTable([well, wrong])).toBe(
    ['✓ git                  2.39.5', '✗ remote  s3://bucket  x is not y', '          → mend it'].join('\n'),
  );
  expect(summary([well, wrong])).toBe(
    '1 of 2 checks found something wrong; each line with ✗ says what to do.',
  );
});
