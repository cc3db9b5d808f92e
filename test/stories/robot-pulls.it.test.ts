import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Left } from '../../pipeline/commands/etl/left.ts';
import {
  digest,
  lockOf,
  production,
  promotion,
  robotFiles,
  source,
} from '../../pipeline/commands/etl/sample-robot-files.testing.ts';
import { Team } from './team.testing.ts';

const LIMIT_MS = 10 * 60_000;
const M = 'infections';
const at = (day: number) => `2026-07-${String(day).padStart(2, '0')}T06:00:00.000Z`;

/** Data and trainings are made up: what is tried here is what robots do with them on the Git host. */
describe('robots’ pull requests', { timeout: LIMIT_MS }, () => {
  let team: Team;
  let day = 1;
  const open = () => team.host.state.pulls.filter(({ state }) => state === 'open');
  const numbers = () => open().map(({ number }) => number);
  const pull = (number: number) => team.host.state.pulls.find((one) => one.number === number)!;

  beforeAll(async () => {
    team = await Team.start({ url: 'http://127.0.0.1:9', insecureTls: false, timeoutMs: 1, retries: 0 });
    await team.commitFiles({
      'data.dvc': 'outs:\n- md5: 00000000000000000000000000000001.dir\n  path: data\n',
      'dvc.lock': lockOf(M, { features: 'f1', train: 't1' }),
      [`reports/${M}/source.json`]: source(at(1)),
      [`reports/${M}/production.json`]: production(M, { of: 'a', version: 'v0001', at: at(1) }),
      [`reports/${M}/promotion.json`]: promotion(M, { at: at(1), of: 'a', champion: null, promote: true }),
    });
    await team.push('master');
    team.writes();
  }, LIMIT_MS);
  afterAll(() => team?.stop());

  /** What the jobs before have left, and the step that proposes it. */
  async function propose(
    n: number,
    options: { train?: { of: string; promoted: boolean }; dataBranch?: string | null } = {},
  ) {
    const from = await mkdtemp(join(tmpdir(), 'perennial-left-'));
    const dataBranch =
      options.dataBranch === undefined ? await team.head('perennial/data') : options.dataBranch;
    await leave(
      join(from, 'perennial-etl-collect'),
      { kind: 'collect', data_branch: dataBranch, collected: [M] },
      {
        'data.dvc': `outs:\n- md5: 0000000000000000000000000000000${n}.dir\n  path: data\n`,
        'dvc.lock': lockOf(M, { features: `f${n}`, train: 't1' }),
        [`reports/${M}/source.json`]: source(at(n)),
      },
    );
    if (options.train) {
      const { of, promoted } = options.train;
      await leave(
        join(from, `perennial-etl-train-${M}`),
        { kind: 'train', model: M, trained: true, champion: digest('a'), promoted, commit: 'c' },
        {
          'dvc.lock': lockOf(M, { features: `f${n}`, train: `t${n}` }),
          [`reports/${M}/promotion.json`]: promotion(M, { at: at(n), of, champion: 'a', promote: promoted }),
          [`reports/${M}/production.json`]: production(M, {
            of: promoted ? of : 'a',
            version: promoted ? `v000${n}` : 'v0001',
            at: at(n),
          }),
          [`reports/${M}/history/${n}.json`]: {
            at: at(n),
            kind: promoted ? 'promotion' : 'refusal',
            by: 'perennial',
            from: 'v0001',
            to: `v000${n}`,
            why: 'because',
          },
        },
      );
    }
    day = n;
    return team.step(await team.machine(), n, 'etl-propose', '--from', from);
  }

  it('opens one pull request of data, and edits it', async () => {
    const first = await propose(2);
    expect(first.exitCode, first.stderr).toBe(0);
    expect(numbers()).toEqual([1]);
    const head = pull(1).head.sha;
    expect((await propose(3)).exitCode).toBe(0);
    expect(numbers()).toEqual([1]);
    expect(pull(1).head.sha).not.toBe(head);
    expect(await team.changed('master', 'perennial/data')).toEqual([
      'data.dvc',
      'dvc.lock',
      `reports/${M}/source.json`,
    ]);
  });

  it('changes nothing when it is called again with the same', async () => {
    team.writes();
    expect((await propose(3)).exitCode).toBe(0);
    expect(team.writes()).toEqual([]);
  });

  it('lets one of two runs at once win; the other ends clearly and proposes nothing', async () => {
    const stale = await team.head('perennial/data');
    expect((await propose(4)).exitCode).toBe(0);
    const late = await propose(5, { dataBranch: stale, train: { of: 'f', promoted: true } });
    expect(late.exitCode).toBe(5);
    expect(late.stderr).toContain('another run');
    expect(numbers()).toEqual([1]);
    expect(await team.file('perennial/data', 'data.dvc')).toContain('4.dir');
  });

  it('carries a refused challenger with the data', async () => {
    expect((await propose(5, { train: { of: 'b', promoted: false } })).exitCode).toBe(0);
    expect(numbers()).toEqual([1]);
    expect(await team.file('perennial/data', `reports/${M}/history/5.json`)).toContain('refusal');
    expect(await team.file('perennial/data', `reports/${M}/production.json`)).toContain('v0001');
    // The next day's data keep it.
    expect((await propose(6)).exitCode).toBe(0);
    expect(await team.file('perennial/data', `reports/${M}/promotion.json`)).toContain('not-better');
  });

  it('opens a promotion, which carries the data; later data wait on their branch', async () => {
    expect((await propose(7, { train: { of: 'c', promoted: true } })).exitCode).toBe(0);
    expect(numbers()).toEqual([2]);
    expect(pull(2)).toMatchObject({ title: 'promote infections v0007' });
    expect(await team.changed('master', pull(2).head.ref)).toContain(`reports/${M}/production.json`);
    expect((await propose(8)).exitCode).toBe(0);
    expect(numbers()).toEqual([2]);
    expect(await team.file('perennial/data', 'data.dvc')).toContain('8.dir');
    expect(await team.file('perennial/data', `reports/${M}/production.json`)).toContain('v0001');
  });

  it('supersedes a promotion that nobody has approved, and removes its branch', async () => {
    const old = pull(2).head.ref;
    const ran = await propose(9, { train: { of: 'd', promoted: true } });
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(numbers()).toEqual([3]);
    expect(pull(2).state).toBe('closed');
    expect(await team.head(old)).toBeNull();
  });

  it('leaves an approved promotion as it is', async () => {
    team.host.person('ada', 'write');
    team.host.approve(3, 'ada');
    const head = pull(3).head.sha;
    const ran = await propose(9, { train: { of: 'e', promoted: true } });
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(ran.summary).toContain('#3 is approved');
    expect(numbers()).toEqual([3]);
    expect(pull(3).head.sha).toBe(head);
  });

  it('closes what nobody took in four weeks, and proposes the data again', async () => {
    team.host.state.reviews.length = 0;
    pull(3).createdAt = '2026-06-01T00:00:00Z';
    const ran = await propose(9);
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(pull(3).state).toBe('closed');
    expect(open()).toMatchObject([{ title: expect.stringContaining('data: infections') }]);
  });

  it('merges by itself in mode auto, that very commit, once its own status has come', async () => {
    await team.base.params((yaml) => yaml.setIn(['promotion', 'mode'], 'auto'));
    await team.rebase('master');
    const [{ number }] = open();
    const judged = team.judge((sha) => sha === pull(number).head.sha);
    const ran = await propose(9);
    await judged;
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(ran.summary).toContain(`merged #${number}`);
    expect(await team.file('master', 'data.dvc')).toContain('9.dir');
    expect(await team.head('perennial/data')).toBeNull();
  });

  it('brings master back into test and dev, and says what to do where they conflict', async () => {
    const before = await team.base.root;
    await execa('git', ['fetch', '-q', team.host.bare, 'master'], { cwd: before });
    await execa('git', ['reset', '-q', '--hard', 'FETCH_HEAD'], { cwd: before });
    await team.push('dev');
    await team.push('test');
    const none = await team.step(await team.machine(), day, 'sync', '--limit', '1m');
    expect(none.exitCode, none.stderr).toBe(0);
    expect(none.summary).toContain('dev has all of master');
    await team.commitFiles({ 'docs/both.md': 'master\n' });
    await team.push('master');
    await execa('git', ['reset', '-q', '--hard', 'HEAD~1'], { cwd: before });
    await team.commitFiles({ 'docs/both.md': 'dev\n' });
    await team.push('dev');
    team.writes();
    const master = await team.head('master');
    const judged = team.judge((sha) => sha === master);
    const ran = await team.step(await team.machine(), day, 'sync', '--limit', '1m');
    await judged;
    expect(ran.exitCode, ran.stderr).toBe(0);
    expect(await team.file('test', 'docs/both.md')).toBe('master\n');
    expect(await team.file('dev', 'docs/both.md')).toBe('dev\n');
    expect(open()).toMatchObject([{ base: { ref: 'dev' } }]);
    expect(open()[0].body).toContain('docs/both.md');
    team.writes();
    const again = await team.step(await team.machine(), day, 'sync', '--limit', '1m');
    expect(again.exitCode, again.stderr).toBe(0);
    expect(team.writes()).toEqual([]);
  });
});

async function leave(folder: string, left: Left, files: Record<string, unknown>): Promise<void> {
  for (const [path, text] of [...robotFiles(files), ['state.json', JSON.stringify(left)] as const]) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
}
