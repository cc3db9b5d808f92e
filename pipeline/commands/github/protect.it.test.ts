import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { githubAt } from '../../clients/github/github-at.ts';
import { EXIT } from '../../contracts/errors.ts';
import { hostedRepository, told } from './hosted-repository.testing.ts';
import { protectCommand } from './protect.ts';

let at: Awaited<ReturnType<typeof hostedRepository>>;
beforeAll(async () => {
  at = await hostedRepository();
});
afterAll(() => at.stop());
beforeEach(() => void at.host.requests.splice(0));

const protect = (options: { apply?: boolean; json?: boolean } = {}, env: NodeJS.ProcessEnv = at.env) =>
  told((environment) => protectCommand(environment, options, { repository: at.repository, env }));
const headOf = async (branch: string) =>
  (await at.git('ls-remote', at.host.bare, `refs/heads/${branch}`)).stdout.slice(0, 40);

describe('one repository, in order', () => {
  test('shows what is missing, and changes nothing', async () => {
    at.host.addRuleset({
      name: 'no secrets',
      target: 'branch',
      enforcement: 'active',
      conditions: { ref_name: { include: ['~ALL'], exclude: [] } },
      rules: [],
      bypass_actors: [],
    });
    at.host.state.settings.allow_squash_merge = false;
    const { text, error } = await protect();
    expect(error).toBeNull();
    expect(text).toMatch(/perennial: master checks +\| ruleset +\| none +\| active/);
    expect(text.match(/\| ruleset /g)).toHaveLength(6);
    expect(text).toMatch(/branch test +\| branch +\| none +\| from master/);
    expect(text).toMatch(/squash allowed +\| no +\| yes/);
    expect(text).toContain('Nothing was changed');
    expect(text).toContain('left alone: no secrets');
    expect(at.writes()).toEqual([]);
    expect(await headOf('dev')).toBe('');
  });

  test('--apply makes it so, and a second time does nothing', async () => {
    const { text, error } = await protect({ apply: true });
    expect(error).toBeNull();
    expect(text).toContain('Done');
    const writes = at.writes();
    expect(writes.map(({ method }) => method).sort()).toEqual(['PATCH', ...Array(6).fill('POST')]);
    expect(at.host.state.settings.allow_squash_merge).toBe(true);
    expect(await headOf('dev')).toBe(await headOf('master'));
    expect(await headOf('test')).toBe(await headOf('master'));
    expect(JSON.stringify(at.host.state.rulesets)).toContain(`"integration_id":${at.host.app.id}`);

    const pushes = at.host.gitRequests.length;
    const again = await protect({ apply: true });
    expect(again.error).toBeNull();
    expect(again.text).toContain('is as .github/rulesets/ says');
    expect(at.writes()).toEqual([]);
    expect(at.host.gitRequests).toHaveLength(pushes);
    expect(JSON.parse((await protect({ json: true })).text)).toEqual({
      same: true,
      applied: false,
      advisory: null,
      differences: [],
      others: ['no secrets'],
    });
  });

  test('a rule that somebody took away is told and put back, that one alone', async () => {
    const changed = at.host.state.rulesets.find(({ name }) => name === 'perennial: test checks');
    if (!changed) throw new Error('no ruleset');
    changed.rules = changed.rules.filter(({ type }) => type !== 'deletion');
    expect((await protect()).text).toMatch(/perennial: test checks +\| no deletion +\| none +\| yes/);
    await protect({ apply: true });
    expect(at.writes()).toMatchObject([{ method: 'PUT' }]);
    expect((await protect()).text).toContain('is as .github/rulesets/ says');
  });

  test('in mode auto the App may merge into master what nobody approved', async () => {
    const file = join(at.repository, 'params.yaml');
    const params = await readFile(file, 'utf8');
    await writeFile(file, params.replace('mode: local', 'mode: auto'));
    try {
      expect((await protect()).text).toMatch(
        new RegExp(
          `master approval +\\| may be bypassed by +\\| no +\\| App ${at.host.app.id} \\(pull request\\)`,
        ),
      );
    } finally {
      await writeFile(file, params);
    }
  });

  test('the rules hold: no status but the App’s counts, and no merge without an approval', async () => {
    const { host, git, env } = at;
    const robots = githubAt(host.home());
    const ada = githubAt(host.home({ as: { kind: 'token', token: env.GITHUB_TOKEN } }));
    const author = ['-c', 'user.name=ada', '-c', 'user.email=ada@localhost'];
    await git('checkout', '--quiet', '-b', 'feature');
    await git(...author, 'commit', '--quiet', '--allow-empty', '--message', 'a change');
    const sha = (await git('rev-parse', 'HEAD')).stdout;
    await git('push', '--quiet', host.originFor(env.GITHUB_TOKEN), 'feature');
    await expect(git('push', '--quiet', host.originFor(env.GITHUB_TOKEN), 'feature:test')).rejects.toThrow();
    await host.settle();
    const pull = await ada.createPull({ title: 'a change', body: '', head: 'feature', base: 'test' });
    const merge = () => ada.mergePull(pull.number, { sha, method: 'merge' });
    const green = { context: 'perennial', state: 'success', description: 'fine' } as const;

    host.checkRun(sha, 'checks', 'success');
    await ada.setStatus(sha, green);
    expect(await merge()).toMatchObject({ merged: false, why: expect.stringContaining('perennial') });
    await robots.setStatus(sha, green);
    expect(await merge()).toMatchObject({ merged: false, why: expect.stringMatching(/review/i) });
    host.person('bob', 'write');
    host.approve(pull.number, 'bob');
    expect(await merge()).toMatchObject({ merged: true });
  });
});

