import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedMlflow } from '../servers/shared-mlflow.ts';
import { evening, Team } from './team.testing.ts';

const LIMIT_MS = 15 * 60_000;

/** Weeks of a team's robots, each job on a machine that has nothing but a checkout. */
describe('a team’s robots', { timeout: LIMIT_MS }, () => {
  let team: Team;
  const pull = (number: number) => team.host.state.pulls.find((one) => one.number === number)!;
  const issues = () => team.host.state.issues.filter(({ labels }) => labels.includes('perennial-gate'));

  beforeAll(async () => {
    team = await Team.start(await sharedMlflow('3'));
  }, LIMIT_MS);
  afterAll(() => team?.stop());

  it('proposes a first model: one pull request with production.json, and moves no alias', async () => {
    await team.publish(0);
    const { collect, trained, propose } = await team.etl(0);
    expect(collect.exitCode, collect.stderr).toBe(0);
    expect(collect.outputs).toMatchObject({ changed: 'true', train: '[{"model":"infections"}]' });
    expect(trained[0]?.exitCode, trained[0]?.stderr).toBe(0);
    expect(propose?.exitCode, propose?.stderr).toBe(0);
    expect(pull(1)).toMatchObject({ title: 'promote infections v0001', base: { ref: 'master' } });
    const branch = pull(1).head.ref;
    expect(await team.json(branch, 'reports/infections/production.json')).toMatchObject({ version: 'v0001' });
    expect(await team.file(branch, 'dvc.lock')).toContain('train@infections');
    expect(await team.file('master', 'reports/infections/production.json')).toBeNull();
    expect(await team.alias()).toBeNull();
    expect(team.writes()).toEqual([
      'POST /repos/acme/perennial/pulls',
      'POST /acme/perennial.git/git-receive-pack',
      'POST /acme/perennial.git/git-receive-pack',
    ]);
  });

  it('asks for nothing that writes where the portal has nothing new', async () => {
    const { collect, propose } = await team.etl(1);
    expect(collect.exitCode, collect.stderr).toBe(0);
    expect(collect.outputs).toMatchObject({ changed: 'false', train: '[]', propose: 'false' });
    // What git knows of the source is enough: no data are brought for it.
    expect(collect.stderr).not.toContain('fetching data');
    expect(propose).toBeNull();
    expect(team.writes()).toEqual([]);
  });

  it('leaves a portal alone that it has looked at on the same day', async () => {
    const { collect } = await team.etl(0);
    expect(collect.exitCode, collect.stderr).toBe(0);
    expect(collect.summary).toContain('skipped');
    expect(team.writes()).toEqual([]);
  });

  it('follows a merged promotion: the registry’s champion moves once its golden answers are right', async () => {
    await team.merge(1);
    const { exitCode, stderr, summary } = await team.step(await team.machine(), 1, 'follow');
    expect(exitCode, stderr).toBe(0);
    expect(summary).toContain('v0001');
    expect(await team.alias()).toBe(1);
  });

  it('opens one data pull request, edits it the next day, and loses no day that is not merged', async () => {
    await team.publish(2);
    const first = await team.etl(2);
    expect(first.collect.outputs).toMatchObject({ changed: 'true', train: '[]' });
    expect(first.propose?.exitCode, first.propose?.stderr).toBe(0);
    expect(pull(2)).toMatchObject({ title: 'data: infections until 2026-07-02', state: 'open' });
    const sha = pull(2).head.sha;
    await team.publish(3);
    const second = await team.etl(3);
    expect(second.propose?.exitCode, second.propose?.stderr).toBe(0);
    expect(pull(2)).toMatchObject({ title: 'data: infections until 2026-07-03', state: 'open' });
    expect(pull(2).head.sha).not.toBe(sha);
    expect(team.host.state.pulls).toHaveLength(2);
    // Three snapshots: the first, merged; the second, on the data branch alone; the third.
    expect(await team.file('perennial/data', 'data.dvc')).not.toBe(await team.file('master', 'data.dvc'));
    expect(await team.snapshots('perennial/data')).toHaveLength(3);
    expect(await team.file('perennial/data', 'reports/infections/pack.dvc')).toContain(
      (await team.json('master', 'reports/infections/production.json'))?.digest,
    );
  });

  it('opens one issue for refused data, keeps what was accepted, and closes it by itself', async () => {
    const accepted = await team.file('perennial/data', 'data.dvc');
    await team.publish(4, (csv) => csv.replaceAll('new_cases', 'x1').replaceAll(/,(\d+)/g, ',n$1'));
    for (const day of [4, 5]) {
      const { collect, propose } = await team.etl(day);
      expect(collect.exitCode, collect.stderr).toBe(4);
      expect(collect.outputs).toMatchObject({ changed: 'false', train: '[]' });
      expect(propose).toBeNull();
    }
    expect(issues()).toMatchObject([{ state: 'open', title: 'The gate refused the data of infections' }]);
    expect(await team.file('perennial/data', 'data.dvc')).toBe(accepted);
    await team.publish(6);
    const good = await team.etl(6);
    expect(good.collect.exitCode, good.collect.stderr).toBe(0);
    expect(issues()).toMatchObject([{ state: 'closed' }]);
    expect(await team.json('perennial/data', 'reports/infections/source.json')).toMatchObject({
      checked_at: evening(6),
    });
  });
});
