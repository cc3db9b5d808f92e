import type { Tract } from '../../contracts/panel.ts';

const RADIANS = Math.PI / 180;

/** The nearest tracts of each tract by the great circle; empty where a tract has no coordinates.
 *  @returns per tract the indices of its neighbours, nearest first */
export function nearestTracts(tracts: readonly Tract[], count: number): number[][] {
  // On the unit sphere the chord orders distances as the great circle does, and needs no arc functions.
  const placed = tracts.flatMap((tract, index) => (isPlaced(tract) ? [{ ...tract, index }] : []));
  const x = Float64Array.from(
    placed,
    (tract) => Math.cos(tract.latitude * RADIANS) * Math.cos(tract.longitude * RADIANS),
  );
  const y = Float64Array.from(
    placed,
    (tract) => Math.cos(tract.latitude * RADIANS) * Math.sin(tract.longitude * RADIANS),
  );
  const z = Float64Array.from(placed, (tract) => Math.sin(tract.latitude * RADIANS));
  const neighbours: number[][] = tracts.map(() => []);
  const chords = new Float64Array(count);
  const nearest = new Int32Array(count);
  placed.forEach(({ index }, from) => {
    let found = 0;
    for (let to = 0; to < placed.length; to++) {
      if (to === from) continue;
      const chord = (x[from] - x[to]) ** 2 + (y[from] - y[to]) ** 2 + (z[from] - z[to]) ** 2;
      if (found === count && chord >= chords[count - 1]) continue;
      let at = found < count ? found++ : count - 1;
      for (; at > 0 && chords[at - 1] > chord; at--) {
        chords[at] = chords[at - 1];
        nearest[at] = nearest[at - 1];
      }
      chords[at] = chord;
      nearest[at] = to;
    }
    neighbours[index] = Array.from(nearest.subarray(0, found), (to) => placed[to].index);
  });
  return neighbours;
}

function isPlaced(tract: Tract): tract is Tract & { latitude: number; longitude: number } {
  return tract.latitude !== undefined && tract.longitude !== undefined;
}
