import { type Outline, onSphere, outlineOf, RADIANS } from './outline.ts';
import { OUTSIDE, type PolygonIndex, positionIn } from './polygon-index.ts';

/** Rounding, as a part of the circle's area. */
const ROUNDING = 1e-9;
/** Longest piece of an outline, radians, and some. */
const PIECE = 0.007;

/** Areas are in square radii of the sphere, distances in radians. */
export interface CircleOverlap {
  /** Area of a part that lies in the circle. */
  inside(part: number): number;
  /** Distance from the circle's middle to the box around a part: no point of the part is nearer. */
  nearest(part: number): number;
  /** Area of all parts of a tract. */
  areaOf(tract: number): number;
}

/**
 * How much of each part lies in a circle on the sphere.
 *
 * Lambert's azimuthal equal-area projection around the middle keeps areas and makes the circle a circle (Snyder, Map Projections,
 * USGS 1395, chapter 24): the area between it and a polygon is then the sum over the polygon's edges of what each spans with the
 * middle. Only what crosses the circle is counted so; what lies wholly within or beyond is known from its box.
 * A circle beyond a quarter of the globe is counted by what lies outside of it.
 * @param circle.radius radians, above 0
 */
export function circleOverlap(
  index: PolygonIndex,
  { latitude, longitude, radius }: { latitude: number; longitude: number; radius: number },
): CircleOverlap {
  const areas = areasOf(index);
  const opposite = { latitude: -latitude, longitude: longitude > 0 ? longitude - 180 : longitude + 180 };
  const large = radius > Math.PI / 2;
  const circle = circleOf(large ? opposite : { latitude, longitude }, large ? Math.PI - radius : radius);
  const nearest = (part: number) => boxAngle(index.boxes, part * 4, latitude, longitude);
  return {
    nearest,
    areaOf: (tract) => areas.tracts[tract],
    inside(part) {
      const area = areas.parts[part];
      if (nearest(part) > radius) return 0;
      if (boxAngle(index.boxes, part * 4, opposite.latitude, opposite.longitude) >= Math.PI - radius)
        return area;
      const crossed = crossedArea(index, part, circle, area);
      return large ? area - crossed : crossed;
    },
  };
}

interface Circle {
  latitude: number;
  longitude: number;
  /** Unit vectors: to the middle, to the east and to the north of it. */
  middle: number[];
  east: number[];
  north: number[];
  cosine: number;
  /** Cosine of the distance beyond which both ends of a piece lie when none of it reaches into the circle. */
  far: number;
  /** Square of the projected radius. */
  squared: number;
  area: number;
}

function circleOf({ latitude, longitude }: { latitude: number; longitude: number }, radius: number): Circle {
  const [x, y] = [longitude * RADIANS, latitude * RADIANS];
  return {
    latitude,
    longitude,
    middle: onSphere(longitude, latitude),
    east: [-Math.sin(x), Math.cos(x), 0],
    north: [-Math.sin(y) * Math.cos(x), -Math.sin(y) * Math.sin(x), Math.cos(y)],
    cosine: Math.cos(radius),
    far: Math.cos(Math.min(Math.PI, radius + PIECE)),
    squared: 4 * Math.sin(radius / 2) ** 2,
    area: 4 * Math.PI * Math.sin(radius / 2) ** 2,
  };
}

function crossedArea(index: PolygonIndex, part: number, circle: Circle, area: number): number {
  const outline = outlineOf(index);
  const first = index.firstRing[part];
  const sum = { inside: 0, enters: false, leaves: false };
  for (let ring = first; ring < index.firstRing[part + 1]; ring++) {
    // Holes take away, whichever way rings are wound.
    const sign = Math.sign(areasOf(index).rings[ring]) * (ring === first ? 1 : -1);
    addRing(outline, ring, circle, sign, sum);
  }
  if (!sum.leaves) return area;
  // A map's cut through a polygon enters the circle and takes nothing from it.
  if (!sum.enters || Math.abs(sum.inside) < ROUNDING * circle.area) {
    return holdsMiddle(index, part, circle) ? Math.min(area, circle.area) : 0;
  }
  // Around the middle's antipode the projection turns inside out: what is then missing is one whole circle.
  const inside = sum.inside < -ROUNDING * circle.area ? sum.inside + circle.area : sum.inside;
  return Math.max(0, Math.min(area, circle.area, inside));
}

function addRing(
  { vertices, firstVertex }: Outline,
  ring: number,
  { middle: [mx, my, mz], east: [ex, ey], north: [nx, ny, nz], cosine, far, squared }: Circle,
  sign: number,
  sum: { inside: number; enters: boolean; leaves: boolean },
): void {
  let [x1, y1, z1] = [0, 0, 0];
  for (let vertex = firstVertex[ring]; vertex < firstVertex[ring + 1]; vertex++) {
    const a = vertices[vertex * 3];
    const b = vertices[vertex * 3 + 1];
    const c = vertices[vertex * 3 + 2];
    const z2 = a * mx + b * my + c * mz;
    const x2 = a * ex + b * ey;
    const y2 = a * nx + b * ny + c * nz;
    if (z2 < cosine) sum.leaves = true;
    else sum.enters = true;
    if (vertex > firstVertex[ring]) {
      if (z1 < far && z2 < far) {
        sum.inside += (sign * squared * Math.atan2(x1 * y2 - x2 * y1, x1 * x2 + y1 * y2)) / 2;
      } else {
        const [k1, k2] = [Math.sqrt(2 / (1 + z1)), Math.sqrt(2 / (1 + z2))];
        const spanned = spannedArea(k1 * x1, k1 * y1, k2 * x2, k2 * y2, squared, sum);
        sum.inside += sign * spanned;
      }
    }
    x1 = x2;
    y1 = y2;
    z1 = z2;
  }
}

