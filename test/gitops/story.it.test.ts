import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { canAct } from '../workflows/stage.ts';
import { type StoryRow, storyTable } from './story-table.ts';
import { CHANGES, Team } from './team.ts';

const LIMIT_MS = 12 * 60_000;

/** A team's half year: every workflow runs for real, against a Git host, a portal, a remote and an MLflow. Each step stands
 *  on those before it. */
describe.skipIf(!(await canAct()))('the pull request decides', { timeout: LIMIT_MS }, () => {
  let team: Team;
  const rows: StoryRow[] = [];
  const began = performance.now();

  beforeAll(async () => {
    team = await Team.start();
  }, LIMIT_MS);
  afterAll(async () => {
    process.stdout.write(`\n${storyTable(rows)}\n`);
    await team?.stop();
  }, LIMIT_MS);

  /** One line of the table: what was done, what the host shows of it. */
  const tell = (what: string, number: number | null, outcome: string) => {
    const pull = team.host.state.pulls.find((one) => one.number === number);
    const status = pull && team.stage.status(pull.head.sha);
    rows.push({
      what,
      pull: number,
      status: status?.state ?? '–',
      says: status?.description ?? '',
      comments: pull ? ours(number!).length : 0,
      outcome,
    });
    const seconds = Math.round((performance.now() - began) / 1000);
    process.stderr.write(`gitops ${seconds} s: ${what}: ${status?.state ?? '–'}, ${outcome}\n`);
  };
  const ours = (number: number) =>
    team.stage.comments(number).filter((body) => body.includes('<!-- perennial:report'));
  const openPulls = (base: string) =>
    team.host.state.pulls.filter((one) => one.state === 'open' && one.base.ref === base);
  const robotPull = () => {
    const found = openPulls('master').filter(({ author }) => author.endsWith('[bot]'));
    expect(found.map(({ title, head }) => `${head.ref}: ${title}`)).toHaveLength(1);
    return found[0].number;
  };

  it('begins with a first model: the baseline, for there is nothing else yet', async () => {
    const run = await team.etl();
    expect(run.result, run.log).toBe('success');
    await team.settle();
    const number = robotPull();
    expect(team.stage.status(headOf(number))?.state).toBe('success');
    expect(ours(number)).toHaveLength(1);
    const outcome = await team.merge(number);
    expect(outcome).toBe('merged');
    tell('first scheduled run; no production.json yet', number, outcome);
    await team.settle();
    expect(await team.productionAt('master')).toMatchObject({ version: 'v0001' });
    expect((await team.mlflow.versionByAlias('infections', 'champion'))?.version).toBe(1);
    expect(await team.productionAt('test')).toMatchObject({ version: 'v0001' });
  });

  it('gathers two months of data in one pull request', async () => {
    await team.publish(60);
    await team.etl();
    await team.settle();
    const number = robotPull();
    expect(
      await team.productionAt(team.host.state.pulls.find((p) => p.number === number)!.head.ref),
    ).toMatchObject({
      version: 'v0001',
    });
    const outcome = await team.merge(number);
    tell('two months later: data, no training due', number, outcome);
    expect(outcome).toBe('merged');
    await team.settle();
  });

  it('does nothing where nothing is new', async () => {
    const writes = team.host.requests.filter(({ method }) => method !== 'GET').length;
    const run = await team.etl();
    await team.settle();
    expect(run.result).toBe('success');
    const after = team.host.requests.filter(
      ({ method, path }) => method !== 'GET' && !/access_tokens/.test(path),
    );
    expect(after.length - writes).toBeLessThanOrEqual(0);
    tell('the same day again', null, 'nothing happens');
  });

  it('lets a better model from feature to dev to test to master', async () => {
    const feature = await team.propose('feature/trees', {
      from: 'dev',
      into: 'dev',
      files: await CHANGES.better(),
    });
    await team.settle();
    expect(await team.merge(feature.number, 'squash')).toBe('merged');
    await team.settle();
    const promotion = await team.stage.open('dev', 'test');
    await team.settle();
    const status = team.stage.status(headOf(promotion));
    expect(status?.state, status?.description ?? '').toBe('success');
    expect(ours(promotion)[0]).toMatch(/Better/);
    const outcome = await team.merge(promotion);
    tell('boosted trees, into test', promotion, outcome);
    expect(outcome).toBe('merged');
    await team.settle();
    const candidate = robotPull();
    expect((await team.productionAt('perennial/candidate'))?.candidate).not.toMatch(/naive|persistence/);
    const merged = await team.merge(candidate);
    tell('the candidate, into master', candidate, merged);
    expect(merged).toBe('merged');
    await team.settle();
    const production = await team.productionAt('master');
    expect(production?.version).not.toBe('v0001');
    const champion = await team.mlflow.versionByAlias('infections', 'champion');
    expect(`v${String(champion?.version).padStart(4, '0')}`).toBe(production?.version);
  });

  it('lets through what cannot be told yet, and promotes nothing', async () => {
    const params = (await team.fileAt('test', 'params.yaml'))!;
    const { number, sha } = await team.propose('feature/seed', {
      from: 'test',
      into: 'test',
      files: await CHANGES.reseeded(params),
    });
    await team.settle();
    expect(team.stage.status(sha)?.state).toBe('success');
    tell(
      'another seed, a day after the promotion: too little data',
      number,
      'may be merged, promotes nothing',
    );
    await team.close(number);
  });

  it('blocks a worse model, however often it is pushed, with one comment', async () => {
    await team.publish(130);
    await team.etl();
    await team.settle();
    for (const pull of openPulls('master')) await team.merge(pull.number);
    await team.settle();

    const { number } = await team.propose('feature/worse', {
      from: 'test',
      into: 'test',
      files: await CHANGES.worse(),
    });
    team.host.addComments(number, 250);
    await team.settle();
    expect(team.stage.status(headOf(number))?.state).toBe('failure');
    await team.stage.push('feature/worse', 'feature/worse', { 'docs/notes.md': 'again\n' });
    await team.settle();
    const outcome = await team.merge(number);
    tell('worse, pushed twice, behind 250 comments', number, outcome);
    expect(team.stage.status(headOf(number))?.state).toBe('failure');
    expect(ours(number)).toHaveLength(1);
    expect(ours(number)[0]).toMatch(/Worse/);
    expect(outcome).toMatch(/^not merged/);
    await team.close(number);
  });

  it('blocks forecasts that are not numbers', async () => {
    const { number, sha } = await team.propose('feature/nan', {
      from: 'test',
      into: 'test',
      files: await CHANGES.nan(),
    });
    await team.settle();
    const outcome = await team.merge(number);
    tell('forecasts that are not numbers', number, outcome);
    expect(team.stage.status(sha)?.state).toBe('failure');
    expect(outcome).toMatch(/^not merged/);
    await team.close(number);
  });

  it('passes what no model depends on without training', async () => {
    const { number, sha } = await team.propose('feature/same', {
      from: 'test',
      into: 'test',
      files: await CHANGES.same(),
    });
    const runs = await team.settle();
    expect(team.stage.status(sha)?.state).toBe('success');
    expect(runs.map(({ log }) => log).join('\n')).not.toContain('dvc repro');
    const outcome = await team.merge(number);
    tell('documentation alone', number, outcome);
    expect(outcome).toBe('merged');
    await team.settle();
  });

  it('keeps a fork pending, and tells how it is brought in', async () => {
    const fork = await team.fork('stranger');
    const { number, sha } = await fork.propose('feature/same-as-ours', await CHANGES.same());
    await team.settle();
    tell('a fork', number, 'waits for a maintainer');
    expect(team.stage.status(sha)?.state).toBe('pending');
    expect(ours(number)[0]).toMatch(/git fetch/);
    await team.close(number);
  });

  it('is not green while the registry is away', async () => {
    const { number, sha } = await team.propose('feature/away', {
      from: 'test',
      into: 'test',
      files: await CHANGES.worse(),
    });
    team.proxy.passOnly(0);
    await team.settle();
    team.proxy.heal();
    const outcome = await team.merge(number);
    tell('the registry is away', number, outcome);
    expect(['failure', 'error']).toContain(team.stage.status(sha)?.state);
    expect(outcome).toMatch(/^not merged/);
    await team.close(number);
  });

  it('opens one issue for a portal that lost a column, and closes it on the next good day', async () => {
    await team.publish(131, (csv) => withoutColumn(csv));
    await team.etl();
    await team.etl();
    await team.settle();
    const issues = () => team.host.state.issues.filter(({ title }) => /gate|data/i.test(title));
    expect(issues().filter(({ state }) => state === 'open')).toHaveLength(1);
    tell('the portal changed its columns', null, `issue: ${issues()[0].title}`);
    await team.publish(132);
    await team.etl();
    await team.settle();
    expect(issues().filter(({ state }) => state === 'open')).toHaveLength(0);
    tell('the next good day', null, 'the issue is closed');
  });

  it('opens one pull request where two scheduled runs meet', async () => {
    await team.publish(133);
    await Promise.all([team.etl(), team.etl()]);
    await team.settle();
    tell('two scheduled runs at once', robotPull(), 'one pull request');
  });

  function headOf(number: number): string {
    return team.host.state.pulls.find((one) => one.number === number)!.head.sha;
  }
});

/** The counts are gone, as if the portal had moved them elsewhere. */
function withoutColumn(csv: string): string {
  const lines = csv.split('\n').map((line) => line.split(','));
  const at = lines[0].findIndex((name) => /new|case/i.test(name));
  return lines.map((cells) => cells.filter((_, column) => column !== at).join(',')).join('\n');
}
