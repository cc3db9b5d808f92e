import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SERVICE_SETTINGS } from '../serve/settings.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../docs/service.md'), 'utf8');
const told = new Set(
  PAGE.slice(PAGE.indexOf('## Settings'))
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .flatMap((line) => line.split(' | ')[0].match(/[A-Z][A-Z_]+/g) ?? []),
);

test('docs/service.md tells every setting of the service, and no other', () => {
  expect([...told].sort()).toEqual([...SERVICE_SETTINGS].sort());
});
