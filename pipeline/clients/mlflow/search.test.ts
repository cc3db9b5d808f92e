import { expect, test } from 'vitest';
import { lanes } from './lanes.ts';
import { MlflowError } from './mlflow-error.ts';
import { everyPage, quoted } from './search.ts';

test('quotes a value with what is not in it, and refuses one with both', () => {
  expect(quoted('a b')).toBe("'a b'");
  expect(quoted("it's")).toBe('"it\'s"');
  expect(quoted('12"')).toBe("'12\"'");
  expect(() => quoted('\'"')).toThrow(MlflowError);
});

const pagesOf = (tokens: (string | undefined)[]) => {
  let asked = 0;
  return async () => ({ items: [asked], next: tokens[asked++] });
};

test('reads every page, up to a limit', async () => {
  expect(await everyPage(pagesOf(['a', 'b', undefined]), { about: 'x' })).toEqual([0, 1, 2]);
  expect(await everyPage(pagesOf(['a', 'b', 'c']), { about: 'x', limit: 2 })).toEqual([0, 1]);
  expect(await everyPage(pagesOf(['']), { about: 'x' })).toEqual([0]);
});

test('stops a server that never stops giving tokens', async () => {
  await expect(everyPage(pagesOf(['a', 'b', 'a']), { about: 'runs' })).rejects.toThrow(
    /runs: the pages have no end/,
  );
  let count = 0;
  const endless = everyPage(async () => ({ items: [1], next: `${count++}` }), { about: 'runs' });
  await expect(endless).rejects.toMatchObject({ failure: 'not-mlflow' });
  expect(count).toBeLessThan(1_100);
});

test('lets only so many jobs run at a time, in order, and goes on after one that fails', async () => {
  const turn = lanes(2);
  let running = 0;
  const most: number[] = [];
  const order: number[] = [];
  const jobs = [1, 2, 3, 4, 5].map((name) =>
    turn(async () => {
      most.push(++running);
      order.push(name);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      if (name === 2) throw new Error('two');
      return name;
    }).catch((error: Error) => error.message),
  );
  expect(await Promise.all(jobs)).toEqual([1, 'two', 3, 4, 5]);
  expect(Math.max(...most)).toBe(2);
  expect(order).toEqual([1, 2, 3, 4, 5]);
});
