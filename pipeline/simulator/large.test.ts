import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { counties } from './counties.ts';
import { simulateLarge } from './large.ts';
import { mobility } from './mobility.ts';

describe('a large file', () => {
  it('has the rows it says, of as many tracts and days as asked for, and leaves nothing half-written', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'perennial-large-'));
    try {
      const rows = await simulateLarge(join(folder, 'large.csv'), { tracts: 40, days: 50, seed: 3 });
      const lines = (await readFile(join(folder, 'large.csv'), 'utf8')).trim().split('\n').slice(1);
      expect(lines).toHaveLength(rows);
      expect(rows).toBeGreaterThan(0.97 * 40 * 50);
      expect(rows).toBeLessThanOrEqual(40 * 50);
      expect(new Set(lines.map((line) => line.slice(0, 5))).size).toBe(40);
      expect(await readdir(folder)).toEqual(['large.csv']);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('mobility', () => {
  const places = counties('42', 1);
  const travel = mobility(places);

  it('shares out the contacts of each place, none lost', () => {
    const everywhere = new Float64Array(places.length).fill(0.03);
    for (let c = 0; c < places.length; c++) expect(travel.seenBy(c, everywhere)).toBeCloseTo(0.03, 12);
  });

  it('carries more from a neighbour than from the other end of the state', () => {
    const index = (name: string) => places.findIndex((place) => place.name === name);
    const only = (name: string) =>
      new Float64Array(places.length).fill(0).map((_, c) => (c === index(name) ? 1 : 0));
    const philadelphia = index('Philadelphia');
    expect(travel.seenBy(philadelphia, only('Delaware'))).toBeGreaterThan(
      travel.seenBy(philadelphia, only('Erie')),
    );
  });

  it('of a single place stays at home', () => {
    expect(mobility([places[0]]).seenBy(0, Float64Array.of(0.5))).toBe(0.5);
  });
});
