import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bbox, booleanPointInPolygon } from '@turf/turf';
import { polygons } from '../../pipeline/simulator/counties.ts';
import { tractsWithin } from '../../pipeline/tasks/forecast/predict/circle.ts';
import { outlineOf } from '../../pipeline/tasks/forecast/predict/outline.ts';
import { buildPlaces, locate, type Places } from '../../pipeline/tasks/forecast/predict/places.ts';
import { REPOSITORY } from '../../pipeline/workspace.ts';
import { buildApp } from '../../serve/app.ts';
import { type BenchPart, median, tick } from '../table.ts';
import { countyParts } from './county-service.ts';
import { seededPoints } from './questions.ts';

const [LEAST, POINTS] = [200_000, 200_000];
const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 5);
const INLAND: [number, number, number, number] = [-120, 32, -80, 45];
const ALL: [number, number, number, number] = [-125, 24, -66, 50];

/** Coordinates → tract, and circles, over the US counties; in this process. */
export async function benchCoordinates(): Promise<BenchPart> {
  const shapes = polygons('all', 1);
  const began = performance.now();
  const places = buildPlaces(shapes, { key: 'code' });
  const building = performance.now() - began;
  const drawn = performance.now();
  outlineOf(places.polygons!);
  const drawing = performance.now() - drawn;
  const { different, peer } = agreement(places, shapes.features);
  const statistics = await wholeEarth();
  return {
    rows: [
      row('coordinates → tract, 3,231 counties, inland', rate(places, INLAND)),
      row('coordinates → tract, their whole box, half of it sea', rate(places, ALL)),
      [
        '10,000 seeded points against all polygons',
        `${different} differ ${tick(different === 0)}`,
        '0',
        `turf ${peer}/s`,
      ],
      ['circle of the earth over 3,231 counties', `${circle(places).toFixed(1)} ms`, '', ''],
      [
        '`/statistics` of the earth, 3,231 counties',
        `${statistics.ms.toFixed(0)} ms`,
        'some tens of ms',
        `${statistics.kB} kB of JSON`,
      ],
      ...(await italy()),
    ],
    notes: [
      `Coordinates: ${POINTS.toLocaleString('en')} seeded points a round, median of ${ROUNDS} rounds, one thread; at sea the nearest tract and its distance are found too. The index was built in ${building.toFixed(0)} ms, the outline that the first point at sea asks for in ${drawing.toFixed(0)} ms.`,
      'Turf is asked about every polygon whose box holds the point.',
    ],
  };
}

function row(what: string, perSecond: number): BenchPart['rows'][number] {
  return [
    what,
    `${Math.round(perSecond).toLocaleString('en')}/s ${tick(perSecond >= LEAST)}`,
    `≥ ${LEAST.toLocaleString('en')}/s`,
    '',
  ];
}

function rate(places: Places, box: [number, number, number, number]): number {
  const points = seededPoints(POINTS, box).map(([longitude, latitude]) => ({ longitude, latitude }));
  return median(
    Array.from({ length: ROUNDS }, () => {
      const began = performance.now();
      for (const point of points) locate(places, point);
      return POINTS / ((performance.now() - began) / 1000);
    }),
  );
}

function agreement(places: Places, features: ReturnType<typeof polygons>['features']) {
  const boxed = features.map((feature) => ({ feature, box: bbox(feature) }));
  const points = seededPoints(10_000, ALL, 7);
  const began = performance.now();
  const expected = points.map(
    ([x, y]) =>
      boxed
        .filter(({ box: [west, south, east, north] }) => x >= west && x <= east && y >= south && y <= north)
        .filter(({ feature }) => booleanPointInPolygon([x, y], feature))
        .map(({ feature }) => feature.properties.code)
        .sort()[0],
  );
  const seconds = (performance.now() - began) / 1000;
  const different = points.filter(([longitude, latitude], at) => {
    const found = locate(places, { longitude, latitude });
    return ('tract' in found ? found.tract : undefined) !== expected[at];
  }).length;
  return { different, peer: Math.round(points.length / seconds).toLocaleString('en') };
}

function circle(places: Places): number {
  const ask = () => tractsWithin(places, { latitude: 40, longitude: -95, radiusKm: 20_037 });
  return median(timed(ask, 21));
}

async function wholeEarth(): Promise<{ ms: number; kB: string }> {
  const app = await buildApp(countyParts());
  const ask = () => app.inject('/statistics?lat=40&lon=-95&radius_km=20037');
  const times: number[] = [];
  let bytes = 0;
  for (let k = 0; k < 15; k++) {
    const began = performance.now();
    bytes = (await ask()).rawPayload.length;
    times.push(performance.now() - began);
  }
  await app.close();
  return { ms: median(times.slice(3)), kB: Math.round(bytes / 1000).toLocaleString('en') };
}

/** A country's own shapes, where they are there. */
async function italy(): Promise<BenchPart['rows']> {
  const file = join(REPOSITORY, '..', 'shared', 'data', 'geo', 'italy-provinces.geojson');
  if (!existsSync(file)) return [['Italy’s provinces', 'skipped: ../shared/data is not here', '', '']];
  const places = buildPlaces(JSON.parse(await readFile(file, 'utf8')), { key: 'codice_provincia' });
  const perSecond = rate(places, [6.6, 35.4, 18.6, 47.1]);
  return [row('coordinates → tract, Italy’s provinces, their whole box', perSecond)];
}

function timed(work: () => unknown, times: number): number[] {
  work();
  return Array.from({ length: times }, () => {
    const began = performance.now();
    work();
    return performance.now() - began;
  });
}
