import { describe, expect, it } from 'vitest';
import type { RegisteredVersion } from '../../contracts/registry.ts';
import { chainText } from './chain-text.ts';
import { type DataSeen, judgeData, judgeSnapshots, sourceOf } from './judge-data.ts';
import { judgeForecast } from './judge-forecast.ts';
import { judgeRun, type RunSeen } from './judge-run.ts';
import { usesText } from './uses.ts';

const version: RegisteredVersion = {
  model: 'infections',
  version: 'v0007',
  digest: 'a'.repeat(64),
  registered_at: '2026-02-01T00:00:00.000Z',
  metrics: {},
  hyperparameters: {},
  commit: 'c'.repeat(40),
  data_version: `${'d'.repeat(32)}.dir`,
  run: 'run-1',
  parent: null,
  train_end: '2026-01-31T00:00:00.000Z',
  candidate: 'trees',
  is_baseline: false,
};

describe('judgeRun', () => {
  const run: RunSeen = {
    page: 'https://mlflow.example/run-1',
    status: 'FINISHED',
    deleted: false,
    tags: {
      'mlflow.source.git.commit': version.commit,
      'perennial.data_version': version.data_version,
      'perennial.bundle': version.digest,
    },
    datasets: [version.data_version],
  };
  const judged = (change: Partial<RunSeen>) =>
    judgeRun(version, { state: 'found', run: { ...run, ...change } });

  it('holds where everything agrees, and where the run tells nothing of it', () => {
    expect(judged({})).toMatchObject({ checked: 'ok', value: run.page });
    expect(judged({ tags: {}, datasets: [] }).checked).toBe('ok');
  });

  it.each(Object.keys(run.tags))('breaks where the tag %s says something else', (tag) => {
    const seen = judged({ tags: { ...run.tags, [tag]: 'other' } });
    expect(seen).toMatchObject({ checked: 'broken', why: expect.stringContaining(`${tag} says other`) });
  });

  it('breaks at another data set, and takes one of several', () => {
    expect(judged({ datasets: ['e'.repeat(36)] }).checked).toBe('broken');
    expect(judged({ datasets: ['e'.repeat(36), version.data_version] }).checked).toBe('ok');
  });

  it.each([
    ['RUNNING', 'unknown'],
    ['SCHEDULED', 'unknown'],
    ['FAILED', 'broken'],
    ['KILLED', 'broken'],
  ])('takes a run that is %s for %s', (status, checked) => {
    expect(judged({ status }).checked).toBe(checked);
  });

  it('does not blame the chain for a server that is away', () => {
    const away = judgeRun(version, { state: 'unreachable', why: 'no answer', hint: 'start it' });
    expect(away).toMatchObject({ checked: 'unknown', why: 'no answer', hint: 'start it' });
    expect(judgeRun({ ...version, run: null }, { state: 'not-asked' }).checked).toBe('unknown');
  });
});

describe('judgeData', () => {
  const seen: DataSeen = {
    listed: true,
    objects: 5,
    missing: [],
    corrupt: [],
    current: true,
    revision: 'b'.repeat(40),
    remote: 's3://bucket',
    root: '.perennial',
  };

  it('puts what is broken before what is missing', () => {
    const both = { missing: ['data/m/x'], corrupt: [{ path: 'data/m/y', file: 'cache/y' }] };
    expect(judgeData('data', 'h', { ...seen, ...both })).toMatchObject({
      checked: 'broken',
      hint: expect.stringContaining('delete cache/y'),
    });
  });

  it('fetches what data.dvc names now in one step, and older ones by their commit', () => {
    const missing = ['data/m/x'];
    expect(judgeData('data', 'h', { ...seen, missing }).hint).toBe(
      'fetch it from s3://bucket: `cd .perennial && dvc fetch data.dvc`',
    );
    const old = judgeData('data', 'h', { ...seen, missing, current: false });
    expect(old.hint).toContain('git checkout bbbbbbbbbbbb -- data.dvc && dvc fetch data.dvc');
  });
});

it('says nothing of snapshots and sources that could not be read', () => {
  expect(judgeSnapshots('snapshot', null).checked).toBe('unknown');
  const none = { total: 0, archived: 0, newest: null, whole: [], refused: null };
  expect(judgeSnapshots('snapshot', none).checked).toBe('unknown');
  expect(sourceOf(null).checked).toBe('unknown');
});

it('breaks at forecasts whose version is gone, and only asks where there are none', () => {
  const manifest = {
    format: 1 as const,
    model: 'infections',
    published_at: '2026-02-02T00:00:00.000Z',
    last_time: '2026-02-01T00:00:00.000Z',
    data_version: version.data_version,
    snapshot: 'f'.repeat(64),
    bundle: 'e'.repeat(64),
    files: {},
  };
  const judged = (versions: RegisteredVersion[], bundle: string | null = manifest.bundle) =>
    judgeForecast(version, {
      pack: { manifest: { ...manifest, bundle }, wrong: [] },
      versions,
      snapshots: null,
    });
  expect(judged([version]).checked).toBe('broken');
  expect(judged([version, { ...version, version: 'v0006', digest: 'e'.repeat(64) }])).toMatchObject({
    checked: 'unknown',
    hint: 'perennial explain v0006',
  });
  expect(judged([version], version.digest).checked).toBe('ok');
  expect(judgeForecast(version, { pack: null, versions: [], snapshots: null }).checked).toBe('unknown');
});

it('prints links below each other, with what to do', () => {
  const text = chainText({
    model: 'infections',
    version: 'v0007',
    aliases: ['champion'],
    links: [
      { link: 'run', value: 'run-1', checked: 'broken', why: 'it is gone', hint: 'look for it' },
      { link: 'snapshot', value: 'f00', checked: 'ok', why: 'collected today', hint: null },
    ],
  });
  expect(text).toBe(
    [
      'infections v0007 (champion)',
      '',
      '  run       ✗ run-1',
      '              it is gone',
      '              → look for it',
      '  snapshot  ✓ f00',
      '              collected today',
      '',
      '1 of 2 links hold, 1 broken.',
    ].join('\n'),
  );
});

it('prints what stands on a snapshot', () => {
  const use = (name: string, used: 'yes' | 'no' | 'unknown', aliases: string[] = []) => ({
    name,
    used,
    aliases,
    data_version: 'd1',
  });
  const text = usesText({
    model: 'infections',
    of: { kind: 'snapshot', value: 'f00' },
    versions: [use('v0001', 'no'), use('v0002', 'unknown'), use('v0003', 'yes', ['champion'])],
    forecasts: use('2026-02-02', 'yes'),
  });
  expect(text).toContain('  versions trained on it\n    v0003 (champion)  data d1');
  expect(text).toContain('could not be told of v0002');
  expect(text).toContain('the forecasts published 2026-02-02 stand on it');
});
