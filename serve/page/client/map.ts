import { circle, laid, type Point, unlaid, type XY } from './flat.ts';
import { byId } from './html.ts';
import { drawMap, type Marks } from './map-draw.ts';
import { handleGestures } from './map-gestures.ts';
import type { Box, Shapes } from './shapes.ts';

/** CSS pixels of a flat degree, and where the flat origin lies. */
export interface Camera {
  scale: number;
  x: number;
  y: number;
}

/** How much closer than the whole map one may come. */
const CLOSEST = 400;
const MARGIN = 12;
/** Pixels around a dot that still mean it. */
const DOT_REACH = 16;
/** Somebody who came this much closer wants to see the corners. */
const NEAR = 3;

export interface MapOptions {
  /** A click, or Enter on the cross-hair. */
  onPoint(point: Point, tract: number | null): void;
  onHover(tract: number | null, at: XY): void;
  onNear(): void;
}

/** The map of tracts on a canvas. It knows shapes, colours and marks; nothing of cases. */
export class MapView {
  readonly canvas = byId<HTMLCanvasElement>('map');
  camera: Camera = { scale: 1, x: 0, y: 0 };
  #shapes: Shapes | null = null;
  #classes: number[] = [];
  #marks: Marks = { tract: null, ring: null, point: null, hover: null };
  #size: XY = [0, 0];
  #whole: Camera = this.camera;
  #asked = 0;
  #near = false;
  /** Somebody moved or zoomed: another size of the window keeps what is looked at. */
  #moved = false;

