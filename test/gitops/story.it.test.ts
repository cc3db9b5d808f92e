import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canAct } from '../workflows/stage.ts';
import { type StoryRow, storyTable } from './story-table.ts';
import { CHANGES, Team } from './team.ts';

const LIMIT_MS = 15 * 60_000;

/** Two months of a team: every workflow runs for real, against a Git host with the project's own branch rules, a portal, a
 *  remote and an MLflow. Each step stands on those before it. */
describe.skipIf(!(await canAct()))('the pull request decides', { timeout: LIMIT_MS }, () => {
  let team: Team;
  const rows: StoryRow[] = [];
  const began = performance.now();

  beforeAll(async () => {
    team = await Team.start();
  }, LIMIT_MS);
  afterAll(async () => {
    process.stdout.write(`\n${storyTable(rows)}\n`);
    if (team) process.stderr.write(`\n${team.workTold()}\n`);
    await team?.stop();
  }, LIMIT_MS);

  /** One line of the table: what was done, what the host shows of it. */
  const tell = (what: string, number: number | null, outcome: string) => {
    const status = number === null ? null : statusOf(number);
    const says = status && { state: status.state, says: status.description ?? '' };
    const comments = number === null ? null : ours(number).length;
    rows.push({ what, pull: number, status: says, comments, outcome });
    const seconds = Math.round((performance.now() - began) / 1000);
    process.stderr.write(`gitops ${seconds} s: ${what}: ${status?.state ?? '–'}, ${outcome}\n`);
  };
  const ours = (number: number) =>
    team.stage.comments(number).filter((body) => body.includes('<!-- perennial:report'));
  const statusOf = (number: number) => team.stage.status(team.pull(number).head.sha);
  const robotPulls = () =>
    team.host.state.pulls.filter(
      ({ state, base, author }) => state === 'open' && base.ref === 'master' && author.endsWith('[bot]'),
    );
  const robotPull = () => {
    const found = robotPulls();
    expect(found.map(({ title, head }) => `${head.ref}: ${title}`)).toHaveLength(1);
    return found[0].number;
  };
  const intoTest = (branch: string, files: Record<string, string | null>) =>
    team.propose(branch, { from: 'test', into: 'test', files });
  const championAt = async (branch: string) => (await team.productionAt(branch))?.version;
  const served = async () => (await team.mlflow.versionByAlias('infections', 'champion'))?.version;

  it('begins with a first model: the baseline, for there is nothing else yet', async () => {
    const run = await team.etl();
    expect(run.result, run.log).toBe('success');
    const number = robotPull();
    expect(statusOf(number)?.state).toBe('success');
    expect(ours(number)).toHaveLength(1);
    expect(await team.mergeUnapproved(number)).toMatch(/^refused: .*approving review/);
    const outcome = await team.merge(number);
    expect(outcome).toBe('merged');
    await team.settle();
    tell('first scheduled run, no production.json yet', number, 'merged: v0001 is served');
    expect([await championAt('master'), await championAt('test')]).toEqual(['v0001', 'v0001']);
    expect(await served()).toBe(1);
  });

  it('gathers two months of data in one pull request', async () => {
    await team.publish(60);
    await team.etl();
    const number = robotPull();
    expect(await championAt(team.pull(number).head.ref)).toBe('v0001');
    const outcome = await team.merge(number);
    expect(outcome).toBe('merged');
    await team.settle();
    tell('two months later: data, no training is due', number, outcome);
  });

  it('does nothing where nothing is new', async () => {
    const writes = () =>
      team.host.requests.filter(({ method, path }) => method !== 'GET' && !/access_tokens/.test(path)).length;
    const before = writes();
    const run = await team.etl();
    expect(run.result).toBe('success');
    expect(writes()).toBe(before);
    tell('the same day again', null, 'nothing happens');
  });

  it('believes no figures of a report, and blocks a worse model behind 250 comments', async () => {
    const { number } = await intoTest('feature/worse', await CHANGES.forged());
    team.host.addComments(number, 250);
    await team.settle();
    expect(statusOf(number)).toMatchObject({
      state: 'failure',
      description: expect.stringMatching(/^Forged/),
    });
    const forged = await team.merge(number);
    expect(forged).toMatch(/^refused: .*"perennial" is failing/);
    tell('worse by far, its report says better', number, forged);

    await team.stage.push('feature/worse', 'feature/worse', await CHANGES.honest());
    await team.settle();
    const outcome = await team.merge(number);
    tell('pushed again, with an honest report', number, outcome);
    expect(statusOf(number)?.state).toBe('failure');
    expect(ours(number)).toHaveLength(1);
    expect(ours(number)[0]).toMatch(/Worse/);
    expect(team.stage.comments(number).length).toBeGreaterThan(250);
    expect(outcome).toMatch(/^refused: .*"perennial" is failing/);
    await team.close(number);
  });

  it('blocks forecasts that are not numbers', async () => {
    const { number } = await intoTest('feature/nan', await CHANGES.nan());
    await team.settle();
    const outcome = await team.merge(number);
    tell('forecasts that are not numbers', number, outcome);
    expect(statusOf(number)?.state).toBe('failure');
    expect(outcome).toMatch(/^refused: .*"perennial" is failing/);
    await team.close(number);
  });

  it('lets through what is as good', async () => {
    const params = (await team.fileAt('test', 'params.yaml'))!;
    const { number } = await intoTest('feature/as-good', await CHANGES.reseeded(params));
    await team.settle();
    expect(statusOf(number)?.state).toBe('success');
    expect(ours(number)[0]).toMatch(/infections: Not better/);
    tell('another seed, the same forecasts', number, 'may be merged');
    await team.close(number);
  });

  it('passes what no model depends on without training', async () => {
    const { number } = await intoTest('feature/words', await CHANGES.words());
    const runs = await team.settle();
    expect(statusOf(number)?.state).toBe('success');
    const reviews = runs.filter(({ workflow }) => workflow === 'model-review.yml');
    expect(reviews.map(({ log }) => log).join('\n')).not.toContain('training infections');
    tell('documentation alone', number, 'may be merged, nothing was trained');
    await team.close(number);
  });

  it('takes a better model from feature to dev to test', async () => {
    const feature = await team.propose('feature/weeks', {
      from: 'dev',
      into: 'dev',
      files: await CHANGES.better(),
    });
    expect(await team.merge(feature.number, 'squash')).toMatch(/^refused: .*"checks" is expected/);
    await team.settle();
    expect(await team.merge(feature.number, 'squash')).toBe('merged');
    tell('forecasts as a week ago, into dev', feature.number, 'merged: checks are enough there');
    const number = await team.stage.open('dev', 'test');
    await team.settle();
    expect(statusOf(number)?.state, statusOf(number)?.description ?? '').toBe('success');
    expect(ours(number)[0]).toMatch(/Better/);
    const outcome = await team.merge(number);
    tell('the same, into test', number, outcome);
    expect(outcome).toBe('merged');
    await team.settle();
    const candidate = robotPull();
    expect(team.pull(candidate).head.ref).toBe('perennial/candidate');
    expect(await championAt('perennial/candidate')).toBe('v0002');
    expect(statusOf(candidate)?.state, statusOf(candidate)?.description ?? '').toBe('success');
  });

  it('promotes it, and takes back what was compared with the champion before it', async () => {
    const candidate = robotPull();
    const params = (await team.fileAt('test', 'params.yaml'))!;
    const { number } = await intoTest('feature/seed', await CHANGES.reseeded(params));
    let outcome = '';
    team.stage.actions.meanwhile('model-review-comment.yml', 'completed', async () => {
      outcome = await team.merge(candidate);
    });
    await team.settle();
    expect(outcome).toBe('merged');
    tell('the candidate, into master', candidate, 'merged: v0002 is served');
    expect([await championAt('master'), await championAt('test')]).toEqual(['v0002', 'v0002']);
    expect(await served()).toBe(2);

    expect(statusOf(number)).toMatchObject({
      state: 'failure',
      description: expect.stringMatching(/champion has moved/),
    });
    tell('the champion moved while the review ran', number, await team.merge(number));
    await team.stage.api('POST', `/issues/${number}/comments`, { body: '/perennial retrain' });
    await team.settle();
    expect(statusOf(number)).toMatchObject({
      state: 'success',
      description: expect.stringMatching(/[Tt]oo little data/),
    });
    tell('asked for in the conversation: /perennial retrain', number, 'may be merged, promotes nothing');
    expect(ours(number)).toHaveLength(1);
    await team.close(number);
  });

  it('keeps a fork pending, and tells how it is brought in', async () => {
    const fork = await team.fork('stranger');
    const { number } = await fork.propose('feature/from-outside', await CHANGES.words());
    await team.settle();
    const outcome = await team.merge(number);
    tell('from a fork', number, outcome);
    expect(statusOf(number)?.state).toBe('pending');
    expect(ours(number)[0]).toMatch(/git fetch/);
    expect(outcome).toMatch(/^refused: .*"perennial" is expected/);
    await team.close(number);
  });

  it('is not green while the registry is away', async () => {
    const params = (await team.fileAt('test', 'params.yaml'))!;
    const { number } = await intoTest('feature/away', await CHANGES.reseeded(params));
    team.proxy.passOnly(0);
    await team.settle();
    team.proxy.heal();
    const outcome = await team.merge(number);
    tell('the registry is away', number, outcome);
    expect(['failure', 'error']).toContain(statusOf(number)?.state);
    expect(outcome).toMatch(/^refused: .*"perennial" is failing/);
    await team.close(number);
  });

  it('opens one issue for a portal that lost a column, and closes it on the next good day', async () => {
    await team.publish(61, (csv) => withoutColumn(csv));
    const lost = [await team.etl(), await team.etl()];
    expect(lost.map(({ result }) => result)).toEqual(['failure', 'failure']);
    const issues = () => team.host.state.issues.filter(({ labels }) => labels.includes('perennial-gate'));
    expect(issues().map(({ state }) => state)).toEqual(['open']);
    expect(robotPulls()).toEqual([]);
    tell('the portal lost a column, two runs', null, `one issue: ${issues()[0].title}`);
    await team.publish(62);
    await team.etl();
    expect(issues().map(({ state }) => state)).toEqual(['closed']);
    tell('the next good day', robotPull(), 'the issue closes by itself');
  });

  it('opens one pull request where two scheduled runs meet', async () => {
    const open = robotPull();
    const before = team.pull(open).head.sha;
    await team.publish(63);
    const both = await Promise.all([team.etl(), team.etl()]);
    expect(both.map(({ result }) => result)).toEqual(['success', 'success']);
    expect(robotPull()).toBe(open);
    expect(team.pull(open).head.sha).not.toBe(before);
    tell('two scheduled runs at once', open, 'one pull request, with the newest day');
  });
});

/** The counts are gone, as if the portal had moved them elsewhere. */
function withoutColumn(csv: string): string {
  const lines = csv.split('\n').map((line) => line.split(','));
  const at = lines[0].findIndex((name) => /new|case/i.test(name));
  return lines.map((cells) => cells.filter((_, column) => column !== at).join(',')).join('\n');
}
