import { expect, test } from 'vitest';
import { silence } from './silence.ts';

const since = '2026-03-01T18:00:00.000Z';

test('keeps quiet for two periods to the millisecond, and reports the next one', () => {
  expect(silence(since, '1d', new Date('2026-03-03T18:00:00.000Z'))).toBeNull();
  expect(silence(since, '1d', new Date('2026-03-03T18:00:00.001Z'))).toEqual({ since, expected_every: '1d' });
});

test('measures in the period of the source', () => {
  const twoWeeksLater = new Date('2026-03-15T18:00:00.000Z');
  expect(silence(since, '1w', twoWeeksLater)).toBeNull();
  expect(silence(since, '6d', twoWeeksLater)).toEqual({ since, expected_every: '6d' });
});

test('a clock that runs behind is no silence', () => {
  expect(silence(since, '1h', new Date('2026-02-01T00:00:00Z'))).toBeNull();
});
