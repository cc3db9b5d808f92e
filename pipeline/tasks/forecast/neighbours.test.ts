import { distance } from '@turf/turf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nearestTracts } from './neighbours.ts';

const at = (latitude?: number, longitude?: number) => ({ id: '', name: '', latitude, longitude });

describe('nearestTracts', () => {
  it('puts the nearest first, and leaves out itself and what lies nowhere', () => {
    const tracts = [at(45, 7), at(), at(45, 9), at(45, 8), at(45, 12)];
    expect(nearestTracts(tracts, 2)).toEqual([[3, 2], [], [3, 0], [0, 2], [2, 3]]);
  });

  it('has fewer where there are fewer', () => {
    expect(nearestTracts([at(1, 1), at(2, 2)], 4)).toEqual([[1], [0]]);
    expect(nearestTracts([at(1, 1)], 4)).toEqual([[]]);
  });

  it('goes over the date line', () => {
    expect(nearestTracts([at(0, 179), at(0, -179), at(0, 170)], 1)).toEqual([[1], [0], [0]]);
  });

  it('agrees with distances on the globe', () => {
    const place = fc.record({
      latitude: fc.integer({ min: -89, max: 89 }),
      longitude: fc.integer({ min: -180, max: 179 }),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(place, { minLength: 6, maxLength: 15, selector: JSON.stringify }),
        (places) => {
          const far = (a: number, b: number) =>
            distance([places[a].longitude, places[a].latitude], [places[b].longitude, places[b].latitude]);
          nearestTracts(
            places.map(({ latitude, longitude }) => at(latitude, longitude)),
            3,
          ).forEach((found, index) => {
            const others = places.flatMap((_, other) => (other === index ? [] : [far(index, other)]));
            const nearest = others.sort((a, b) => a - b).slice(0, 3);
            found.forEach((other, k) => {
              expect(far(index, other)).toBeCloseTo(nearest[k], 3);
            });
          });
        },
      ),
      { numRuns: 50 },
    );
  });
});
