import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Finding } from '../doctor/finding.ts';
import { githubDoctorCommand } from './doctor.ts';
import { furnish, hostedRepository, told } from './hosted-repository.testing.ts';
import { protectCommand } from './protect.ts';
import { APP_PERMISSIONS, KEY_FILE } from './workflow-settings.ts';

let at: Awaited<ReturnType<typeof hostedRepository>>;
beforeAll(async () => {
  at = await hostedRepository();
  await told((environment) => protectCommand(environment, { apply: true }, at.where));
});
afterAll(() => at.stop());
beforeEach(async () => {
  const { state } = at.host;
  state.secrets.clear();
  state.runs.length = 0;
  await furnish(at);
  at.host.requests.splice(0);
});

/** With the key of the App in its file, as `init` leaves it. */
async function doctor(env: NodeJS.ProcessEnv = at.env, now?: () => Date) {
  const file = join(at.repository, KEY_FILE);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, at.host.app.privateKey, { mode: 0o600 });
  const where = { repository: at.repository, env };
  const call = await told(
    (environment) => githubDoctorCommand(environment, { json: true }, where),
    now ? { now } : {},
  );
  await rm(file);
  const findings: Finding[] = call.text ? JSON.parse(call.text).findings : [];
  const of = (state: Finding['state']) =>
    findings
      .filter((finding) => finding.state === state)
      .map(({ home, where, said }) => `${home} ${where}: ${said}`);
  return { ...call, findings, wrong: of('wrong'), notes: of('note'), well: of('well') };
}

test('all is there: nothing is wrong, nothing is written, no secret is shown', async () => {
  const { wrong, notes, well, error, text } = await doctor();
  expect(wrong).toEqual([]);
  expect(error).toBeNull();
  expect(notes).toEqual([expect.stringContaining('the key lies on this machine')]);
  expect(well.join('\n')).toMatch(/all 6 rulesets are in force/);
  expect(well.join('\n')).toMatch(/installed, with the rights it needs and no more/);
  expect(well.join('\n')).toMatch(/limited to master and test/);
  expect(well.join('\n')).toMatch(/last scheduled run was 0 hours ago/);
  expect(at.writes()).toEqual([]);
  expect(text).not.toContain(at.env.GITHUB_TOKEN);
  expect(text).not.toContain('PRIVATE KEY-----');
});

type Host = typeof at.host;
const robotsOf = ({ state }: Host) =>
  state.environments.get('robots') ?? { branches: 'all', policies: [] as string[], secrets: [] as string[] };
const workflow = ({ state }: Host, file: string) =>
  state.workflows.find(({ path }) => path.endsWith(`/${file}`));

test.each<[string, (host: Host) => unknown, RegExp]>([
  [
    'a key that every branch can read',
    ({ state }) => state.secrets.add('PERENNIAL_APP_PRIVATE_KEY'),
    /^settings PERENNIAL_APP_PRIVATE_KEY: lies among the repository's secrets/,
  ],
  [
    'no key at all',
    (host) => Object.assign(robotsOf(host), { secrets: [] }),
    /^settings PERENNIAL_APP_PRIVATE_KEY: is not in the environment robots/,
  ],
  [
    'no number of the installation',
    ({ state }) => state.variables.delete('PERENNIAL_APP_INSTALLATION'),
    /^settings PERENNIAL_APP_INSTALLATION: is not among the variables/,
  ],
  [
    'the number of another installation',
    ({ state }) => state.variables.set('PERENNIAL_APP_INSTALLATION', '1'),
    /^App \d+: PERENNIAL_APP_INSTALLATION is another number/,
  ],
  [
    'half of a pair',
    ({ state }) => state.secrets.add('AWS_ACCESS_KEY_ID'),
    /^settings AWS_SECRET_ACCESS_KEY: is not set, and AWS_ACCESS_KEY_ID is$/,
  ],
  [
    'Dagshub without its token',
    ({ state }) => state.secrets.delete('DAGSHUB_USER_TOKEN'),
    /^settings DAGSHUB_USER_TOKEN: is not set, and DAGSHUB_REPO is$/,
  ],
  [
    'an environment open to every branch',
    (host) => Object.assign(robotsOf(host), { branches: 'all' }),
    /^environment robots: code of every branch may use the App's key$/,
  ],
  [
    'an environment open to one branch more',
    (host) => robotsOf(host).policies.push('dev'),
    /^environment robots: code of dev may use/,
  ],
  [
    'a branch that may not use it',
    (host) => robotsOf(host).policies.splice(1),
    /^environment robots: test may not use it$/,
  ],
  [
    'a schedule switched off after quiet weeks',
    (host) => Object.assign(workflow(host, 'etl.yml') ?? {}, { state: 'disabled_inactivity' }),
    /^workflows etl.yml: GitHub switched it off: the repository was quiet for 60 days$/,
  ],
  [
    'a workflow that GitHub does not know',
    ({ state }) => state.workflows.shift(),
    /^workflows \S+\.yml: GitHub does not know it$/,
  ],
  [
    'a schedule that does not run',
    ({ state }) => Object.assign(state.runs[0], { createdAt: daysAgo(4) }),
    /^schedule etl.yml: 17 6 \* \* \* \S+: the last scheduled run was 4 days ago$/,
  ],
])('%s', async (_, change, said) => {
  change(at.host);
  const { wrong, error, findings } = await doctor();
  expect(wrong).toEqual([expect.stringMatching(said)]);
  expect(error).not.toBeNull();
  for (const finding of findings.filter(({ state }) => state === 'wrong')) expect(finding.hint).toBeTruthy();
});

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString();

