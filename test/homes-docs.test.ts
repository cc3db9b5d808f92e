import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SETTINGS } from '../pipeline/home-settings/settings.ts';
import { REPOSITORY } from '../pipeline/workspace.ts';

test('docs/homes.md tells of every variable that is read, and of no other', () => {
  const text = readFileSync(join(REPOSITORY, 'docs', 'homes.md'), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('| `'));
  const told = rows.flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([A-Z][A-Z0-9_]+)`/g)]);
  expect(told.map(([, name]) => name).sort()).toEqual([...SETTINGS].sort());
});
