import type { TractsFile } from '../../contracts/observations.ts';
import type { Examination } from './examine.ts';

/** `tracts.json`: places of the newest snapshot, and those that were there before it; their past is kept. */
export function listTracts(
  { plan, places }: Pick<Examination, 'plan' | 'places'>,
  before: TractsFile | null,
): TractsFile {
  const tracts = new Map(before?.tracts.map((tract) => [tract.id, tract]) ?? []);
  for (const { id, name, latitude, longitude, population, country, parent } of places) {
    tracts.set(id, {
      id,
      name,
      // Only in pairs: half a coordinate is none.
      ...(latitude !== null && longitude !== null ? { latitude, longitude } : {}),
      ...(population !== null && population >= 0 ? { population } : {}),
      ...(country !== null ? { country } : {}),
      ...(parent !== null ? { parent } : {}),
    });
  }
  const target = plan.target?.role ?? 'new_cases';
  return {
    // A running total is forecast as its daily differences, which `features` derives.
    target: target === 'total_cases' ? 'new_cases' : target,
    step: plan.step,
    tracts: [...tracts.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}
