import { describe, expect, it } from 'vitest';
import { descriptionAtEnd, descriptionAtStart } from './description.ts';
import { datasetOf } from './run-dataset.ts';
import { metricsOf, wapeByCutoff } from './run-metrics.ts';
import { paramsAtEnd, paramsAtStart } from './run-params.ts';
import { runName, tagsAtEnd, tagsAtStart } from './run-tags.ts';
import { sampleFacts } from './sample-facts.testing.ts';

const facts = sampleFacts();

describe('parameters', () => {
  it('are the settings with their defaults, flat, and what was learnt with', () => {
    expect(paramsAtEnd(facts)).toMatchObject({
      task: 'forecast',
      horizons: '1, 2, 3',
      'train.seed': 1,
      'promotion.min_improvement': 0.02,
      'gate.max_null_share': 0.01,
      'source.expected_every': '1d',
      'roles.Fälle | neu': 'new_cases',
      candidate: 'blend',
      'model.members': 'lstm trees',
      'model.blend.lstm': 0.6,
      'window.decide': '2026-05-01T00:00:00.000Z to 2026-06-25T00:00:00.000Z',
    });
  });

  it('hold no secret: addresses without, of a query its names, of a key where it comes from', () => {
    const params = paramsAtStart(facts);
    expect(JSON.stringify(params)).not.toContain('hush');
    expect(params).toMatchObject({
      'source.urls': 'https://example.org/regions.csv?api_key=***',
      'source.json.query': 'api_key, region',
      'source.key': 'the environment variable PORTAL_KEY',
    });
  });

  it('that are known at the start are the same at the end: MLflow lets none be changed', () => {
    expect(paramsAtEnd(facts)).toMatchObject(paramsAtStart(facts));
  });
});

describe('metrics', () => {
  const points = metricsOf(facts);
  const of = (key: string) => points.filter((point) => point.key === key);

  it('name the sides of the comparison, and mere candidates by the metric that decides', () => {
    expect(of('wape/challenger')).toEqual([
      { key: 'wape/challenger', value: 0.16, step: 0, at: facts.endedAt },
    ]);
    expect(of('wape/baseline')[0].value).toBe(0.3);
    expect(of('wape/trees')[0].value).toBe(0.17);
    expect(of('wape/persistence')[0].value).toBe(0.4);
    expect(of('mae/trees')).toEqual([]);
    expect(of('coverage90/champion')[0].value).toBe(0.912);
  });

  it('that cannot be told are NaN, in the file a word', () => {
    expect(of('wis/champion')[0].value).toBe('NaN');
    expect(of('selection/lstm')[0].value).toBe('NaN');
    expect(of('lstm-1/held-out-loss')).toEqual([
      { key: 'lstm-1/held-out-loss', value: 'NaN', step: 60, at: facts.startedAt },
    ]);
  });

  it('stand at their horizon, at their cutoff and its own time, at their step of the optimiser', () => {
    expect(of('wape_by_horizon/challenger').map(({ step, value }) => [step, value])).toEqual([
      [1, 0.16],
      [3, 0.5],
    ]);
    // (10 + 0) of 100, then (10 + 20) of 200; the baseline that was decided with, not the other one.
    expect(of('wape_by_cutoff/challenger').map(({ step, value, at }) => [step, value, at])).toEqual([
      [0, 0.1, '2026-01-01T00:00:00.000Z'],
      [1, 0.15, '2026-01-02T00:00:00.000Z'],
    ]);
    expect(of('wape_by_cutoff/baseline').map(({ value }) => value)).toEqual([0.3, 0.45]);
    expect(of('lstm-1/training-loss').map(({ step, value }) => [step, value])).toEqual([
      [15, 0.5],
      [30, 0.25],
    ]);
  });

  it('are one point a key, step and time', () => {
    const seen = points.map(({ key, step, at }) => `${key} ${step} ${at}`);
    expect(new Set(seen).size).toBe(seen.length);
  });

  it('say nothing of an error in relation to nothing', () => {
    const [challenger] = facts.losses!;
    const nothing = { ...challenger, truth: new Float64Array(4) };
    expect(wapeByCutoff(nothing).map(({ wape }) => wape)).toEqual([null, null]);
  });
});

