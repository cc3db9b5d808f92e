import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GitHost } from '../../../test/servers/git-host.ts';
import type { Github } from '../../clients/github/github.ts';
import { githubAt } from '../../clients/github/github-at.ts';
import { postReport } from './run.ts';
import { pullReport } from './sample-report.testing.ts';

let host: GitHost;
let robots: Github;
let jane: Github;

beforeAll(async () => {
  host = await GitHost.start();
  robots = githubAt(host.home());
  jane = githubAt(host.home({ as: { kind: 'token', token: host.person('jane', 'write') } }));
});
afterAll(() => host?.stop());

describe('postReport', () => {
  it('leaves one comment however often it is called, and writes only where something changed', async () => {
    const { number } = await robots.createIssue({ title: 'a pull request', body: '' });
    const first = await postReport(robots, number, report());
    expect(first.changed).toBe(true);
    for (let push = 0; push < 10; push++)
      expect(await postReport(robots, number, report())).toEqual({ page: first.page, changed: false });
    const later = { ...report(), madeAt: '2026-07-02T00:00:00.000Z' };
    expect((await postReport(robots, number, later)).changed).toBe(false);
    expect(await postReport(robots, number, report({ id: 13 }))).toEqual({ page: first.page, changed: true });
    const there = await robots.comments(number);
    expect(there).toHaveLength(1);
    expect(there[0].body).toContain('<!-- perennial:run 13.1 -->');
  });

  it('never lets an older run replace what a newer one said, nor an older attempt', async () => {
    const { number } = await robots.createIssue({ title: 'a pull request', body: '' });
    await postReport(robots, number, report({ id: 20, attempt: 2 }));
    for (const run of [
      { id: 19, attempt: 5 },
      { id: 20, attempt: 1 },
    ])
      expect((await postReport(robots, number, report(run))).changed).toBe(false);
    expect((await robots.comments(number))[0].body).toContain('perennial:run 20.2');
    expect((await postReport(robots, number, report({ id: 20, attempt: 3 }))).changed).toBe(true);
  });

  it('finds its comment behind 250 others with a request a hundred and one that writes', async () => {
    const { number } = await robots.createIssue({ title: 'a pull request', body: '' });
    host.addComments(number, 250);
    await postReport(robots, number, report());
    const before = host.requests.length;
    expect((await postReport(robots, number, report({ id: 30 }))).changed).toBe(true);
    const asked = host.requests.slice(before).map(({ method }) => method);
    expect(asked).toEqual(['GET', 'GET', 'GET', 'PATCH']);
    expect(await robots.comments(number)).toHaveLength(251);
  });

  it('takes no comment of somebody else for its own, whatever is written in it', async () => {
    const { number } = await robots.createIssue({ title: 'a pull request', body: '' });
    const forged = await jane.createComment(
      number,
      '<!-- perennial:report -->\n<!-- perennial:run 999999.1 -->\n\nmay be merged',
    );
    const { page, changed } = await postReport(robots, number, report());
    expect(changed).toBe(true);
    expect(page).not.toBe(forged.page);
    const quoted = await robots.createComment(number, 'about <!-- perennial:report --> and others');
    expect((await postReport(robots, number, report({ id: 40 }))).page).toBe(page);
    expect((await robots.comments(number)).find(({ id }) => id === quoted.id)?.body).toContain('about');
  });

  it('edits the first where there are several of its own, and says so', async () => {
    const { number } = await robots.createIssue({ title: 'a pull request', body: '' });
    const { page } = await postReport(robots, number, report());
    const [{ body }] = await robots.comments(number);
    await robots.createComment(number, body);
    const told: string[] = [];
    const log = { info: () => {}, warn: (_facts: unknown, text?: string) => void told.push(String(text)) };
    const posted = await postReport(robots, number, report({ id: 50 }), { log });
    expect(posted).toEqual({ page, changed: true });
    expect(told.join()).toContain('2 comments of ours');
    expect(await robots.comments(number)).toHaveLength(2);
  });

  it('keeps reports of other names apart', async () => {
    const { number } = await robots.createIssue({ title: 'a pull request', body: '' });
    const own = await postReport(robots, number, report());
    const other = await postReport(robots, number, report(), { slot: 'weekly' });
    expect(other.page).not.toBe(own.page);
    expect((await postReport(robots, number, report({ id: 60 }), { slot: 'weekly' })).page).toBe(other.page);
    expect(await robots.comments(number)).toHaveLength(2);
  });
});

function report(run: { id?: number; attempt?: number } = {}) {
  const made = pullReport({ tracts: 3 });
  return { ...made, run: { ...made.run, ...run } };
}
