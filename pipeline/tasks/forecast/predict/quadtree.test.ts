import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { describe, expect, it } from 'vitest';
import { listAt, quadtree } from './quadtree.ts';

const MARGIN = 1e-9;

function uniformFrom(seed: number) {
  const generator = xoroshiro128plus(seed);
  return (low: number, high: number) => low + ((high - low) * (generator.next() >>> 0)) / 2 ** 32;
}

/** Boxes of very unlike sizes, many of them in one corner. */
function scattered(count: number): number[][] {
  const uniform = uniformFrom(count);
  return Array.from({ length: count }, (_, at) => {
    const crowded = at % 3 > 0;
    const size = 10 ** uniform(-4, crowded ? -2 : 1.5);
    const [west, south] = crowded
      ? [uniform(10, 10.2), uniform(45, 45.1)]
      : [uniform(-180, 180), uniform(-90, 90)];
    return [west, south, west + size * uniform(0, 1), south + size * uniform(0, 1)];
  });
}

const shapes: [string, number[][]][] = [
  ['one', [[3, 4, 5, 6]]],
  ['one point', [[3, 4, 3, 4]]],
  ['the same box 500 times', Array.from({ length: 500 }, () => [0, 0, 1, 1])],
  ['the same point 500 times', Array.from({ length: 500 }, () => [7, 7, 7, 7])],
  ['1,000 boxes one in another', Array.from({ length: 1_000 }, (_, k) => [-k, -k / 2, k, k / 2])],
  ['a chain of boxes that touch', Array.from({ length: 400 }, (_, k) => [k / 10, 0, (k + 1) / 10, 1])],
  ['3,000 of very unlike sizes', scattered(3_000)],
];

describe.each(shapes)('the squares over %s', (_, boxes) => {
  const flat = Float64Array.from(boxes.flat());
  const tree = quadtree(flat, MARGIN);

  it('name every box that holds a point, its edge and its corners too, each once and in order', () => {
    const uniform = uniformFrom(5);
    const points = [
      ...Array.from({ length: 300 }, () => [uniform(-180, 180), uniform(-90, 90)]),
      ...Array.from({ length: 300 }, () => [uniform(9.9, 10.3), uniform(44.9, 45.2)]),
      ...boxes
        .filter((_, at) => at % 5 === 0)
        .flatMap(([west, south, east, north]) => [
          [west, south],
          [east, north],
          [(west + east) / 2, north],
        ]),
    ];
    const missed: number[][] = [];
    for (const [x, y] of points) {
      const place = listAt(tree, x, y);
      const list = tree.lists.subarray(place + 1, place + 1 + tree.lists[place]);
      for (let at = 1; at < list.length; at++) if (list[at] <= list[at - 1]) missed.push([x, y]);
      const named = new Set(list);
      for (let box = 0; box < boxes.length; box++) {
        const at = box * 4;
        if (x < flat[at] || x > flat[at + 2] || y < flat[at + 1] || y > flat[at + 3]) continue;
        if (!named.has(box)) missed.push([x, y, box]);
      }
    }
    expect(missed).toEqual([]);
  });

  it('take no more memory than so much a box', () => {
    expect(tree.lists.length).toBeLessThanOrEqual(40 * boxes.length + 2);
    expect(tree.nodes.length).toBeLessThanOrEqual(16 * tree.lists.length);
  });
});

it('few boxes are asked at a point, however unevenly they lie', () => {
  const boxes = scattered(3_000);
  const tree = quadtree(Float64Array.from(boxes.flat()), MARGIN);
  const uniform = uniformFrom(6);
  let asked = 0;
  for (let k = 0; k < 2_000; k++) asked += tree.lists[listAt(tree, uniform(10, 10.2), uniform(45, 45.1))];
  expect(asked / 2_000).toBeLessThan(60);
});
