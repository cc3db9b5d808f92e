import { feature, mesh } from 'topojson-client';
import type { Flat, Outlines, Overview } from '../data.ts';
import { flatAround, laid, type XY } from './flat.ts';

export type Box = [west: number, north: number, east: number, south: number];

/** What a map draws, on the flat plane. Polygons where there are outlines, dots where there are only coordinates. */
export interface Shapes {
  flat: Flat;
  /** Of all. */
  box: Box;
  /** Of where most tracts are: what is shown first. */
  home: Box;
  /** In the order of the overview's tracts; null: this tract has no place. */
  tracts: ({ path: Path2D; box: Box } | null)[];
  /** Outlines of no tract with forecasts. */
  others: Path2D;
  /** Every border once. */
  borders: Path2D | null;
  dots: (XY | null)[] | null;
}

type Rings = number[][][];

export function shapesOf(outlines: Outlines, ids: string[]): Shapes {
  const byId = new Map<string, Rings>();
  for (const { id, geometry } of feature(outlines, outlines.objects.tracts).features) {
    if (geometry.type !== 'Polygon' && geometry.type !== 'MultiPolygon') continue;
    const rings = geometry.type === 'Polygon' ? geometry.coordinates : geometry.coordinates.flat();
    byId.set(String(id), [...(byId.get(String(id)) ?? []), ...rings]);
  }
  const tracts = ids.map((id) => {
    const rings = byId.get(id);
    byId.delete(id);
    return rings ? { path: pathOf(rings), box: boxOf(rings.flat()) } : null;
  });
  const others = pathOf([...byId.values()].flat());
  const lines = mesh(outlines, outlines.objects.tracts).coordinates;
  const box = boxOf(lines.flat());
  const boxes = tracts.flatMap((tract) => (tract ? [tract.box] : []));
  return {
    flat: outlines.flat,
    box,
    home: homeOf(boxes, box),
    tracts,
    others,
    borders: pathOf(lines, { open: true }),
    dots: null,
  };
}

/** Dots for a model that only knows coordinates. */
export function dotsOf({ latitude, longitude }: Overview['tracts']): Shapes | null {
  const points = latitude.map((lat, at) =>
    lat === null || longitude[at] === null ? null : { latitude: lat, longitude: longitude[at] },
  );
  const known = points.filter((point) => point !== null);
  if (known.length === 0) return null;
  const flat = flatAround(known);
  const dots = points.map((point) => point && laid(point, flat));
  const [west, north, east, south] = boxOf(dots.filter((dot) => dot !== null));
  const margin = Math.max(east - west, south - north, 0.5) * 0.08;
  const box: Box = [west - margin, north - margin, east + margin, south + margin];
  const boxes = dots.flatMap((dot): Box[] => (dot ? [[...dot, ...dot]] : []));
  return {
    flat,
    box,
    home: homeOf(boxes, box),
    tracts: dots.map(() => null),
    others: new Path2D(),
    borders: null,
    dots,
  };
}

/** Far islands would make the mainland a stamp: the outermost tracts are left out where the others then fill the map. */
function homeOf(boxes: Box[], whole: Box): Box {
  const middles = boxes.map(([west, north, east, south]) => [(west + east) / 2, (north + south) / 2]);
  const ends = [0, 1].map((axis) => {
    const sorted = middles.map((middle) => middle[axis]).sort((a, b) => a - b);
    const out = Math.floor(sorted.length * OUTER_SHARE);
    return [sorted[out], sorted[sorted.length - 1 - out]];
  });
  const inner = boxes.filter((_, at) =>
    ends.every(([low, high], axis) => middles[at][axis] >= low && middles[at][axis] <= high),
  );
  if (inner.length === 0) return whole;
  const [west, north, east, south] = boxOf(inner.flatMap((box) => [box.slice(0, 2), box.slice(2)]));
  const [x, y] = [(east - west) * GROWN, (south - north) * GROWN];
  const grown: Box = [west - x, north - y, east + x, south + y];
  return areaOf(grown) < areaOf(whole) * MUCH_SMALLER ? grown : whole;
}

const OUTER_SHARE = 0.03;
/** What is given back on each side, for the coasts. */
const GROWN = 0.08;
const MUCH_SMALLER = 0.4;

const areaOf = ([west, north, east, south]: Box) => (east - west) * (south - north);

function pathOf(rings: Rings, { open = false } = {}): Path2D {
  const path = new Path2D();
  for (const ring of rings) {
    for (const [at, [x, y]] of ring.entries()) at === 0 ? path.moveTo(x, y) : path.lineTo(x, y);
    if (!open) path.closePath();
  }
  return path;
}

function boxOf(positions: number[][]): Box {
  const box: Box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [x, y] of positions) {
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box;
}