  constructor(private readonly options: MapOptions) {
    // Without this script it is a picture of nothing.
    this.canvas.setAttribute('role', 'application');
    this.canvas.setAttribute('aria-roledescription', 'map');
    new ResizeObserver(() => this.#resize()).observe(this.canvas);
    handleGestures(this);
    addEventListener('beforeprint', () => this.draw());
    addEventListener('afterprint', () => this.draw());
    matchMedia('print').addEventListener('change', () => this.draw());
  }

  /** Other shapes of the same places (`keep`) leave the eye where it is. */
  show(shapes: Shapes | null, { keep = false } = {}): void {
    this.#shapes = shapes;
    if (!keep) {
      this.#near = false;
      this.#resize();
      this.reset();
    }
    this.redraw();
  }

  /** @param classes class of each tract's colour; −1: not known */
  colour(classes: number[]): void {
    this.#classes = classes;
    this.redraw();
  }

  mark(marks: { tract?: number | null; point?: Point | null; radius?: number | null }): void {
    if (!this.#shapes) return;
    const { flat } = this.#shapes;
    const { tract = null, point = null, radius = null } = marks;
    const ring = point && radius ? circle(point, radius).map((one) => laid(one, flat)) : null;
    this.#marks = { ...this.#marks, tract, point: point && laid(point, flat), ring };
    if (point) this.#bringIntoView(laid(point, flat));
    this.redraw();
  }

  /** To where most tracts are; further away is everything. */
  reset(): void {
    this.#moved = false;
    this.camera = this.#shapes ? fitting(this.#shapes.home, this.#size) : this.#whole;
    this.redraw();
  }

  /** @param about CSS pixels of the canvas that stay where they are */
  zoom(factor: number, about: XY = [this.#size[0] / 2, this.#size[1] / 2]): void {
    const scale = Math.min(
      Math.max(this.camera.scale * factor, this.#whole.scale),
      this.#whole.scale * CLOSEST,
    );
    const by = scale / this.camera.scale;
    const [x, y] = about;
    this.#moveTo({ scale, x: x - (x - this.camera.x) * by, y: y - (y - this.camera.y) * by });
    if (!this.#near && scale > this.#whole.scale * NEAR) {
      this.#near = true;
      this.options.onNear();
    }
  }

  pan(dx: number, dy: number): void {
    this.#moveTo({ ...this.camera, x: this.camera.x + dx, y: this.camera.y + dy });
  }

  get isZoomed(): boolean {
    return this.camera.scale > this.#whole.scale * 1.001;
  }

  get middle(): XY {
    return [this.#size[0] / 2, this.#size[1] / 2];
  }

  choose(at: XY): void {
    if (!this.#shapes) return;
    this.options.onPoint(unlaid(this.#flat(at), this.#shapes.flat), this.tractAt(at));
  }

  hover(at: XY | null): void {
    const tract = at && this.tractAt(at);
    this.options.onHover(tract, at ?? [0, 0]);
    if (tract === this.#marks.hover) return;
    this.#marks = { ...this.#marks, hover: tract };
    this.redraw();
  }

  /** @returns index of the tract drawn there */
  tractAt(at: XY): number | null {
    const shapes = this.#shapes;
    if (!shapes) return null;
    const [x, y] = this.#flat(at);
    if (shapes.dots) return this.#nearestDot(shapes.dots, at);
    const context = this.canvas.getContext('2d')!;
    context.setTransform(1, 0, 0, 1, 0, 0);
    const found = shapes.tracts.findIndex(
      (tract) => tract && isIn(tract.box, x, y) && context.isPointInPath(tract.path, x, y, 'evenodd'),
    );
    return found < 0 ? null : found;
  }

  /** Middle of a tract's box, for a tract that was chosen by name; null where it has no place. */
  placeOf(tract: number): Point | null {
    const shapes = this.#shapes;
    const box = shapes?.tracts[tract]?.box;
    const at: XY | null | undefined = box
      ? [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2]
      : shapes?.dots?.[tract];
    return shapes && at ? unlaid(at, shapes.flat) : null;
  }

  redraw(): void {
    cancelAnimationFrame(this.#asked);
    this.#asked = requestAnimationFrame(() => this.draw());
  }

  draw(): void {
    if (this.#size[0] === 0) return;
    drawMap(this.canvas, {
      shapes: this.#shapes,
      classes: this.#classes,
      marks: this.#marks,
      camera: this.camera,
      size: this.#size,
    });
  }

  #flat([x, y]: XY): XY {
    return [(x - this.camera.x) / this.camera.scale, (y - this.camera.y) / this.camera.scale];
  }

  #nearestDot(dots: (XY | null)[], [x, y]: XY): number | null {
    let [best, nearest] = [DOT_REACH, -1];
    for (const [at, dot] of dots.entries()) {
      if (!dot) continue;
      const away = Math.hypot(
        dot[0] * this.camera.scale + this.camera.x - x,
        dot[1] * this.camera.scale + this.camera.y - y,
      );
      if (away < best) [best, nearest] = [away, at];
    }
    return nearest < 0 ? null : nearest;
  }

  /** The map never leaves its frame: at least its edge stays where the middle was. */
  #moveTo(camera: Camera): void {
    if (!this.#shapes) return;
    this.#moved = true;
    const [west, north, east, south] = this.#shapes.box;
    const [width, height] = this.#size;
    const inside = (at: number, low: number, high: number, length: number) =>
      Math.min(Math.max(at, length / 2 - high * camera.scale), length / 2 - low * camera.scale);
    this.camera = {
      scale: camera.scale,
      x: inside(camera.x, west, east, width),
      y: inside(camera.y, north, south, height),
    };
    this.redraw();
  }

  /** Only where it is out of sight: a map that moves by itself confuses. */
  #bringIntoView([x, y]: XY): void {
    const { scale } = this.camera;
    const [width, height] = this.#size;
    const at: XY = [x * scale + this.camera.x, y * scale + this.camera.y];
    if (at[0] >= 0 && at[0] <= width && at[1] >= 0 && at[1] <= height) return;
    this.pan(width / 2 - at[0], height / 2 - at[1]);
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = devicePixelRatio || 1;
    this.canvas.width = Math.round(width * ratio);
    this.canvas.height = Math.round(height * ratio);
    const before = this.#whole.scale;
    this.#size = [width, height];
    if (!this.#shapes) return;
    this.#whole = fitting(this.#shapes.box, this.#size);
    if (this.#moved)
      this.camera = { ...this.camera, scale: (this.camera.scale * this.#whole.scale) / before };
    else this.reset();
    this.draw();
  }
}

function fitting([west, north, east, south]: Box, [width, height]: XY): Camera {
  const scale = Math.min(
    (width - 2 * MARGIN) / Math.max(east - west, 1e-6),
    (height - 2 * MARGIN) / Math.max(south - north, 1e-6),
  );
  return {
    scale: Math.max(scale, 1e-3),
    x: width / 2 - ((west + east) / 2) * scale,
    y: height / 2 - ((north + south) / 2) * scale,
  };
}

const isIn = ([west, north, east, south]: Box, x: number, y: number) =>
  x >= west && x <= east && y >= north && y <= south;
