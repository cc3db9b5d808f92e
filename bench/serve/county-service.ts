import { polygons } from '../../pipeline/simulator/counties.ts';
import { buildPlaces } from '../../pipeline/tasks/forecast/predict/places.ts';
import { loadModel } from '../../serve/predictor/model.ts';
import { loadPack } from '../../serve/predictor/pack.ts';
import { MODEL, sampleOf, samplePartsOf } from '../../serve/sample-service.testing.ts';

/** What routes are given: a real bundle and pack, the 3,231 US counties for tracts. */
export function countyParts(env: NodeJS.ProcessEnv = {}) {
  const shapes = polygons('all', 1);
  const sample = sampleOf({ tracts: 1 });
  const parts = samplePartsOf(sample, { env });
  const model = loadModel(sample.files, sample.version);
  const pack = loadPack(sample.pack);
  const [tract] = pack.forecasts.tracts;
  const tracts = shapes.features.map(({ properties: { code, name, population } }) => ({
    ...tract,
    id: code,
    name,
    population,
  }));
  parts.slots.of(MODEL).swap({
    model: { ...model, polygons: buildPlaces(shapes, { key: 'code' }) },
    pack: { ...pack, forecasts: { ...pack.forecasts, tracts } },
  });
  return parts;
}
