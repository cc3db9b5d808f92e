import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Clone } from './clone.ts';

const LIMIT_MS = 10 * 60_000;

/** One team's first month, told in order: each story goes on where the one before it ended. */
describe('a fresh clone', { timeout: LIMIT_MS }, () => {
  let clone: Clone;
  beforeAll(async () => {
    clone = await Clone.make();
  }, LIMIT_MS);
  afterAll(() => clone.remove());

  const history = () => readdir(join(clone.home, 'reports', 'infections', 'history'));

  it('trains, judges and promotes a first model by `npm start`, and git sees nothing of it', async () => {
    const { exitCode, stdout, stderr } = await clone.npm('start');

    expect(stderr).not.toMatch(/unexpected|error/i);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('challenger');
    expect(stdout).toMatch(/baseline +seasonal-naive/);
    expect(stdout).toContain('Forecast by v0001');
    expect(stderr).toMatch(/✓ training infections/);
    expect(await clone.status()).toBe('');
    for (const path of [
      'models/infections/v0001/version.json',
      'reports/infections/production.json',
      'reports/infections/report.md',
      'reports/infections/gate.md',
      'artifacts/infections/profile/profile.html',
      'artifacts/infections/pack/forecasts.json',
    ]) {
      expect(existsSync(join(clone.home, path)), path).toBe(true);
    }
    expect(await history()).toHaveLength(1);
    const production = await clone.json('reports', 'infections', 'production.json');
    const version = await clone.json('models', 'infections', 'v0001', 'version.json');
    expect(production.digest).toBe(version.digest);
  });

  it('finds the next day and forecasts it with the champion, without training', async () => {
    const { exitCode, stdout, stderr } = await clone.perennial('start', '--json');

    expect(exitCode).toBe(0);
    const [result] = JSON.parse(stdout);
    expect(result).toMatchObject({ state: 'forecast', champion: { version: 'v0001' }, promotion: null });
    expect(result.forecasts[0].time).toBe('2026-07-02T00:00:00.000Z');
    expect(stderr).toContain('features of infections');
    expect(stderr).not.toContain('training');
    const pack = await clone.json('artifacts', 'infections', 'pack', 'pack.json');
    expect(pack.last_time).toBe('2026-07-01T00:00:00.000Z');
    expect(await clone.status()).toBe('');
  });

  it('goes on when the portal renames a column, and says so', async () => {
    const { exitCode, stdout } = await clone.perennial('start', '--json', '--quiet');

    expect(exitCode).toBe(0);
    const [{ gate, state }] = JSON.parse(stdout);
    expect(state).toBe('forecast');
    expect(gate.anomalies).toContainEqual(
      expect.objectContaining({ kind: 'renamed', column: 'hosp_census', was: 'inpt_cur', severity: 'warn' }),
    );
    expect(gate.columns).toContainEqual(
      expect.objectContaining({ name: 'hosp_census', role: 'hospitalised' }),
    );
    expect(await clone.text('reports', 'infections', 'gate.md')).toContain('inpt\\_cur');
  });

  it('says that there is nothing new where there is nothing new', async () => {
    const before = await clone.text('artifacts', 'infections', 'pack', 'pack.json');
    const { exitCode, stdout, stderr } = await clone.perennial('start', '--days', '0', '--quiet');

    expect(exitCode).toBe(0);
    expect(stdout).toContain('the portal has nothing new');
    expect(stderr).toBe('');
    expect(await clone.text('artifacts', 'infections', 'pack', 'pack.json')).toBe(before);
  });

  it('trains again when a month has gone by, and decides; a second run meanwhile is told to wait', async () => {
    const first = clone.start('start', '--days', '30', '--json');
    await clone.untilAtWork();
    const second = await clone.perennial('start', '--days', '0');
    expect(second.exitCode).toBe(5);
    expect(second.stderr).toContain('another run is at work');
    expect(second.stderr).toContain('→ wait for it to end');

    const { exitCode, stdout } = await first;
    expect(exitCode).toBe(0);
    const [{ state, promotion, champion }] = JSON.parse(stdout);
    expect(state).toBe('trained');
    expect(promotion.champion.version).toBe('v0001');
    expect(['better', 'not-better', 'worse', 'inconclusive']).toContain(promotion.outcome);
    expect(champion.version).toBe(promotion.promote ? 'v0002' : 'v0001');
    expect(existsSync(join(clone.home, 'models', 'infections', 'v0002'))).toBe(true);
    expect(await history()).toHaveLength(2);
    expect(await clone.status()).toBe('');
  });
});
