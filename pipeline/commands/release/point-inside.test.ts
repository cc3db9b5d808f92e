import { booleanPointInPolygon } from '@turf/turf';
import { expect, it } from 'vitest';
import { pointInside } from './point-inside.ts';

it('is the middle of a square', () => {
  const square = [
    [
      [0, 0],
      [2, 0],
      [2, 2],
      [0, 2],
      [0, 0],
    ],
  ];
  expect(pointInside({ type: 'Polygon', coordinates: square })).toEqual([1, 1]);
});

it('is inside of a shape whose middle is not', () => {
  const hook = [
    [
      [0, 0],
      [10, 0],
      [10, 10],
      [9, 10],
      [9, 1],
      [0, 1],
      [0, 0],
    ],
  ];
  const geometry = { type: 'Polygon' as const, coordinates: hook };
  const point = pointInside(geometry)!;
  expect(
    booleanPointInPolygon({ type: 'Point', coordinates: point }, geometry, { ignoreBoundary: true }),
  ).toBe(true);
});

it('is none where there is no inside', () => {
  expect(
    pointInside({
      type: 'Polygon',
      coordinates: [
        [
          [0, 0],
          [1, 1],
          [2, 2],
          [0, 0],
        ],
      ],
    }),
  ).toBeNull();
  expect(pointInside({ type: 'Point', coordinates: [0, 0] })).toBeNull();
});