describe('the data set', () => {
  it('is named by its hash, its address, its columns and its span', () => {
    const { schema, profile, ...rest } = datasetOf(facts, null);
    expect(rest).toEqual({
      name: 'm',
      digest: 'd41d8cd98f00b204e9800998ecf8427e.dir',
      source_type: 'http',
      source: '{"url":"https://example.org/regions.csv?api_key=***"}',
      context: 'training',
    });
    expect(JSON.parse(schema!).mlflow_colspec[1]).toEqual({ type: 'datetime', name: 'time', required: true });
    expect(JSON.parse(profile!)).toMatchObject({
      num_rows: 362,
      num_elements: 1086,
      tracts: 2,
      from: '2026-01-01T00:00:00.000Z',
      to: '2026-06-30T00:00:00.000Z',
    });
  });

  it('of files here comes from the DVC remote, where there is one', () => {
    const local = { ...facts, urls: ['/data/regions.csv'] };
    expect(datasetOf(local, 's3://bucket/path')).toMatchObject({
      source_type: 's3',
      source: '{"uri":"s3://bucket/path"}',
    });
    expect(datasetOf(local, null)).toMatchObject({
      source_type: 'local',
      source: '{"uri":"/data/regions.csv"}',
    });
  });

  it('with more columns than a server takes says how many it left out', () => {
    const columns = Array.from({ length: 3000 }, (_, k) => ({
      ...{ name: `column-${k}`, type: 'number' as const, unit: '', description: '' },
    }));
    const { schema } = datasetOf({ ...facts, schema: { ...facts.schema, columns } }, null);
    expect(schema!.length).toBeLessThanOrEqual(60_000);
    const specs = JSON.parse(schema!).mlflow_colspec;
    expect(specs.at(-1).name).toBe(`… and ${3000 - specs.length + 1} more columns`);
  });
});

describe('tags', () => {
  it('are those of MLflow’s pages, and ours', () => {
    expect(tagsAtEnd({ ...facts, parent: 'p'.repeat(32) })).toMatchObject({
      'mlflow.user': 'the robot',
      'mlflow.source.name': 'https://example.org/team/models',
      'mlflow.source.type': 'PROJECT',
      'mlflow.source.git.commit': facts.commit,
      'mlflow.source.git.branch': 'main',
      'mlflow.source.git.repoURL': 'https://example.org/team/models',
      'mlflow.parentRunId': 'p'.repeat(32),
      'perennial.version': 'v0003',
      'perennial.outcome': 'better',
      'perennial.data_version': facts.dataVersion,
      'perennial.bundle': facts.promotion.challenger.digest,
    });
    expect(runName(facts)).toBe('2026-07-01 22:00 m');
  });

  it('of a review name its pull request, and the page says that nothing is registered', () => {
    const review = { sha: 'f'.repeat(40), into: 'test' };
    const tried = { ...facts, version: null, review };
    expect(tagsAtEnd(tried)).toMatchObject({
      'perennial.review': review.sha,
      'perennial.review_into': 'test',
    });
    expect(tagsAtEnd(facts)).not.toHaveProperty('perennial.review');
    expect(runName(tried)).toBe('2026-07-01 22:00 m review');
    expect(descriptionAtEnd(tried)).toContain('into test: nothing of it is registered');
  });

  it('of a workflow name its run; nothing is said of what is not known', () => {
    const page = 'https://example.org/team/models/actions/runs/7/attempts/1';
    const origin = { ...facts.origin, kind: 'workflow' as const, branch: null, page };
    const tags = tagsAtStart({ ...facts, origin });
    expect(tags).toMatchObject({ 'mlflow.source.type': 'JOB', 'perennial.workflow_run': page });
    expect(tags).not.toHaveProperty('mlflow.source.git.branch');
    expect(tags).not.toHaveProperty('mlflow.parentRunId');
  });
});

describe('the description', () => {
  it('tells the verdict first, then a small table, then what it was made from', () => {
    const text = descriptionAtEnd(facts);
    expect(text.split('\n')[0]).toBe(
      '**m:** blend forecasts 20.0 % better than the champion. Registered as v0003.',
    );
    expect(text).toMatch(
      /\|\s+\| challenger \(blend\) \| champion v0002 \(lstm\) \| baseline \(seasonal-naive\) \|/,
    );
    expect(text).toMatch(/\| WAPE\s+\|\s+16.0 % \|\s+20.0 % \|\s+30.0 % \|/);
    expect(text).toMatch(/\| WIS\s+\|\s+9.00 \|\s+– \|/);
    expect(text).toContain('Code `c0ffee000000` · data `d41d8cd98f00b204e9800998ecf8427e.dir`');
  });

  it('cannot be broken by a name', () => {
    const odd = { ...facts, model: 'a|b](x) <img src=x>\n# c' };
    expect(descriptionAtStart(odd)).toContain('**a\\|b\\]\\(x\\) &lt;img src=x&gt; #');
    expect(descriptionAtEnd(odd).split('\n')[1]).toBe('');
  });
});
