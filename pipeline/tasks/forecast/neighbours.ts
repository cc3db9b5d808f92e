import type { Tract } from '../../contracts/panel.ts';

const RADIANS = Math.PI / 180;

/** The nearest tracts of each tract by the great circle; empty where a tract has no coordinates.
 *  @returns per tract the indices of its neighbours, nearest first */
export function nearestTracts(tracts: readonly Tract[], count: number): number[][] {
  // On the unit sphere the chord orders distances as the great circle does, and needs no arc functions.
  const points = tracts.map(({ latitude, longitude }) => {
    if (latitude === undefined || longitude === undefined) return null;
    const [phi, lambda] = [latitude * RADIANS, longitude * RADIANS];
    return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)] as const;
  });
  return points.map((from, index) => {
    if (!from) return [];
    const nearest: { index: number; chord: number }[] = [];
    points.forEach((to, other) => {
      if (!to || other === index) return;
      const chord = (from[0] - to[0]) ** 2 + (from[1] - to[1]) ** 2 + (from[2] - to[2]) ** 2;
      if (nearest.length === count && chord >= nearest[count - 1].chord) return;
      nearest.push({ index: other, chord });
      nearest.sort((a, b) => a.chord - b.chord);
      if (nearest.length > count) nearest.pop();
    });
    return nearest.map((tract) => tract.index);
  });
}