describe('rules', () => {
  test('one that is disabled: the block is advisory', async () => {
    const ruleset = at.host.state.rulesets.find(({ name }) => name === 'perennial: test checks');
    Object.assign(ruleset ?? {}, { enforcement: 'disabled' });
    try {
      expect((await doctor()).wrong).toEqual([
        'rules .github/rulesets: the block is advisory: missing or different on GitHub: test checks',
      ]);
    } finally {
      Object.assign(ruleset ?? {}, { enforcement: 'active' });
    }
  });

  test('a plan that has none: the block is advisory', async () => {
    at.host.state.plan = 'free';
    try {
      const { wrong } = await doctor();
      expect(wrong).toEqual([expect.stringMatching(/block is advisory: GitHub's plan has no branch rules/)]);
    } finally {
      at.host.state.plan = 'pro';
    }
  });
});

describe('the App', () => {
  const { rights: granted } = { rights: APP_PERMISSIONS };
  test('with a right too few, with one too many, and not installed', async () => {
    const { app } = at.host;
    try {
      app.rights = { ...granted, statuses: 'read' };
      expect((await doctor()).wrong).toEqual([expect.stringMatching(/lacks statuses: write$/)]);
      app.rights = { ...granted, administration: 'write' };
      expect((await doctor()).notes).toContainEqual(
        expect.stringMatching(/more than it needs: administration: write$/),
      );
      app.rights = null;
      expect((await doctor()).wrong).toEqual([expect.stringMatching(/is not installed in this repository$/)]);
    } finally {
      app.rights = { ...granted };
    }
  });
});

describe('the token', () => {
  test('that ends within 14 days is told, one that ends later is not', async () => {
    const endsIn = (days: number) => {
      const end = new Date(Date.now() + days * 86_400_000 + 3_600_000).toISOString();
      const header = `${end.slice(0, 10)} ${end.slice(11, 19)} UTC`;
      const headers = { 'github-authentication-token-expiration': header };
      at.host.fail({ path: '/rate_limit', times: 1, status: 200, body: {}, headers });
    };
    endsIn(10);
    expect((await doctor()).notes).toContainEqual(
      expect.stringMatching(/reached as ada; this token ends on .*, in 10 days$/),
    );
    endsIn(30);
    const { notes, well } = await doctor();
    expect(notes.join()).not.toContain('this token ends');
    expect(well.join('\n')).toContain('this token ends on');
  });

  test('without rights: not known is not wrong, and the right is named', async () => {
    const headers = { 'x-accepted-github-permissions': 'secrets=read' };
    const body = { message: 'Resource not accessible by personal access token' };
    at.host.fail({ path: /\/actions\/secrets$/, times: 1, status: 403, headers, body });
    at.host.fail({ path: /\/environments$/, times: 1, status: 403, headers, body });
    const { wrong, findings, error } = await doctor();
    const hidden = findings.filter(({ said }) => said === 'not known: this token may not see it');
    expect(hidden.map(({ home }) => home)).toEqual(['settings', 'environment']);
    expect(hidden.map(({ hint }) => hint).join()).toMatch(/"Secrets: read[\s\S]*"Environments: read"/);
    expect(wrong).toEqual([]);
    expect(error).toBeNull();
  });

  test('that is wrong, or not there', async () => {
    const { wrong, error } = await doctor({ ...at.env, GITHUB_TOKEN: 'ghp_of-nobody' });
    expect(wrong).toEqual([expect.stringMatching(/^GitHub acme\/perennial: .*401/)]);
    expect(error).not.toBeNull();
    expect((await doctor({ ...at.env, GITHUB_TOKEN: '' })).error?.hint).toContain('gh auth token');
  });
});
