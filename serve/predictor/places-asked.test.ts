import fc from 'fast-check';
import { expect, it } from 'vitest';
import { PlacesAsked } from './places-asked.ts';

const point = fc.tuple(
  fc.double({ min: -90, max: 90, noNaN: true }),
  fc.double({ min: -180, max: 180, noNaN: true }),
);

it('never tells of a place what was found at another', () => {
  fc.assert(
    fc.property(fc.array(point, { maxLength: 200 }), (points) => {
      const asked = new PlacesAsked<string>();
      for (const [latitude, longitude] of points) {
        const before = asked.get(latitude, longitude);
        expect([undefined, `${latitude} ${longitude}`]).toContain(before);
        asked.set(latitude, longitude, `${latitude} ${longitude}`);
        expect(asked.get(latitude, longitude)).toBe(`${latitude} ${longitude}`);
      }
    }),
  );
});

it('tells places apart that are nearer than it steps', () => {
  const asked = new PlacesAsked<string>();
  asked.set(45.464_21, 9.19, 'one side');
  expect(asked.get(45.464_22, 9.19)).toBeUndefined();
  asked.set(45.464_22, 9.19, 'the other');
  expect(asked.get(45.464_22, 9.19)).toBe('the other');
  expect(asked.get(45.464_21, 9.19)).toBeUndefined();
});

it('keeps most of a few thousand places on a grid', () => {
  const asked = new PlacesAsked<number>();
  const grid = Array.from({ length: 2_500 }, (_, at) => [
    40 + (at % 50) * 0.1,
    -10 + Math.floor(at / 50) * 0.1,
  ]);
  for (const [at, [latitude, longitude]] of grid.entries()) asked.set(latitude, longitude, at);
  const kept = grid.filter(([latitude, longitude], at) => asked.get(latitude, longitude) === at).length;
  expect(kept).toBeGreaterThan(2_000);
});
