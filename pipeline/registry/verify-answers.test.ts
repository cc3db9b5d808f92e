import { expect, it } from 'vitest';
import { CorruptError } from '../contracts/errors.ts';
import { verifyAnswers } from './verify-answers.ts';

const OF = { model: 'infections', version: 'v0003' };

it('passes what rounding makes of an answer, and nothing beyond', () => {
  expect(() => verifyAnswers(0, OF)).not.toThrow();
  expect(() => verifyAnswers(1e-6, OF)).not.toThrow();
  expect(() => verifyAnswers(1.1e-6, OF)).toThrow(CorruptError);
  expect(() => verifyAnswers(0.02, OF)).toThrow('infections v0003 answers its warm-up requests otherwise');
});

it('never passes what is no number', () => {
  for (const difference of [Number.NaN, Number.POSITIVE_INFINITY])
    expect(() => verifyAnswers(difference, OF)).toThrow(CorruptError);
});
