import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { infectionsCsv } from '../../simulator/portal.ts';
import { findRoles } from './find-roles.ts';
import { profileColumns } from './profile-columns.ts';
import { readTable } from './read-table.ts';

it.each([
  { state: '44', day: 0 },
  { state: '42', day: 2 },
])(
  'finds code, cases and age bands in the embedded portal of state $state on day $day',
  async ({ state, day }) => {
    const scratch = await mkdtemp(join(tmpdir(), 'embedded-'));
    try {
      const path = join(scratch, 'infections.csv');
      await writeFile(path, infectionsCsv({ state, seed: 20260101, days: 120, day }));
      const table = await readTable([{ path, format: 'csv' }], { scratch });
      const found = await findRoles(table, await profileColumns(table), {
        roles: {},
        target: 'new_cases',
        minConfidence: 0.6,
      });
      await table.close();
      const roles = Object.fromEntries(found.columns.map(({ name, role }) => [name, role]));
      expect(found.problems).toEqual([]);
      // The polygons are found by the code, not by the name that is as unique.
      expect(found.keys).toEqual(['FIPS']);
      expect(roles).toMatchObject({
        FIPS: 'tract_id',
        cnty_name: 'tract_name',
        new_conf: 'new_cases',
        conf_cum: 'total_cases',
        age80plus: 'age_band',
        tests_24h: 'tests',
      });
    } finally {
      await rm(scratch, { recursive: true });
    }
  },
);
