import type { XY } from './flat.ts';
import { byId } from './html.ts';
import type { MapView } from './map.ts';

/** Pixels that a finger trembles. */
const STILL = 6;
const STEP = 60;
const FACTOR = 1.6;

/** Pointer, wheel, keys and buttons. One finger scrolls the page while the whole map is seen, two always mean the map; the wheel
 *  zooms with Ctrl (a trackpad's pinch) or once the map has the focus, so that a page can be scrolled past it. */
export function handleGestures(map: MapView): void {
  pointers(map);
  const { canvas } = map;
  canvas.addEventListener(
    'wheel',
    (event) => {
      if (!event.ctrlKey && !event.metaKey && document.activeElement !== canvas) return;
      event.preventDefault();
      map.zoom(Math.exp(-event.deltaY * (event.ctrlKey ? 0.01 : 0.002)), place(event));
    },
    { passive: false },
  );
  canvas.addEventListener('dblclick', (event) => map.zoom(2, place(event)));
  canvas.addEventListener('keydown', (event) => {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act(map);
  });
  byId('zoom-in').addEventListener('click', () => map.zoom(FACTOR));
  byId('zoom-out').addEventListener('click', () => map.zoom(1 / FACTOR));
  byId('zoom-all').addEventListener('click', () => map.reset());
}

const KEYS: Record<string, (map: MapView) => void> = {
  ArrowLeft: (map) => map.pan(STEP, 0),
  ArrowRight: (map) => map.pan(-STEP, 0),
  ArrowUp: (map) => map.pan(0, STEP),
  ArrowDown: (map) => map.pan(0, -STEP),
  '+': (map) => map.zoom(FACTOR),
  '=': (map) => map.zoom(FACTOR),
  '-': (map) => map.zoom(1 / FACTOR),
  '0': (map) => map.reset(),
  Enter: (map) => map.choose(map.middle),
  ' ': (map) => map.choose(map.middle),
};

function pointers(map: MapView): void {
  const { canvas } = map;
  const down = new Map<number, XY>();
  let travelled = 0;
  canvas.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    if (down.size === 0) travelled = 0;
    down.set(event.pointerId, place(event));
    canvas.setPointerCapture(event.pointerId);
    // Shown for the keyboard alone: a pointer needs no cross-hair.
    canvas.dataset.by = 'pointer';
  });
  canvas.addEventListener('pointermove', (event) => {
    const before = down.get(event.pointerId);
    const now = place(event);
    if (!before) {
      if (event.pointerType === 'mouse') map.hover(now);
      return;
    }
    const other = [...down].find(([id]) => id !== event.pointerId)?.[1];
    travelled += distance(before, now);
    down.set(event.pointerId, now);
    if (other) {
      map.zoom(distance(now, other) / Math.max(distance(before, other), 1), other);
    } else if (travelled > STILL) {
      map.pan(now[0] - before[0], now[1] - before[1]);
    }
  });
  const up = (event: PointerEvent) => {
    if (!down.delete(event.pointerId)) return;
    canvas.style.touchAction = map.isZoomed ? 'none' : 'pan-x pan-y';
    if (event.type === 'pointerup' && travelled <= STILL && down.size === 0) map.choose(place(event));
  };
  canvas.addEventListener('pointerup', up);
  canvas.addEventListener('pointercancel', up);
  canvas.addEventListener('pointerleave', () => map.hover(null));
  canvas.addEventListener('keydown', () => delete canvas.dataset.by);
}

const place = ({ offsetX, offsetY }: MouseEvent): XY => [offsetX, offsetY];
const distance = (a: XY, b: XY) => Math.hypot(a[0] - b[0], a[1] - b[1]);
