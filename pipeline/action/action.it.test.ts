import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GitHost } from '../../test/servers/git-host.ts';
import { githubAt } from '../clients/github/github-at.ts';
import { REPOSITORY } from '../workspace.ts';

let host: GitHost;
let folder: string;
let token: string;
let pull: number;
beforeAll(async () => {
  host = await GitHost.start();
  folder = await mkdtemp(join(tmpdir(), 'perennial-action-'));
  token = host.workflowToken({ contents: 'read', issues: 'write', pull_requests: 'write' });
  // For comments a pull request is an issue like any other.
  pull = (await githubAt(host.home()).createIssue({ title: 'a change', body: '' })).number;
  await writeFile(join(folder, 'better.csv'), csv(0.8));
  await writeFile(join(folder, 'worse.csv'), csv(1.3));
  await writeFile(join(folder, 'empty.csv'), 'time,truth,challenger,champion\n');
  await writeFile(join(folder, 'words.csv'), `${csv(0.8)}2026-05-01,many,1,1,1\n`);
  await writeFile(join(folder, 'without.csv'), 'time,truth\n2026-01-01,1\n');
  await writeFile(join(folder, 'broken.json'), '{"rmse": NaN}');
  await writeFile(join(folder, 'image.parquet'), 'PNG');
});
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await host?.stop();
});

describe('the action', () => {
  it('comments once on a pull request, edits in place, and gives its verdict to the next step', async () => {
    const better = await step({ predictions: 'better.csv' });
    expect(better).toMatchObject({ exitCode: 0, merge: 'true', promote: 'true', verdict: 'better' });
    expect(better.summary).toContain('✓ **May be merged.**');
    expect(await readFile(better.report, 'utf8')).toContain('| **WAPE** |');
    const worse = await step({ predictions: 'worse.csv' }, { run: '2' });
    expect(worse).toMatchObject({ exitCode: 1, merge: 'false', promote: 'false', verdict: 'worse' });
    const comments = [...host.state.comments.values()];
    expect(comments).toHaveLength(1);
    expect(comments[0].body).toContain('✗ **Must not be merged.**');
    expect((await step({ predictions: 'worse.csv', fail_on_worse: 'false' }, { run: '3' })).exitCode).toBe(0);
  });

  it('says on a fork that it may not comment, and asks the host for nothing', async () => {
    const before = host.requests.length;
    const told = await step({ predictions: 'better.csv' }, { fork: true });
    expect(told).toMatchObject({ exitCode: 0, verdict: 'better' });
    expect(told.summary).toContain('comes from a fork');
    expect(host.requests).toHaveLength(before);
  });

  it('keeps its verdict where the token may not comment, and says which right is missing', async () => {
    const weak = host.workflowToken({ contents: 'read' });
    const told = await step({ predictions: 'better.csv', token: weak }, { run: '4' });
    expect(told).toMatchObject({ exitCode: 0, verdict: 'better' });
    expect(told.stdout).toContain('::warning::No comment');
    expect(told.stdout.replace(`::add-mask::${weak}`, '')).not.toContain(weak);
  });

  it('looks at data through the gate', async () => {
    const data = await step({ data: 'empty.csv', comment: 'false' });
    expect(data).toMatchObject({ exitCode: 1, merge: 'false' });
  });

  it.each([
    [{ predictions: 'empty.csv' }, 'no row'],
    [{ predictions: 'words.csv' }, 'of `truth` is "many", no number'],
    [{ predictions: 'without.csv' }, 'has no column `challenger`'],
    [{ predictions: 'image.parquet' }, 'cannot be read as CSV or Parquet'],
    [{ predictions: 'nowhere.csv' }, 'cannot be read'],
    [{ predictions: 'better.csv', metric: 'wis' }, 'do not tell wis'],
    [{ metrics: 'broken.json' }, 'is no JSON'],
    [{}, 'give at least one of'],
    [{ predictions: 'better.csv', min_improvement: 'much' }, '`min-improvement` is not what it should be'],
    [{ predictions: 'better.csv', name: '](x' }, '`name` is not what it should be'],
  ])('tells what is wrong with %j, and passes nothing', async (inputs, told) => {
    const ended = await step(inputs);
    expect(ended).toMatchObject({ exitCode: 1, merge: 'false', promote: 'false', verdict: 'error' });
    expect(ended.stdout).toContain(told);
    expect(ended.stdout).not.toContain('    at ');
  });
});

async function step(inputs: Record<string, string>, { run = '1', fork = false } = {}) {
  const at = (name: string) => join(folder, name);
  const repo = { full_name: 'acme/perennial' };
  const event = {
    pull_request: {
      number: pull,
      head: { sha: 'a'.repeat(40), ref: 'feature', repo: fork ? { full_name: 'stranger/perennial' } : repo },
      base: { sha: 'b'.repeat(40), ref: 'master', repo },
    },
  };
  await writeFile(at('event.json'), JSON.stringify(event));
  await writeFile(at('output'), '');
  await writeFile(at('summary'), '');
  const given = Object.entries({ token, ...inputs }).map(([name, value]) => [
    `INPUT_${name.toUpperCase()}`,
    value,
  ]);
  const { exitCode, stdout } = await execa(process.execPath, ['--import', 'tsx', 'pipeline/action/main.ts'], {
    cwd: REPOSITORY,
    reject: false,
    timeout: 100_000,
    extendEnv: false,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      GITHUB_WORKSPACE: folder,
      RUNNER_TEMP: folder,
      GITHUB_EVENT_PATH: at('event.json'),
      GITHUB_OUTPUT: at('output'),
      GITHUB_STEP_SUMMARY: at('summary'),
      GITHUB_API_URL: host.apiUrl,
      GITHUB_SERVER_URL: host.serverUrl,
      GITHUB_REPOSITORY: 'acme/perennial',
      GITHUB_RUN_ID: run,
      GITHUB_RUN_ATTEMPT: '1',
      ...Object.fromEntries(given),
    },
  });
  const outputs = [...(await readFile(at('output'), 'utf8')).matchAll(/^(\w+)<<(\S+)\n([\s\S]*?)\n\2$/gm)];
  return {
    exitCode,
    stdout,
    summary: await readFile(at('summary'), 'utf8'),
    ...(Object.fromEntries(outputs.map(([, name, , value]) => [name, value])) as Record<
      'merge' | 'promote' | 'verdict' | 'report',
      string
    >),
  };
}

function csv(factor: number): string {
  const lines = Array.from({ length: 80 }, (_, day) => {
    const truth = 100 + (day % 7);
    const off = day % 2 ? 0.2 : -0.2;
    const date = new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10);
    return [date, truth, truth * (1 + factor * off), truth * (1 + off), truth * 1.5].join(',');
  });
  return `Time,truth,challenger,champion,baseline\n${lines.join('\n')}\n`;
}
