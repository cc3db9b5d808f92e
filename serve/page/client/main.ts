import type { ChangeUnit, Level, Overview } from '../data.ts';
import { freshness, heading, modelCard, staleWarning } from './about.ts';
import { Around } from './around.ts';
import { choices, example } from './choices.ts';
import { changes, classOf, scaleOf } from './classes.ts';
import type { Point, XY } from './flat.ts';
import { byId, el } from './html.ts';
import { legend, legendTitle } from './legend.ts';
import { troubleFrom } from './load.ts';
import { MapView } from './map.ts';
import { labelsOf, tractsCalled } from './names.ts';
import { PageData } from './page-data.ts';
import { Place } from './place.ts';
import { dotsOf, shapesOf } from './shapes.ts';
import { coordinatesIn, hashOf, type View, viewOf } from './state.ts';
import { theme } from './theme.ts';
import { TractsTable } from './tracts-table.ts';
import { change } from './words.ts';

/** New observations come within minutes; asking costs a few bytes while there are none. */
const REFRESH_MS = 5 * 60_000;
const RETRY_MS = 5_000;
/** Decimals of a clicked coordinate: ten metres. */
const DECIMALS = 4;

let view: View = viewOf(location.hash);
let data = new PageData(view.model);
let labels: string[] = [];
let place: Place | null = null;
let values: (number | null)[] = [];
let by: ChangeUnit = 'percent';
/** Index of the tract that is told about. */
let told: number | null = null;

const map = new MapView({ onPoint: clicked, onHover: hovered, onNear: () => void outlines('near') });
const table = new TractsTable((tract) => {
  go({ point: null, tract: data.overview!.tracts.id[tract] });
  byId('place-title').focus();
});
const around = new Around();

theme(() => map.redraw());
controls();
void start();
setInterval(() => void refreshed(), REFRESH_MS);

async function start(): Promise<void> {
  const asked = data;
  try {
    await asked.refresh();
  } catch (error) {
    if (asked !== data) return; // Another model was chosen meanwhile.
    const { title, detail } = troubleFrom(error);
    warn(
      el(
        'div',
        { class: 'warning', role: 'alert' },
        el('strong', {}, `${title}. `),
        detail,
        ' Trying again …',
      ),
    );
    byId('freshness').textContent = '';
    setTimeout(() => void start(), RETRY_MS);
    return;
  }
  if (asked === data) await showAll();
}

async function refreshed(): Promise<void> {
  if (!data.overview) return;
  try {
    if (await data.refresh()) await showAll({ keep: true });
    else status(data.overview!);
  } catch {
    // It goes on with what it has; the age above tells how old that is.
    status(data.overview!);
  }
}

/** Everything of a model, in the order in which it is looked at. */
async function showAll({ keep = false } = {}): Promise<void> {
  const overview = data.overview!;
  labels = labelsOf(overview.tracts);
  place?.close();
  place = new Place(data, labels, (tract) => {
    told = tract;
    map.mark(marks());
    table.choose(tract);
  });
  status(overview);
  document.title = `${heading(overview)} – Perennial`;
  byId('title').textContent = heading(overview);
  byId('model-card').replaceChildren(...modelCard(overview));
  byId('names').replaceChildren(...labels.map((value) => el('option', { value })));
  choices(overview);
  example(overview);
  colour(overview);
  const drawn = outlines('far', { keep });
  answer();
  await drawn;
  data.series().catch(() => {}); // Asked for early: charts then need no network.
}

function status(overview: Overview): void {
  byId('freshness').textContent = freshness(overview, data.now());
  warn(staleWarning(overview, data.now()));
}

function warn(warning: HTMLElement | null): void {
  const warnings = byId('warnings');
  // The same words again would be read out again.
  if (warnings.textContent !== (warning?.textContent ?? ''))
    warnings.replaceChildren(...(warning ? [warning] : []));
}

function colour(overview: Overview): void {
  const known = [...byId<HTMLSelectElement>('by').options].map(({ value }) => value);
  by = (known.includes(view.by ?? '') ? view.by : overview.unit) as ChangeUnit;
  byId<HTMLSelectElement>('by').value = by;
  values = changes(overview.tracts, by);
  const scale = scaleOf(values, by);
  const classes = values.map((value) => classOf(scale, value));
  byId('legend').replaceChildren(...legend(scale, values));
  byId('legend-title').textContent = legendTitle(overview, by);
  table.show(overview, { values, by, classes });
  map.colour(classes);
}

async function outlines(level: Level, { keep = level === 'near' } = {}): Promise<void> {
  const overview = data.overview!;
  const none = overview.places === 'none';
  byId('no-map').hidden = !none;
  byId('map-card').classList.toggle('without-map', none);
  if (none) return map.show(null);
  try {
    const shapes =
      overview.places === 'cells'
        ? dotsOf(overview.tracts)
        : shapesOf(await data.outlines(level), overview.tracts.id);
    if (overview !== data.overview) return;
    map.show(shapes, { keep });
    map.mark(marks());
    byId('map-frame').setAttribute('aria-busy', 'false');
    status(overview);
  } catch (error) {
    const { title, detail, status: answered } = troubleFrom(error);
    if (level === 'near' || overview !== data.overview) return;
    warn(el('div', { class: 'warning', role: 'alert' }, `No map: ${title}. ${detail}`));
    // Away, or asked too much: that passes.
    if (answered === 0 || answered === 503) setTimeout(() => void outlines(level, { keep }), RETRY_MS);
  }
}