/** Signed area that the middle of a circle and an edge span within the circle. */
function spannedArea(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  squared: number,
  sum: { enters: boolean },
): number {
  const [dx, dy] = [x2 - x1, y2 - y1];
  const length = dx * dx + dy * dy;
  if (length === 0) return 0;
  const along = -(x1 * dx + y1 * dy) / length;
  const turn = x1 * y2 - x2 * y1;
  const half = squared / length - (turn / length) ** 2;
  const sector = (xa: number, ya: number, xb: number, yb: number) =>
    (squared * Math.atan2(xa * yb - xb * ya, xa * xb + ya * yb)) / 2;
  if (half <= 0) return sector(x1, y1, x2, y2);
  const reach = Math.sqrt(half);
  const [from, to] = [Math.max(0, along - reach), Math.min(1, along + reach)];
  if (from >= to) return sector(x1, y1, x2, y2);
  sum.enters = true;
  const [xa, ya, xb, yb] = [x1 + from * dx, y1 + from * dy, x1 + to * dx, y1 + to * dy];
  const before = from > 0 ? sector(x1, y1, xa, ya) : 0;
  const after = to < 1 ? sector(xb, yb, x2, y2) : 0;
  return before + ((to - from) * turn) / 2 + after;
}

function holdsMiddle(index: PolygonIndex, part: number, { latitude, longitude }: Circle): boolean {
  const at = part * 4;
  return [longitude - 360, longitude, longitude + 360].some(
    (x) =>
      x >= index.boxes[at] &&
      x <= index.boxes[at + 2] &&
      latitude >= index.boxes[at + 1] &&
      latitude <= index.boxes[at + 3] &&
      positionIn(index, part, x, latitude) !== OUTSIDE,
  );
}

interface Areas {
  /** Signed: above 0 where a ring is wound counter-clockwise. */
  rings: Float64Array;
  parts: Float64Array;
  tracts: Float64Array;
}

const known = new WeakMap<PolygonIndex, Areas>();

function areasOf(index: PolygonIndex): Areas {
  const before = known.get(index);
  if (before) return before;
  const { firstRing, firstPoint, tractOf, tracts } = index;
  const areas = {
    rings: new Float64Array(firstPoint.length - 1),
    parts: new Float64Array(tractOf.length),
    tracts: new Float64Array(tracts.length),
  };
  for (let part = 0; part < tractOf.length; part++) {
    for (let ring = firstRing[part]; ring < firstRing[part + 1]; ring++) {
      areas.rings[ring] = ringArea(index, ring);
      areas.parts[part] += Math.abs(areas.rings[ring]) * (ring === firstRing[part] ? 1 : -1);
    }
    areas.parts[part] = Math.max(0, areas.parts[part]);
    areas.tracts[tractOf[part]] += areas.parts[part];
  }
  known.set(index, areas);
  return areas;
}

/** Exact for edges that are straight between longitudes and latitudes: below each lies the width times the mean of the latitude's
 *  sine. */
function ringArea({ points, firstPoint }: PolygonIndex, ring: number): number {
  const [from, to] = [firstPoint[ring], firstPoint[ring + 1]];
  const base = Math.sin(points[from * 2 + 1] * RADIANS); // small differences of small numbers
  let area = 0;
  let [x1, y1] = [points[to * 2 - 2], points[to * 2 - 1]];
  for (let at = from; at < to; at++) {
    const [x2, y2] = [points[at * 2], points[at * 2 + 1]];
    const half = ((y2 - y1) * RADIANS) / 2;
    const mean = Math.sin(((y1 + y2) * RADIANS) / 2) * (half === 0 ? 1 : Math.sin(half) / half);
    area += (x1 - x2) * RADIANS * (mean - base);
    [x1, y1] = [x2, y2];
  }
  return area;
}

/** Radians to the nearest point of a box of longitudes and latitudes; 0 inside. */
function boxAngle(boxes: Float64Array, at: number, latitude: number, longitude: number): number {
  const [west, south, east, north] = [boxes[at], boxes[at + 1], boxes[at + 2], boxes[at + 3]];
  const eastwards = (((west - longitude) % 360) + 360) % 360; // to its western side
  const westwards = (((longitude - east) % 360) + 360) % 360; // to its eastern side
  // Between both sides the sum is the width short of a whole turn.
  if (eastwards + westwards > 360 || eastwards === 0 || westwards === 0 || east - west >= 360) {
    return Math.max(0, south - latitude, latitude - north) * RADIANS;
  }
  const turn = Math.min(eastwards, westwards) * RADIANS;
  if (Math.cos(turn) <= 0) {
    // More than a quarter round the globe the way leads over a pole: one of the ends is nearest.
    return Math.min(angle(latitude, south, turn), angle(latitude, north, turn));
  }
  // On a nearer meridian it is the foot of the perpendicular.
  const foot = Math.atan(Math.tan(latitude * RADIANS) / Math.cos(turn)) / RADIANS;
  return angle(latitude, Math.min(north, Math.max(south, foot)), turn);
}

/** Angle between two points whose longitudes differ by `turn` (haversine, stable for small angles). */
function angle(latitude1: number, latitude2: number, turn: number): number {
  const across = Math.sin(((latitude2 - latitude1) * RADIANS) / 2) ** 2;
  const along = Math.cos(latitude1 * RADIANS) * Math.cos(latitude2 * RADIANS) * Math.sin(turn / 2) ** 2;
  return 2 * Math.asin(Math.sqrt(Math.min(1, across + along)));
}
