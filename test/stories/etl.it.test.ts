import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sharedMlflow } from '../servers/shared-mlflow.ts';
import { Team } from './team.testing.ts';

const LIMIT_MS = 15 * 60_000;

describe('a team’s robots', { timeout: LIMIT_MS }, () => {
  let team: Team;
  beforeAll(async () => {
    team = await Team.start(await sharedMlflow('3'));
  }, LIMIT_MS);
  afterAll(() => team?.stop());

  it('proposes a first model: one immutable pull request with production.json', async () => {
    await team.publish(0);
    const { collect, trained, propose } = await team.etl(0);
    expect(collect.exitCode, collect.stderr).toBe(0);
    expect(collect.outputs).toMatchObject({ changed: 'true', train: '[{"model":"infections"}]' });
    expect(trained[0]?.exitCode, trained[0]?.stderr).toBe(0);
    expect(propose?.exitCode, propose?.stderr).toBe(0);
    const pulls = [...team.host.state.pulls.values()];
    console.log(pulls, propose?.summary, collect.summary, team.writes());
  });
});