describe('refusals', () => {
  test('who is no administrator is told which right is lacking', async () => {
    const { error } = await protect({}, { ...at.env, GITHUB_TOKEN: at.host.person('jane', 'write') });
    expect(error?.exitCode).toBe(EXIT.usage);
    expect(`${error?.message} ${error?.hint}`).toMatch(/administrator.*Administration: read and write/);
    const nobody = await protect({}, { ...at.env, GITHUB_TOKEN: '' });
    expect(nobody.error?.hint).toContain('GITHUB_TOKEN');
    expect(at.writes()).toEqual([]);
  });

  test('without an App there is nothing to bind the status to', async () => {
    at.host.state.variables.delete('PERENNIAL_APP_ID');
    try {
      const { error } = await protect({ apply: true });
      expect(`${error?.message} ${error?.hint}`).toMatch(/no PERENNIAL_APP_ID.*init -- --app/);
      expect(at.writes()).toEqual([]);
    } finally {
      at.host.state.variables.set('PERENNIAL_APP_ID', String(at.host.app.id));
    }
  });

  test('a plan without rules: the block is advisory, and that is no failure', async () => {
    at.host.state.plan = 'free';
    try {
      const { text, error } = await protect({ apply: true });
      expect(error).toBeNull();
      expect(text).toMatch(/! The block is advisory: .*private repository.*\n→ make the repository public/);
      expect(at.writes()).toEqual([]);
    } finally {
      at.host.state.plan = 'pro';
    }
  });

  test('GitHub that takes less than it was given is no success', async () => {
    const ruleset = at.host.state.rulesets.find(({ name }) => name === 'perennial: dev checks');
    if (!ruleset) throw new Error('no ruleset');
    ruleset.enforcement = 'disabled';
    at.host.fail({ method: 'PUT', path: /rulesets/, times: 1, status: 200, body: { ...ruleset } });
    const { error } = await protect({ apply: true });
    expect(error?.message).toMatch(/took not all of it; still different: perennial: dev checks: in force/);
    expect((await protect({ apply: true })).error).toBeNull();
  });
});
