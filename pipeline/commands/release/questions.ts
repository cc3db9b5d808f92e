import type { FeatureCollection } from 'geojson';
import type { BundleFiles } from '../../contracts/bundle.ts';
import { PackManifest } from '../../contracts/bundle.ts';
import { PackForecasts } from '../../contracts/pack.ts';
import type { ServedModel } from '../../contracts/serving.ts';
import { pointInside } from './point-inside.ts';
import type { BakedModel } from './read-released.ts';

/** A request to the service, and what a right answer is. */
export interface Question {
  /** In a few words, for the table. */
  what: string;
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
  judge(answer: Answer): Verdict;
}

export interface Answer {
  status: number;
  headers: Record<string, string>;
  text: string;
}

/** `seen` in a few words; of a wrong answer also what was expected. */
export interface Verdict {
  passed: boolean;
  seen: string;
}

/** Answers are rounded to five digits for people. */
const ROUNDED = 1e-4;
/** Those of POST /predict are not. */
const EXACT = 1e-6;
/** Tracts that are asked for by their coordinates: the first, the last, and some between. */
const PLACES = 5;

/** What every image is asked before it is released: known places, known answers, its versions and its metrics.
 *  @param served opens the bundle as the service does: its answers are known, for they were checked against the golden ones */
export function questionsFor(models: BakedModel[], served: (model: BakedModel) => ServedModel): Question[] {
  return [
    is('is alive', '/health/live', 200),
    is('is ready', '/health/ready', 200),
    ...models.flatMap((model, at) => [
      versionsOf(model),
      ...placesOf(model, served(model), { alone: models.length === 1, first: at === 0 }),
      knownAnswer(model, served(model)),
      metricsOf(model),
    ]),
    is('refuses what it does not know', '/no/such/path', 404),
    is('refuses a latitude of 91', '/forecast?lat=91&lon=0', 400),
  ];
}

function is(what: string, path: string, status: number): Question {
  return {
    what,
    method: 'GET',
    path,
    judge: (answer) => ({
      passed: answer.status === status,
      seen: answer.status === status ? String(status) : `${answer.status}, expected ${status}`,
    }),
  };
}

/** production.json's version and digest, and the data of the pack. */
function versionsOf({ model, version, pack }: BakedModel): Question {
  const data = pack && PackManifest.parse(jsonIn(pack, 'pack.json')).data_version;
  return {
    what: `${model}: version and digest`,
    method: 'GET',
    path: '/health',
    judge: withJson((told) => {
      const one = (told.models as Record<string, Record<string, unknown>> | undefined)?.[model] ?? told;
      const seen = { version: one.model_version, digest: one.digest, data: one.data_version };
      const wanted = { version: version.version, digest: version.digest, data };
      const passed =
        seen.version === wanted.version && seen.digest === wanted.digest && seen.data === wanted.data;
      const short = (is: typeof seen) =>
        `${is.version} ${String(is.digest).slice(0, 12)}, data ${String(is.data).slice(0, 12)}`;
      return { passed, seen: passed ? short(seen) : `${short(seen)}; expected ${short(wanted)}` };
    }),
  };
}

/** Points that lie inside of a tract: its id and its forecasts are those of the pack. */
function placesOf(
  { model, version, bundle, pack }: BakedModel,
  served: ServedModel,
  { alone, first }: { alone: boolean; first: boolean },
): Question[] {
  if (!pack) return [];
  const { bundle: madeFor } = PackManifest.parse(jsonIn(pack, 'pack.json'));
  const forecasts =
    madeFor === version.digest || !served.forecastPack
      ? PackForecasts.parse(jsonIn(pack, 'forecasts.json'))
      : served.forecastPack(pack);
  const points = pointsIn(bundle, forecasts);
  const spread = [
    ...new Set(
      Array.from({ length: PLACES }, (_, at) => Math.floor((at * (points.length - 1)) / (PLACES - 1))),
    ),
  ];
  const which = alone || first ? '' : `&model=${encodeURIComponent(model)}`;
  return spread
    .flatMap((at) => points[at] ?? [])
    .map(({ id, latitude, longitude }) => ({
      what: `${model}: forecast at ${latitude}, ${longitude}`,
      method: 'GET',
      path: `/forecast?lat=${latitude}&lon=${longitude}${which}`,
      judge: withJson((told, answer) => {
        const known = forecasts.tracts.find((tract) => tract.id === id)!;
        const tract = (told.tract as { id?: unknown } | undefined)?.id;
        if (tract !== id) return { passed: false, seen: `tract ${String(tract)}, expected ${id}` };
        const header = answer.headers['x-model-version'];
        if (header !== version.version)
          return { passed: false, seen: `X-Model-Version ${header}, expected ${version.version}` };
        const points =
          (told.forecast as { point?: unknown }[] | undefined)?.map(({ point }) => Number(point)) ?? [];
        const off = furthest(
          points,
          known.forecasts.map(({ point }) => point),
        );
        const passed = off <= ROUNDED;
        return {
          passed,
          seen: passed ? `${id}, ${points.length} steps` : `${id}: off by ${off.toPrecision(2)}`,
        };
      }),
    }));
}