/** Another view of the same data: the address tells it, back and forward lead through it. */
function go(change: Partial<View>): void {
  view = { ...view, ...change };
  const hash = hashOf(view);
  if (hash !== location.hash.slice(1)) history.pushState(null, '', hash ? `#${hash}` : location.pathname);
  answer();
}

function answer(guess: number | null = null): void {
  const overview = data.overview;
  if (!overview) return;
  const { point, tract, radius } = view;
  byId<HTMLInputElement>('circle').checked = radius !== null;
  if (radius !== null) byId<HTMLInputElement>('radius').value = String(radius);
  const named = tract === null ? -1 : overview.tracts.id.indexOf(tract);
  const index = point ? guess : named >= 0 ? named : null;
  byId<HTMLInputElement>('where').value = point
    ? `${point.latitude}, ${point.longitude}`
    : index === null
      ? ''
      : labels[index];
  trouble(tract !== null && !point && named < 0 ? `There is no place with the id “${tract}” here.` : '');
  told = index;
  map.mark(marks());
  table.choose(index);
  if (point || index !== null) void place?.ask({ point, tract: index });
  const centre = point ?? (index === null ? null : map.placeOf(index));
  void around.ask(data, { point: centre, radius });
}

function marks() {
  const { point, radius } = view;
  const middle = radius !== null && told !== null ? map.placeOf(told) : null;
  return { tract: told, point: point ?? middle, radius };
}

function clicked({ latitude, longitude }: Point, tract: number | null): void {
  const point = {
    latitude: Number(latitude.toFixed(DECIMALS)),
    longitude: Number(longitude.toFixed(DECIMALS)),
  };
  view = { ...view, point, tract: null };
  history.pushState(null, '', `#${hashOf(view)}`);
  answer(tract);
}

function hovered(tract: number | null, [x, y]: XY): void {
  const tip = byId('tip');
  tip.hidden = tract === null;
  if (tract === null) return;
  tip.textContent = `${labels[tract]}: ${change(values[tract], by)}`;
  const half = map.canvas.clientWidth / 2;
  tip.style.left = x < half ? `${x + 14}px` : '';
  tip.style.right = x < half ? '' : `${2 * half - x + 14}px`;
  tip.style.top = `${y + 14}px`;
}

function controls(): void {
  const where = byId<HTMLInputElement>('where');
  byId('ask').addEventListener('submit', (event) => {
    event.preventDefault();
    typed(where.value);
  });
  const radius = byId<HTMLInputElement>('radius');
  const circle = byId<HTMLInputElement>('circle');
  const kilometres = () => (circle.checked && radius.valueAsNumber > 0 ? radius.valueAsNumber : null);
  circle.addEventListener('change', () => go({ radius: kilometres() }));
  radius.addEventListener('change', () => {
    circle.checked = true;
    go({ radius: kilometres() });
  });
  byId<HTMLSelectElement>('by').addEventListener('change', ({ target }) => {
    view = { ...view, by: (target as HTMLSelectElement).value };
    history.replaceState(null, '', `#${hashOf(view)}`);
    colour(data.overview!);
  });
  byId<HTMLSelectElement>('model').addEventListener('change', ({ target }) => {
    const { value } = target as HTMLSelectElement;
    view = { point: view.point, radius: view.radius, tract: null, by: null, model: value };
    history.pushState(null, '', `#${hashOf(view)}`);
    void anotherModel();
  });
  addEventListener('popstate', moved);
  addEventListener('hashchange', moved);
  byWhereIAm();
}

function moved(): void {
  const before = view;
  view = viewOf(location.hash);
  if (before.model !== view.model) {
    void anotherModel();
    return;
  }
  if (!data.overview || hashOf(before) === hashOf(view)) return;
  if (before.by !== view.by) colour(data.overview);
  answer();
}

async function anotherModel(): Promise<void> {
  data = new PageData(view.model);
  await start();
}

function typed(text: string): void {
  if (!data.overview) return;
  const point = coordinatesIn(text);
  if (point) {
    go({ point, tract: null });
    return;
  }
  const { id } = data.overview.tracts;
  const found = tractsCalled(text, labels, id);
  if (found.length === 1) {
    go({ point: null, tract: id[found[0]] });
    return;
  }
  trouble(
    found.length === 0
      ? 'No place is called so. Write a name from the list, or latitude and longitude such as 40.5, -75.5.'
      : `${found.length} places are called so: ${found
          .slice(0, 5)
          .map((at) => labels[at])
          .join(', ')}${found.length > 5 ? ' …' : ''}.`,
  );
}

function trouble(text: string): void {
  byId('where-trouble').textContent = text;
  byId('where').setAttribute('aria-invalid', String(text !== ''));
}

/** Asked of the browser alone; offered where it can tell. */
function byWhereIAm(): void {
  const button = byId<HTMLButtonElement>('here');
  button.hidden = !('geolocation' in navigator) || !isSecureContext;
  button.addEventListener('click', () => {
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => clicked({ latitude: coords.latitude, longitude: coords.longitude }, null),
      ({ message }) => trouble(`The browser does not tell where you are: ${message}`),
      { timeout: 10_000, maximumAge: 600_000 },
    );
  });
}
