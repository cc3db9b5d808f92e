import type { DuckDBConnection } from '@duckdb/node-api';
import { soundsLikeGroup, soundsLikeTotal, unassigned } from './aggregate-names.ts';
import { findTotals, type TractSeries } from './find-totals.ts';
import type { Counted } from './measurements.ts';
import type { Place } from './places.ts';
import { identifier } from './sql.ts';
import type { TablePlan } from './table-plan.ts';
import { count } from './type-rows.ts';

/** Takes rows that are no places out of `typed`: unassigned cases, and a total that is the sum of the others.
 *  @returns the places that stay, and what was set aside */
export async function setAside(
  connection: DuckDBConnection,
  plan: TablePlan,
  places: readonly Place[],
): Promise<{ places: Place[]; setAside: Counted[] }> {
  const reasons = new Map<number, string>();
  const located = places.filter(({ latitude, longitude }) => latitude !== null && longitude !== null);
  for (const place of places) {
    const reason = unassigned(place, located.length > places.length / 2);
    if (reason) reasons.set(place.tract, reason);
  }
  const left = () => places.filter(({ tract }) => !reasons.has(tract));
  const wider = groups(left());
  const names = wider
    .slice(0, 4)
    .map(({ name }) => name)
    .join(', ');
  const more = wider.length > 4 ? ` and ${wider.length - 4} more` : '';
  for (const { tract } of wider) reasons.set(tract, `groups of other tracts (${names}${more})`);
  for (const { tract, name } of await totalsOf(connection, plan, left())) {
    reasons.set(tract, `“${name}” is the sum of the others`);
  }
  if (reasons.size === 0 || reasons.size === places.length) return { places: [...places], setAside: [] };

  const set: Counted[] = [];
  for (const [tract, reason] of reasons) {
    const rows = await count(connection, `SELECT count(*) FROM typed WHERE tract = ${tract}`);
    if (rows > 0) set.push({ reason, count: rows, examples: [] });
  }
  await connection.run(`DELETE FROM typed WHERE tract IN (${[...reasons.keys()].join(', ')})`);
  return { places: places.filter(({ tract }) => !reasons.has(tract)), setAside: merged(set) };
}

/** Continents and their like beside countries, and areas that others name as what they lie in. */
function groups(places: readonly Place[]): Place[] {
  const children = new Map<string, number>();
  for (const { parent } of places) if (parent) children.set(parent, (children.get(parent) ?? 0) + 1);
  const found = places.filter(
    ({ name, id, parent }) =>
      soundsLikeGroup(name) ||
      [name, id].some((own) => own !== parent && (children.get(own) ?? 0) >= 2 && parent === null),
  );
  // A file of continents alone is about continents.
  return found.length > 0 && places.length - found.length >= Math.max(3, found.length) ? found : [];
}

const MOMENTS = 60;
/** So many tracts have no total among them that is worth the search. */
const MAX_TRACTS = 20_000;

async function totalsOf(
  connection: DuckDBConnection,
  plan: TablePlan,
  places: readonly Place[],
): Promise<{ tract: number; name: string }[]> {
  if (places.length < 4 || places.length > MAX_TRACTS || !plan.target) return [];
  const target = identifier(plan.target.name);
  const read = await connection.runAndReadAll(
    `WITH moments AS (SELECT time, row_number() OVER (ORDER BY hash(time)) - 1 AS nth FROM (SELECT DISTINCT time FROM typed) ORDER BY 2 LIMIT ${MOMENTS})
     SELECT tract, nth::INTEGER, ${target} FROM typed JOIN moments USING (time)`,
  );
  const series = new Map<number, TractSeries>(
    places.map(({ tract, name }) => [
      tract,
      { tract, name, values: new Float64Array(MOMENTS).fill(Number.NaN) },
    ]),
  );
  for (const [tract, nth, value] of read.getRows()) {
    const one = series.get(Number(tract));
    if (one && value !== null) one.values[Number(nth)] = Number(value);
  }
  return findTotals([...series.values()], soundsLikeTotal);
}

function merged(set: readonly Counted[]): Counted[] {
  const byReason = new Map<string, Counted>();
  for (const { reason, count } of set) {
    const known = byReason.get(reason);
    if (known) known.count += count;
    else byReason.set(reason, { reason, count, examples: [] });
  }
  return [...byReason.values()].sort((a, b) => b.count - a.count);
}
