import { describe, expect, it } from 'vitest';
import { best } from './choose.ts';

describe('best', () => {
  const names = ['naive', 'trees', 'blend'];

  it('takes the blend unless another model is more than a tenth better', () => {
    expect(best(names, [2, 1, 1.1], ['naive'])).toBe('blend');
    expect(best(names, [2, 1, 1.11], ['naive'])).toBe('trees');
  });

  it('takes a baseline that leads, however little', () => {
    expect(best(names, [0.99, 1.2, 1], ['naive'])).toBe('naive');
  });

  it('passes over a model that did not always answer, and knows when nobody did', () => {
    expect(best(names, [2, Number.NaN, 1], ['naive'])).toBe('blend');
    expect(best(names, [2, 1.5, Number.NaN], ['naive'])).toBe('trees');
    expect(best(names, [Number.NaN, Number.NaN, Number.NaN], ['naive'])).toBeNull();
  });
});
