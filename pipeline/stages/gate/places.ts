import type { RawTable } from './read-table.ts';
import type { TablePlan } from './table-plan.ts';

/** What the source says of one tract. Coordinates are medians over its rows: their decimals change over time. */
export interface Place {
  tract: number;
  id: string;
  name: string;
  latitude: number | null;
  longitude: number | null;
  population: number | null;
  country: string | null;
  parent: string | null;
  rows: number;
}

/** One place a tract, in the order of their ids. */
export async function readPlaces(raw: RawTable, plan: TablePlan): Promise<Place[]> {
  const { place } = plan;
  // Two steps: distinct descriptions are few, so medians and latest names are taken over them, not over all rows.
  const read = await raw.connection.runAndReadAll(
    `WITH described AS (
       SELECT ${plan.tract} AS id, ${place.name} AS name, ${place.latitude} AS latitude, ${place.longitude} AS longitude,
         ${place.population} AS population, ${place.country} AS country, ${place.parent} AS parent,
         count(*) AS n, max(_line) AS last FROM raw GROUP BY ALL)
     SELECT tract, tracts.id, arg_max(name, last), median(latitude) FILTER (abs(latitude) <= 90),
       median(longitude) FILTER (abs(longitude) <= 180), arg_max(population, last), arg_max(country, last),
       arg_max(parent, last), sum(n)::BIGINT
     FROM described JOIN tracts USING (id) GROUP BY ALL ORDER BY tract`,
  );
  return read.getRows().map((row) => {
    const [tract, id, name, latitude, longitude, population, country, parent, rows] = row;
    const number = (value: unknown) => (value === null ? null : Number(value));
    const text = (value: unknown) => (value === null || value === '' ? null : String(value));
    return {
      tract: Number(tract),
      id: String(id),
      name: text(name) ?? String(id),
      latitude: number(latitude),
      longitude: number(longitude),
      population: number(population),
      country: text(country),
      parent: text(parent),
      rows: Number(rows),
    };
  });
}
