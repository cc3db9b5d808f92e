import type { DuckDBConnection } from '@duckdb/node-api';
import { soundsLikeTotal, unassigned } from './aggregate-names.ts';
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
  const total = await findTotal(
    connection,
    plan,
    places.filter(({ tract }) => !reasons.has(tract)),
  );
  if (total) reasons.set(total.tract, `“${total.name}” is the sum of the others`);
  if (reasons.size === 0 || reasons.size === places.length) return { places: [...places], setAside: [] };

  const set: Counted[] = [];
  for (const [tract, reason] of reasons) {
    const rows = await count(connection, `SELECT count(*) FROM typed WHERE tract = ${tract}`);
    if (rows > 0) set.push({ reason, count: rows, examples: [] });
  }
  await connection.run(`DELETE FROM typed WHERE tract IN (${[...reasons.keys()].join(', ')})`);
  return { places: places.filter(({ tract }) => !reasons.has(tract)), setAside: merged(set) };
}

/** The greatest tract, if its numbers are the sum of all others nearly everywhere (the name alone proves nothing). */
async function findTotal(
  connection: DuckDBConnection,
  plan: TablePlan,
  places: readonly Place[],
): Promise<Place | null> {
  if (places.length < 4 || !plan.target) return null;
  const target = identifier(plan.target.name);
  const inside = places.map(({ tract }) => tract).join(', ');
  const greatest = await connection.runAndReadAll(
    `SELECT tract FROM typed WHERE tract IN (${inside}) GROUP BY tract ORDER BY sum(${target}) DESC NULLS LAST LIMIT 1`,
  );
  const tract = Number(greatest.getRows()[0]?.[0] ?? Number.NaN);
  const place = places.find((candidate) => candidate.tract === tract);
  if (!place) return null;
  const [all, equal] = (
    await connection.runAndReadAll(
      `SELECT count(*), count(*) FILTER (abs(2 * own - total) <= 0.01 * own) FROM (
         SELECT time, sum(${target}) AS total, sum(${target}) FILTER (tract = ${tract}) AS own FROM typed
         WHERE tract IN (${inside}) GROUP BY time) WHERE own > 0`,
    )
  ).getRows()[0];
  const needed = soundsLikeTotal(place.name) ? 0.5 : 0.9;
  return Number(all) > 0 && Number(equal) / Number(all) >= needed ? place : null;
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
