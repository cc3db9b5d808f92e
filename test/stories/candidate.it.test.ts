import { cp, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { production } from '../../pipeline/commands/etl/sample-robot-files.testing.ts';
import { Production } from '../../pipeline/contracts/promotion.ts';
import { sharedMlflow } from '../servers/shared-mlflow.ts';
import { Team } from './team.testing.ts';

const LIMIT_MS = 15 * 60_000;
const REPORTS = 'reports/infections';

/** A recipe goes from `test` to master: trained once, by a robot, and served once it is verified. */
describe('a candidate', { timeout: LIMIT_MS }, () => {
  let team: Team;
  const pulls = () => team.host.state.pulls.filter(({ head }) => head.ref === 'perennial/candidate');
  const plan = async () => {
    const machine = await team.machine('test');
    const sha = (await team.head('test')) ?? '';
    const ran = await team.step(machine, 1, 'candidate-plan', '--before', sha, '--after', sha);
    expect(ran.exitCode, ran.stderr).toBe(0);
    return ran.outputs;
  };

  beforeAll(async () => {
    team = await Team.start(await sharedMlflow('3'));
    await team.publish(0);
    await team.etl(0);
    await team.merge(1);
    await team.rebase('master');
    await team.push('test');
  }, LIMIT_MS);
  afterAll(() => team?.stop());

  it('has nothing to do where test is master', async () => {
    expect(await plan()).toEqual({ models: '[]', propose: 'false' });
  });

  it('is asked for where a model is made otherwise, and not where only words changed', async () => {
    await team.commitFiles({ 'docs/words.md': 'words\n' });
    await team.push('test');
    expect(await plan()).toEqual({ models: '[]', propose: 'true' });
    await team.base.params((yaml) => yaml.setIn(['models', 'infections', 'train', 'seed'], 2));
    await team.push('test');
    expect(await plan()).toEqual({ models: '["infections"]', propose: 'true' });
  });

  it('is trained on test’s code and master’s data, proposed once, and kept from then on', async () => {
    const machine = await team.machine('test');
    const trained = await team.step(machine, 1, 'etl-train', 'infections');
    expect(trained.exitCode, trained.stderr).toBe(0);
    const from = await mkdtemp(join(team.folder, 'from-'));
    const left = join(machine.root, 'artifacts', '_etl', 'train-infections');
    await cp(left, join(from, 'perennial-etl-train-infections'), { recursive: true });
    const propose = ['candidate-propose', '--from', from] as const;
    const first = await team.step(await team.machine('test'), 1, ...propose);
    expect(first.exitCode, first.stderr).toBe(0);
    expect(pulls()).toHaveLength(1);
    expect(await team.changed('master', 'perennial/candidate')).toEqual(
      expect.arrayContaining(['docs/words.md', 'dvc.lock', 'params.yaml', `${REPORTS}/promotion.json`]),
    );
    expect(await plan()).toEqual({ models: '[]', propose: 'true' });
    // A later push keeps the training; called again with nothing new it asks for nothing that writes.
    const empty = join(team.folder, 'no-artifacts');
    expect(
      (await team.step(await team.machine('test'), 1, 'candidate-propose', '--from', empty)).exitCode,
    ).toBe(0);
    team.writes();
    expect(
      (await team.step(await team.machine('test'), 1, 'candidate-propose', '--from', empty)).exitCode,
    ).toBe(0);
    expect(team.writes()).toEqual([]);
    expect(await team.changed('master', 'perennial/candidate')).toContain(`${REPORTS}/promotion.json`);
  });

  it('is followed only where the registry has what git names', async () => {
    const good = Production.parse(await team.json('master', `${REPORTS}/production.json`));
    const follow = async () => team.step(await team.machine(), 1, 'follow');
    expect((await follow()).exitCode).toBe(0);
    expect(await team.alias()).toBe(1);
    for (const wrong of [
      { ...good, digest: 'f'.repeat(64), version: 'v0002' },
      production('infections', { of: 'b', version: 'v0099', at: good.promoted_at }),
    ]) {
      await team.commitFiles({ [`${REPORTS}/production.json`]: wrong });
      await team.push('master');
      const ran = await follow();
      expect(ran.exitCode, ran.stdout).toBe(6);
      expect(ran.stderr).toContain(wrong.version);
      expect(await team.alias()).toBe(1);
    }
  });
});
