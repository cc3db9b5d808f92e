import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quietEnvironment } from '../pipeline/commands/judge/judge-story.testing.ts';
import { openBench } from '../pipeline/commands/judge/open-bench.ts';
import { rollbacks } from '../pipeline/commands/judge/rollbacks.ts';
import { whatChanged } from '../pipeline/commands/judge/what-changed.ts';
import { FOLDERS } from '../pipeline/commands/outside.ts';
import type { HistoryEntry, Production } from '../pipeline/contracts/promotion.ts';
import { productionOf } from '../pipeline/stages/register/entries.ts';
import { MODEL, sampleOf } from '../serve/sample-service.testing.ts';
import { ReleaseTeam } from './release/release-team.ts';

const AT = '2026-07-01T00:00:00.000Z';
const production = `reports/${MODEL}/production.json`;
const history = (name: string) => `reports/${MODEL}/history/2026-07-02T00-00-00-000Z-rollback-${name}.json`;

describe('a pull request that takes a model back', { timeout: 120_000 }, () => {
  let team: ReleaseTeam;
  let bench: Awaited<ReturnType<typeof openBench>>;
  /** v0001 and v0002 were released, v0003 never; v0002 is what master names. */
  let [first, second, third]: Production[] = [];
  let master: string;

  beforeAll(async () => {
    team = await ReleaseTeam.start('http://127.0.0.1:1');
    const made: Production[] = [];
    for (const days of [120, 150, 160]) made.push(productionOf(await team.register(sampleOf({ days })), AT));
    [first, second, third] = made;
    for (const [tag, one] of [
      ['v1.0.0', first],
      ['v1.0.1', second],
    ] as const) {
      const commit = await team.merge({ [production]: json(one) });
      await execa('git', ['tag', tag, commit], { cwd: team.host.bare });
      master = commit;
    }
    bench = await openBench(quietEnvironment(AT), {
      homes: FOLDERS,
      github: team.home,
      root: team.clone.root,
    });
  });
  afterAll(async () => {
    await bench?.close();
    await team?.end();
  });

  const entry = (more: Partial<HistoryEntry> = {}): HistoryEntry => ({
    at: '2026-07-02T00:00:00.000Z',
    kind: 'rollback',
    by: 'ada',
    from: second.version,
    to: first.version,
    why: 'forecasts of zero',
    barred: { digest: second.digest, recipe: null },
    ...more,
  });

  /** What the judge says of a change of master. */
  async function judged(files: Record<string, string>, { into = 'master', base = master } = {}) {
    await team.git('checkout', '--quiet', '--detach', base);
    for (const [path, text] of Object.entries(files)) {
      await execa('mkdir', ['-p', join(team.clone.root, path, '..')]);
      await writeFile(join(team.clone.root, path), text);
      await team.git('add', '--force', path);
    }
    const author = ['-c', 'user.name=ada', '-c', 'user.email=ada@localhost'];
    await team.git(...author, 'commit', '--quiet', '--message', 'a pull request');
    const head = (await team.git('rev-parse', 'HEAD')).stdout;
    const commits = { head, base, from: base, master: base };
    const changes = await whatChanged(bench, commits, 'master');
    return (await rollbacks(bench, commits, { changes, into }))?.get(MODEL) ?? null;
  }

  const back = () => ({ [production]: json(first), [history(first.version)]: json(entry()) });

  it('passes where the version was released, and is what it was', async () => {
    const said = await judged(back());
    expect(said).toMatchObject({ status: 'success', headline: 'Rollback' });
    expect(said?.reason).toContain('released as v1.0.0');
  });

  it('is none with any other change, into another branch, or without its entry', async () => {
    expect(await judged({ ...back(), 'docs/notes.md': 'a note\n' })).toBeNull();
    expect(await judged(back(), { into: 'test' })).toBeNull();
    expect(await judged({ [production]: json(first) })).toBeNull();
  });

  it('is refused for a version that was never released, or not like this', async () => {
    const never = { [production]: json(third), [history(third.version)]: json(entry({ to: third.version })) };
    expect(await judged(never)).toMatchObject({ status: 'failure', headline: 'Never released' });
    const forged = { ...back(), [production]: json({ ...first, metrics: { wape: 0.001 } }) };
    expect(await judged(forged)).toMatchObject({ status: 'failure', headline: 'Never released' });
  });

  it('is refused once the champion has moved, or where its entry tells of something else', async () => {
    const moved = { ...back(), [history(first.version)]: json(entry({ from: third.version })) };
    expect(await judged(moved)).toMatchObject({ status: 'failure', headline: 'The champion has moved' });
    const unbarred = { ...back(), [history(first.version)]: json(entry({ barred: undefined })) };
    expect(await judged(unbarred)).toMatchObject({ status: 'failure', headline: 'The champion has moved' });
    const other = { ...back(), [history(first.version)]: json(entry({ to: second.version })) };
    expect(await judged(other)).toMatchObject({ status: 'failure', headline: 'Rollback refused' });
    const twice = { ...back(), [history('v0009')]: json(entry()) };
    expect(await judged(twice)).toMatchObject({ status: 'failure', headline: 'Rollback refused' });
  });

  it('does not go back to what was itself taken back', async () => {
    const barred = entry({
      from: first.version,
      to: 'v0000',
      barred: { digest: first.digest, recipe: null },
    });
    await team.git('checkout', '--quiet', '--detach', master);
    const base = await team.merge({ [history('v0000')]: json(barred) });
    expect(await judged(back(), { base })).toMatchObject({ status: 'failure', headline: 'Barred' });
  });

  it('is refused where the registry holds other bytes', async () => {
    await rm(join(team.clone.root, 'models', MODEL, first.version, 'spec.json'), { force: true });
    await rm(join(team.clone.root, 'models', MODEL, first.version, 'bundle', 'spec.json'), { force: true });
    const fresh = await openBench(quietEnvironment(AT), {
      ...{ homes: FOLDERS, github: team.home, root: team.clone.root },
    });
    const before = bench;
    bench = fresh;
    expect(await judged(back())).toMatchObject({ status: 'failure', headline: 'Rollback refused' });
    await before.close();
  });
});

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
