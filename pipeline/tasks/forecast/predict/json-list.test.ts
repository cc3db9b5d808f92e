import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { elementsOf } from './json-list.ts';

const read = (text: string, name = 'features') => {
  const elements: unknown[] = [];
  const steps = elementsOf(Buffer.from(text), name);
  for (let next = steps.next(); ; next = steps.next()) {
    if (next.done) return { elements, rest: next.value };
    elements.push(next.value);
  }
};

describe('elementsOf', () => {
  it('comes to what JSON.parse comes to, whatever the elements and the spaces are', () => {
    const before = fc.dictionary(
      fc.string().filter((key) => key !== 'features'),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(
        before,
        fc.array(fc.jsonValue({ maxDepth: 4 })),
        fc.constantFrom(0, 1, '\t'),
        (facts, list, space) => {
          const value = { ...facts, features: list };
          const { elements, rest } = read(JSON.stringify(value, null, space));
          const whole = JSON.parse(JSON.stringify(value));
          expect(elements).toEqual(whole.features);
          expect(rest).toEqual({ ...whole, features: [] });
        },
      ),
    );
  });

  it('takes a name for what it is only where it is a key of the object itself', () => {
    expect(read('{"a":{"lists":[7]},"b":"[","list":["]","\\"]",[[]],{}]}', 'list')).toEqual({
      elements: [']', '"]', [[]], {}],
      rest: { a: { lists: [7] }, b: '[', list: [] },
    });
  });

  it.each([
    '',
    '[]',
    '{}',
    '{"features":{}}',
    '{"features":[1,]}',
    '{"features":[,1]}',
    '{"features":[1 2]}',
    '{"features":[1}2]}',
    '{"features":[[1}]}',
    '{"features":[1]',
    '{"features":[1]]}',
    '{"features":[1]} x',
    '{"features":["]}',
    '{"features":[1],"features":[2]}',
    '\ufeff{"features":[1]}',
  ])('refuses %j, as JSON.parse does or because it has no such list, or two', (text) => {
    expect(() => read(text)).toThrow(SyntaxError);
  });
});
