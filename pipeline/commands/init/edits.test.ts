import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { Params } from '../../contracts/params.ts';
import { REPOSITORY } from '../../workspace.ts';
import { WORKFLOW_SETTINGS } from '../github/workflow-settings.ts';
import { editEnv, settingsOf } from './edit-env.ts';
import { editParams } from './edit-params.ts';
import { cronOf, editSchedule, parseCron, readSchedule } from './edit-schedule.ts';
import { estimateMinutes, FREE_MINUTES, minutesWords } from './minutes.ts';
import { appLines, ghLines, secretsForEnv } from './next-steps.ts';
import { timezoneOf } from './write-answers.ts';

const shipped = (...path: string[]) => readFileSync(join(REPOSITORY, ...path), 'utf8');
const daily = { every: 'daily', hour: 6, minute: 17 } as const;
const DAGSHUB = {
  homes: { kind: 'dagshub', repository: 'acme/cases' },
  storage: { kind: 'dagshub' },
} as const;
const OWN = {
  homes: { kind: 'mlflow', url: 'https://m.example' },
  storage: { kind: 'remote', url: 's3://bucket/x' },
} as const;

describe('params.yaml', () => {
  const params = shipped('params.yaml');
  const models = [
    { name: 'italy', source: null },
    { name: 'clinics', source: 'https://x.example/cases.csv' },
  ];
  const edited = editParams(params, { models, schedule: { ...daily, every: 'weekly' } });

  test('the named models are active, a new one is added, the others stay and rest', () => {
    const { promotion, models: entries } = Params.parse(parse(edited));
    expect(promotion.mode).toBe('pull-request');
    expect(Object.entries(entries).map(([name, { active }]) => [name, active])).toEqual([
      ['infections', false],
      ['italy', true],
      ['temperature', false],
      ['clinics', true],
    ]);
    expect(entries.clinics.source.urls).toEqual(['https://x.example/cases.csv']);
    expect(entries.clinics.schedule.check).toBe('weekly');
    expect(entries.italy.schedule.check).toBe('weekly');
    expect(entries.temperature.schedule.check).toBe('hourly');
  });

  test('every comment stays, and every line that was not asked for', () => {
    const lines = (text: string) => text.split('\n').map((line) => line.trim());
    const gone = lines(params).filter((line) => line.startsWith('#') && !lines(edited).includes(line));
    expect(gone).toEqual([]);
    expect(edited).toContain('    horizons: [1, 2, 3, 4, 5, 6, 7]\n');
    expect(edited).toContain('simulator: { state: "42", seed: 20260101, days: 913 }');
  });

  test('the same answers again leave the very same text', () => {
    expect(editParams(edited, { models, schedule: { ...daily, every: 'weekly' } })).toBe(edited);
    const asShipped = { models: [{ name: 'infections', source: null }], schedule: daily };
    const once = editParams(params, asShipped);
    expect(once).not.toBe(params);
    expect(editParams(once, asShipped)).toBe(once);
  });

  test('auto, chosen by hand, stays', () => {
    const auto = params.replace('{ mode: local }', '{ mode: auto }');
    expect(editParams(auto, { models: [{ name: 'infections', source: null }], schedule: daily })).toBe(auto);
  });

  test('another source under the same name is refused', () => {
    const other = [{ name: 'infections', source: 'https://x.example/cases.csv' }];
    expect(() => editParams(params, { models: other, schedule: daily })).toThrow(/with another source/);
  });

  test('the time zone of the active sources, or UTC where they differ', () => {
    expect(timezoneOf(params)).toBe('America/New_York');
    expect(timezoneOf(edited)).toBe('UTC');
  });
});

describe('the cron table', () => {
  const workflow = shipped('.github', 'workflows', 'etl.yml');

  test('only its two values change', () => {
    const edited = editSchedule(workflow, { cron: '43 5 * * 1', timezone: 'Europe/Rome' });
    expect(readSchedule(edited)).toEqual({ cron: '43 5 * * 1', timezone: 'Europe/Rome' });
    const changed = edited.split('\n').filter((line, at) => line !== workflow.split('\n')[at]);
    expect(changed).toHaveLength(2);
    expect(editSchedule(edited, readSchedule(workflow))).toBe(workflow);
    expect(parse(edited).on.schedule).toEqual([{ cron: '43 5 * * 1', timezone: 'Europe/Rome' }]);
  });

  test('quotes stay quotes', () => {
    const quoted = `on:\n  schedule:\n    - cron: '17 6 * * *' # why\n      timezone: "UTC"\njobs: {}\n`;
    expect(editSchedule(quoted, { cron: '5 * * * *', timezone: 'Europe/Rome' })).toBe(
      `on:\n  schedule:\n    - cron: '5 * * * *' # why\n      timezone: "Europe/Rome"\njobs: {}\n`,
    );
  });

  test.each([
    [{ every: 'hourly', hour: 6, minute: 5 }, '5 * * * *'],
    [{ every: 'daily', hour: 6, minute: 17 }, '17 6 * * *'],
    [{ every: 'weekly', hour: 23, minute: 59 }, '59 23 * * 1'],
  ] as const)('%o', (schedule, cron) => {
    expect(cronOf(schedule)).toBe(cron);
    expect(parseCron(cron)).toEqual(schedule);
  });

  test('two schedules, or none, are refused', () => {
    for (const table of ['[]', '[{cron: 1, timezone: UTC}, {cron: 2, timezone: UTC}]', '[{cron: 1}]']) {
      expect(() => readSchedule(`on: { schedule: ${table} }`)).toThrow(/not one line/);
    }
  });
});

