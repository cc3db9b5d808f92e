import { CLASSES } from './classes.ts';
import type { XY } from './flat.ts';
import type { Camera } from './map.ts';
import type { Box, Shapes } from './shapes.ts';

export interface Marks {
  /** Index of the chosen tract, of the one below the pointer. */
  tract: number | null;
  hover: number | null;
  point: XY | null;
  /** The circle of the radius. */
  ring: XY[] | null;
}

interface Drawing {
  shapes: Shapes | null;
  classes: number[];
  marks: Marks;
  camera: Camera;
  /** CSS pixels. */
  size: XY;
}

/** Pixels. */
const DOT = 7;

/** Colours stand in the style sheet, for light, dark and paper. */
export function drawMap(canvas: HTMLCanvasElement, { shapes, classes, marks, camera, size }: Drawing): void {
  const context = canvas.getContext('2d')!;
  const colours = coloursOf(canvas);
  const ratio = canvas.width / size[0];
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (!shapes) return;
  const toFlat = () =>
    context.setTransform(
      camera.scale * ratio,
      0,
      0,
      camera.scale * ratio,
      camera.x * ratio,
      camera.y * ratio,
    );
  const pixels = (width: number) => width / camera.scale;
  const onScreen = frame(camera, size);
  toFlat();
  context.lineJoin = 'round';
  context.fillStyle = colours.other;
  context.fill(shapes.others, 'evenodd');
  for (const [at, tract] of shapes.tracts.entries()) {
    if (!tract || !touches(tract.box, onScreen)) continue;
    context.fillStyle = colours.classes[classes[at]] ?? colours.unknown;
    context.fill(tract.path, 'evenodd');
  }
  if (shapes.borders) {
    context.strokeStyle = colours.border;
    context.lineWidth = pixels(shapes.tracts.length > 500 ? 0.4 : 0.8);
    context.stroke(shapes.borders);
  }
  const dot = ([x, y]: XY, radius: number) => {
    context.beginPath();
    context.arc(x, y, pixels(radius), 0, 2 * Math.PI);
  };
  for (const [at, place] of (shapes.dots ?? []).entries()) {
    if (!place) continue;
    dot(place, DOT);
    context.fillStyle = colours.classes[classes[at]] ?? colours.unknown;
    context.fill();
    context.strokeStyle = colours.mark;
    context.lineWidth = pixels(0.8);
    context.stroke();
  }
  for (const [index, width] of [
    [marks.hover, 1.5],
    [marks.tract, 2.5],
  ] as const) {
    if (index === null) continue;
    context.strokeStyle = colours.mark;
    context.lineWidth = pixels(width);
    const path = shapes.tracts[index]?.path;
    if (path) context.stroke(path);
    const place = shapes.dots?.[index];
    if (place) {
      dot(place, DOT + 2);
      context.stroke();
    }
  }
  if (marks.ring) drawRing(context, marks.ring, { colours, pixels });
  if (marks.point) {
    // Light on dark on whatever colour lies below.
    dot(marks.point, 6);
    context.fillStyle = colours.halo;
    context.fill();
    dot(marks.point, 4);
    context.fillStyle = colours.mark;
    context.fill();
  }
}

type Colours = ReturnType<typeof coloursOf>;

function drawRing(
  context: CanvasRenderingContext2D,
  ring: XY[],
  { colours, pixels }: { colours: Colours; pixels: (width: number) => number },
): void {
  context.beginPath();
  for (const [at, [x, y]] of ring.entries()) at === 0 ? context.moveTo(x, y) : context.lineTo(x, y);
  context.closePath();
  context.strokeStyle = colours.halo;
  context.lineWidth = pixels(5);
  context.stroke();
  context.strokeStyle = colours.mark;
  context.lineWidth = pixels(2);
  context.setLineDash([pixels(6), pixels(4)]);
  context.stroke();
  context.setLineDash([]);
}

function coloursOf(canvas: HTMLCanvasElement) {
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    classes: Array.from({ length: CLASSES }, (_, at) => colour(`class-${at}`)),
    unknown: colour('class-unknown'),
    other: colour('map-other'),
    border: colour('map-border'),
    mark: colour('map-mark'),
    halo: colour('map-halo'),
  };
}

function frame({ scale, x, y }: Camera, [width, height]: XY): Box {
  return [-x / scale, -y / scale, (width - x) / scale, (height - y) / scale];
}

const touches = (a: Box, b: Box) => a[0] <= b[2] && a[2] >= b[0] && a[1] <= b[3] && a[3] >= b[1];
