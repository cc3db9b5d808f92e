import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';
import { counties } from './counties.ts';
import { header, publishedDays } from './publish.ts';
import { report } from './reporting.ts';
import { simulate } from './seir.ts';

/** Last day of a large file. */
const LAST_DAY = Date.UTC(2026, 5, 30);

/** Writes what a national portal would publish: 3,100 tracts × 1,000 days are some 3.1 million rows, 240 MB.
 *  The rows are streamed, a day at a time; the file is there whole or not at all.
 *  @returns rows written */
export async function simulateLarge(
  path: string,
  { tracts, days, seed }: { tracts: number; days: number; seed: number },
): Promise<number> {
  const places = counties('all', seed).slice(0, tracts);
  const epidemic = simulate(places, { seed, days, start: LAST_DAY - (days - 1) * 86_400_000 });
  const reports = report(places, epidemic, { seed });

  const file = createWriteStream(`${path}.part`);
  let rows = 0;
  file.write(header(false));
  for (const day of publishedDays(places, reports, { newest: days - 1, seed, changed: false })) {
    rows += day.rows;
    if (!file.write(day.text)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
  await rename(`${path}.part`, path);
  return rows;
}
