import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { Clone } from './clone.ts';

const LIMIT_MS = 10 * 60_000;
const ANSWERS = [
  '--owner',
  'acme/cases',
  '--homes',
  'dagshub',
  '--storage',
  'dagshub',
  '--schedule',
  'daily@05:43',
];

/** A team makes a fork its own. */
describe('init', { timeout: LIMIT_MS }, () => {
  let clone: Clone;
  beforeAll(async () => {
    clone = await Clone.make();
    await clone.withoutNetwork();
    clone.env = { ...clone.env, GITHUB_TOKEN: '', GH_TOKEN: '' };
  }, LIMIT_MS);
  afterAll(() => clone.remove());

  const init = (...flags: string[]) =>
    clone.perennial('init', ...ANSWERS, '--models', 'infections', ...flags);
  const text = (path: string) => readFile(join(clone.root, path), 'utf8');

  it('asks nobody who is not there, and writes nothing', async () => {
    const { exitCode, stderr } = await clone.perennial('init', '--owner', 'acme/cases');
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/--homes, --storage, --models, --schedule missing/);
    expect(await clone.status()).toBe('');
  });

  it('refuses to forget what is not committed', async () => {
    const report = join(clone.root, 'reports', 'infections', 'report.md');
    const before = await readFile(report, 'utf8');
    await writeFile(report, 'mine');
    const { exitCode, stderr } = await init('--reset');
    await writeFile(report, before);
    expect(exitCode).toBe(2);
    expect(stderr).toContain('reports/infections/report.md is not committed');
    expect(await clone.status()).toBe('');
  });

  it('writes the configuration and forgets the demonstration', async () => {
    const { exitCode, stdout, stderr } = await init('--reset');
    expect(exitCode, stderr).toBe(0);
    const changed = (await clone.status()).split('\n').map((line) => line.trim());
    const [files, removed] = [
      changed.filter((line) => !line.startsWith('D ')),
      changed.filter((line) => line.startsWith('D ')),
    ];
    expect(files.sort()).toEqual(['M .github/workflows/etl.yml', 'M params.yaml']);
    expect(removed).toEqual(
      expect.arrayContaining(['D data.dvc', 'D dvc.lock', 'D reports/infections/production.json']),
    );
    expect(removed.every((line) => /^D (data\.dvc|dvc\.lock|reports\/)/.test(line))).toBe(true);

    expect(parse(await text('params.yaml')).promotion.mode).toBe('pull-request');
    expect(parse(await text('.github/workflows/etl.yml')).on.schedule).toEqual([
      { cron: '43 5 * * *', timezone: 'America/New_York' },
    ]);
    expect(await text('.env')).toBe('DAGSHUB_REPO=acme/cases\n# DAGSHUB_USER_TOKEN=\n');
    expect((await stat(join(clone.root, '.env'))).mode & 0o777).toBe(0o600);
    expect(stderr).toContain('gh secret set DAGSHUB_USER_TOKEN --repo acme/cases');
    expect(stderr).toMatch(/Minutes: about [\d,]+–[\d,]+ minutes/);
    // The doctor's word on the homes: the token is for people to put there.
    expect(stdout).toMatch(/✗ settings .*DAGSHUB_REPO is set and DAGSHUB_USER_TOKEN is not/);
  });

  it('changes nothing when it is answered the same again', async () => {
    const before = [await clone.status(), await text('params.yaml'), await text('.env')];
    const { exitCode, stderr } = await init('--reset');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('Everything is as you answered already');
    expect([await clone.status(), await text('params.yaml'), await text('.env')]).toEqual(before);
  });

  it('leaves a repository that begins from nothing: on a laptop', async () => {
    await clone.commit();
    clone.env = { ...clone.env, DAGSHUB_REPO: '' };
    const { exitCode, stdout, stderr } = await clone.perennial('run', '--mode', 'local', '--json');
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([{ promotion: { outcome: 'first' } }]);
    expect(await clone.status()).toBe('');
  });
});
