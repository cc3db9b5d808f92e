import { describe, expect, it } from 'vitest';
import { originFrom, readOrigin } from './run-origin.ts';

const here = { branch: 'main', remote: null, user: 'ada' };

describe('where a run comes from', () => {
  it.each([
    ['git@example.org:team/models.git', 'https://example.org/team/models'],
    ['ssh://git@example.org:2222/team/models.git', 'https://example.org/team/models'],
    ['https://ada:hush@example.org/team/models.git', 'https://example.org/team/models'],
    ['/srv/git/models.git', null],
    ['file:///srv/git/models.git', null],
  ])('reads the remote %s as %s', (remote, repository) => {
    const origin = originFrom({}, { ...here, remote });
    expect(origin).toMatchObject({ user: 'ada', kind: 'command', branch: 'main', repository, page: null });
    expect(JSON.stringify(origin)).not.toContain('hush');
  });

  it('is in a workflow what GitHub says', () => {
    const env = {
      GITHUB_ACTIONS: 'true',
      GITHUB_ACTOR: 'robot[bot]',
      GITHUB_SERVER_URL: 'https://git.example.org',
      GITHUB_REPOSITORY: 'team/models',
      GITHUB_RUN_ID: '7',
      GITHUB_RUN_ATTEMPT: '2',
      GITHUB_WORKFLOW: 'etl',
      GITHUB_REF_NAME: '12/merge',
      GITHUB_HEAD_REF: 'feature',
    };
    expect(originFrom(env, here)).toEqual({
      user: 'robot[bot]',
      source: 'etl',
      kind: 'workflow',
      branch: 'feature',
      repository: 'https://git.example.org/team/models',
      page: 'https://git.example.org/team/models/actions/runs/7/attempts/2',
    });
    expect(originFrom({ ...env, GITHUB_HEAD_REF: '' }, here).branch).toBe('12/merge');
  });

  it('is asked of this machine', async () => {
    expect(await readOrigin({})).toMatchObject({ kind: 'command', user: expect.stringMatching(/./) });
  });
});