describe('.env', () => {
  test('addresses are set, secrets are asked for in comments, and other lines stay', () => {
    const before = '# mine\nAWS_REGION=eu-central-1\nDAGSHUB_REPO=other/one\nDAGSHUB_USER_TOKEN=abcdefgh\n';
    const edit = { settings: settingsOf(DAGSHUB), secrets: secretsForEnv(DAGSHUB) };
    const after = editEnv(before, edit);
    expect(after).toBe(before.replace('other/one', 'acme/cases'));
    expect(editEnv('', edit)).toBe('DAGSHUB_REPO=acme/cases\n# DAGSHUB_USER_TOKEN=\n');
    expect(editEnv(editEnv('', edit), edit)).toBe(editEnv('', edit));
  });

  test('what would win over the answer goes', () => {
    const dagshub = editEnv('', { settings: settingsOf(DAGSHUB), secrets: [] });
    const own = editEnv(dagshub, { settings: settingsOf(OWN), secrets: [] });
    expect(own).toBe('MLFLOW_TRACKING_URI=https://m.example\nPERENNIAL_REMOTE=s3://bucket/x\n');
    expect(editEnv(own, { settings: settingsOf(DAGSHUB), secrets: [] })).toBe(dagshub);
  });
});

describe('lines for a shell', () => {
  test('every name that the workflows read is known here, and no other', () => {
    const folder = join(REPOSITORY, '.github', 'workflows');
    const used = new Set(
      readdirSync(folder).flatMap((file) =>
        [...shipped('.github', 'workflows', file).matchAll(/\b(secrets|vars)\.([A-Z][A-Z0-9_]*)/g)].map(
          ([, kind, name]) => `${kind === 'vars' ? 'variable' : 'secret'} ${name}`,
        ),
      ),
    );
    used.delete('secret GITHUB_TOKEN');
    expect(WORKFLOW_SETTINGS.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([...used].sort());
  });

  test('addresses are given, secrets are asked for by gh', () => {
    expect(ghLines('acme/cases', DAGSHUB)).toEqual([
      'gh variable set DAGSHUB_REPO --repo acme/cases --body acme/cases',
      'gh secret set DAGSHUB_USER_TOKEN --repo acme/cases',
    ]);
    const own = ghLines('acme/cases', OWN);
    expect(own[0]).toBe('gh secret set MLFLOW_TRACKING_URI --repo acme/cases --body https://m.example');
    expect(own).toContain('gh secret set AWS_SECRET_ACCESS_KEY --repo acme/cases');
    expect(own.join('\n')).not.toMatch(/AZURE|DAGSHUB|REMOTE_USER/);
  });

  test('the key goes into the environment alone, from its file', () => {
    const lines = appLines('acme/cases', { id: 12, keyFile: '.perennial/key.pem', installation: 34 });
    expect(lines.filter((line) => line.includes('PRIVATE_KEY'))).toEqual([
      'gh secret set PERENNIAL_APP_PRIVATE_KEY --env robots --repo acme/cases < .perennial/key.pem',
    ]);
    expect(lines.join('\n')).toMatch(
      /name=master[\s\S]*name=test[\s\S]*APP_ID .*--body 12[\s\S]*INSTALLATION .*--body 34/,
    );
  });
});

describe('minutes', () => {
  test('a daily check of one model stays well within what is free', () => {
    const { scheduled, change } = estimateMinutes('daily', ['monthly']);
    expect(scheduled[0]).toBeGreaterThan(100);
    expect(scheduled[1]).toBeLessThan(FREE_MINUTES);
    expect(change[0]).toBeLessThan(change[1]);
  });

  test('more models, more looks, more trainings: more minutes', () => {
    const of = (...call: Parameters<typeof estimateMinutes>) => estimateMinutes(...call).scheduled[1];
    expect(of('hourly', ['monthly'])).toBeGreaterThan(of('daily', ['monthly']));
    expect(of('daily', ['weekly'])).toBeGreaterThan(of('daily', ['monthly']));
    expect(of('daily', ['monthly', 'monthly'])).toBeGreaterThan(of('daily', ['monthly']));
    expect(of('weekly', ['quarterly'])).toBeLessThan(of('daily', ['quarterly']));
  });

  test('says what is free, and when it is not', () => {
    const small = estimateMinutes('weekly', ['monthly']);
    const large = estimateMinutes('hourly', ['weekly', 'weekly', 'weekly']);
    expect(minutesWords(small, { isPrivate: true }).join()).toMatch(/2,000 a month on the free plan$/);
    expect(minutesWords(large, { isPrivate: true }).join()).toMatch(/more than is free.*--schedule/);
    expect(minutesWords(large, { isPrivate: false }).join()).toMatch(/public repositories are not charged/);
  });
});