/** A row that works, and what this model makes of it. */
function knownAnswer({ model }: BakedModel, served: ServedModel): Question {
  const row = served.request.example;
  return {
    what: `${model}: a known row`,
    method: 'POST',
    path: '/predict',
    body: { model, rows: [row] },
    judge: withJson((told) => {
      const [expected] = served.predict([row as never]);
      const outputs =
        (told.predictions as { outputs?: Record<string, unknown[]> }[] | undefined)?.[0]?.outputs ?? {};
      const wanted = Object.entries(expected.outputs);
      const off = Math.max(...wanted.map(([name, values]) => furthest(outputs[name] ?? [], values)));
      const passed = off <= EXACT;
      return {
        passed,
        seen: passed ? `as known (${wanted.length} outputs)` : `off by ${off.toPrecision(2)}`,
      };
    }),
  };
}

function metricsOf({ model, version }: BakedModel): Question {
  return {
    what: `${model}: metrics`,
    method: 'GET',
    path: '/metrics',
    judge: ({ status, text }) => {
      const told = text
        .split('\n')
        .some(
          (line) =>
            line.startsWith('perennial_') &&
            line.includes(`"${model}"`) &&
            line.includes(`"${version.version}"`),
        );
      const counted = /^perennial_http_requests_total\{/m.test(text);
      return {
        passed: status === 200 && told && counted,
        seen:
          status !== 200
            ? String(status)
            : `version ${told ? 'told' : 'missing'}, requests ${counted ? 'counted' : 'not counted'}`,
      };
    },
  };
}

/** Inside of each polygon; without polygons the coordinates that the data give. */
function pointsIn(bundle: BundleFiles, forecasts: PackForecasts) {
  const known = new Set(forecasts.tracts.map(({ id }) => id));
  const places = bundle.has('places.geojson')
    ? (jsonIn(bundle, 'places.geojson') as FeatureCollection).features
    : [];
  const shapes = places.filter(({ properties }) => known.has(String(properties?.id)));
  if (shapes.length > 0)
    return shapes.flatMap(({ geometry, properties }) => {
      const point = pointInside(geometry);
      return point ? [{ id: String(properties?.id), latitude: point[1], longitude: point[0] }] : [];
    });
  return forecasts.tracts.flatMap(({ id, latitude, longitude }) =>
    latitude === undefined || longitude === undefined ? [] : [{ id, latitude, longitude }],
  );
}

/** Greatest relative difference; infinite where they are not as many, or something else than they should be. */
function furthest(seen: unknown[], expected: (number | string)[]): number {
  if (seen.length !== expected.length || seen.length === 0) return Number.POSITIVE_INFINITY;
  const off = seen.map((value, at) => {
    const wanted = expected[at];
    if (typeof value !== 'number' || typeof wanted !== 'number')
      return value === wanted ? 0 : Number.POSITIVE_INFINITY;
    return Math.abs(value - wanted) / Math.max(1, Math.abs(wanted));
  });
  const greatest = Math.max(...off);
  return Number.isNaN(greatest) ? Number.POSITIVE_INFINITY : greatest;
}

const jsonIn = (files: BundleFiles, path: string) =>
  JSON.parse(Buffer.from(files.get(path) ?? '').toString('utf8'));

/** Any other answer than a JSON object with 200 is wrong. */
function withJson(judge: (told: Record<string, unknown>, answer: Answer) => Verdict) {
  return (answer: Answer): Verdict => {
    if (answer.status !== 200)
      return { passed: false, seen: `${answer.status}: ${answer.text.slice(0, 200)}` };
    try {
      return judge(JSON.parse(answer.text), answer);
    } catch (error) {
      return { passed: false, seen: `not as expected: ${(error as Error).message}` };
    }
  };
}
