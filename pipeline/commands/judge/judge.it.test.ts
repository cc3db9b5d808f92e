import { createHash } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GitHost } from '../../../test/servers/git-host.ts';
import { readForecasts, writeForecasts } from '../../clients/forecast-file.ts';
import { githubAt } from '../../clients/github/github-at.ts';
import { withScratch } from '../../clients/scratch.ts';
import type { ScoredForecasts } from '../../contracts/forecast.ts';
import { ReviewSubmission } from '../../contracts/review.ts';
import type { Bench } from './bench.ts';
import { judge } from './judge.ts';
import { githubHome, hostOf, JudgeStory, quietEnvironment, REVIEW_DAY } from './judge-story.testing.ts';
import { openBench } from './open-bench.ts';
import { readEvent } from './read-event.ts';
import { zipped } from './sample-zip.testing.ts';

let story: JudgeStory;
let host: GitHost;
let pull: number;
let bench: Bench & { close(): Promise<void> };

beforeAll(async () => {
  story = await JudgeStory.make();
  process.env.PERENNIAL_MODEL_PREFIX = story.prefix;
});
afterAll(async () => {
  delete process.env.PERENNIAL_MODEL_PREFIX;
  await host?.stop();
  await story?.remove();
});
beforeEach(async () => {
  await bench?.close();
  await host?.stop();
  host = await hostOf(story);
  bench = await benchOf();
  const ada = githubAt({ ...githubHome(host), as: { kind: 'token', token: host.person('ada', 'write') } });
  ({ number: pull } = await ada.createPull({
    title: 'Another seed',
    body: '',
    head: 'feature',
    base: 'test',
  }));
});

const benchOf = (now = REVIEW_DAY) =>
  openBench(quietEnvironment(now), { homes: story.homes, github: githubHome(host), root: story.clone.root });

type Files = Map<string, Buffer>;

interface Round {
  /** Of the review's own artifact: what is changed before it is submitted. */
  change?: (submission: ReviewSubmission) => unknown;
  forecasts?: (tables: ScoredForecasts[]) => ScoredForecasts[];
  /** In place of the zip of all that; null: none. */
  zip?: ((files: Files) => Promise<Buffer>) | null;
  head?: string;
  attempt?: number;
  bench?: Bench;
}

/** A review that ended, and the judge's word on it. */
async function round({ change, forecasts, zip = zipped, head = story.feature, ...more }: Round = {}) {
  const run = host.addRun({ headSha: head, headBranch: 'feature', attempt: more.attempt ?? 1 });
  const files = await story.submitted();
  if (forecasts)
    files.set('forecasts.parquet', await changedForecasts(files.get('forecasts.parquet')!, forecasts));
  const submission = ReviewSubmission.parse(JSON.parse(files.get('review.json')!.toString()));
  submission.run = { id: run.id, attempt: 1 };
  const bytes = files.get('forecasts.parquet')!;
  submission.forecasts = { bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') };
  change?.(submission);
  files.set('review.json', Buffer.from(JSON.stringify(submission)));
  if (zip) host.uploadArtifact({ run: run.id, name: 'perennial-review-infections', zip: await zip(files) });
  const event = await eventOf(host.payloads.workflowRun(run));
  const error = await judge(more.bench ?? bench, event).then(
    () => null,
    (cause: Error) => cause,
  );
  return { ...told(head), error };
}

async function eventOf(payload: unknown) {
  return withScratch(async (folder) => {
    await writeFile(join(folder, 'event.json'), JSON.stringify(payload));
    return readEvent(join(folder, 'event.json'));
  });
}

function told(head = story.feature) {
  const newest = (context: string) =>
    host.state.statuses.filter((status) => status.sha === head && status.context === context).at(-1);
  const comments = host.state.comments.filter(({ issue }) => issue === pull).map(({ body }) => body);
  return { status: newest('perennial'), model: newest('perennial/infections'), comments };
}

async function changedForecasts(bytes: Buffer, change: (tables: ScoredForecasts[]) => ScoredForecasts[]) {
  return withScratch(async (folder) => {
    const path = join(folder, 'forecasts.parquet');
    await writeFile(path, bytes);
    const { tables, grid } = (await readForecasts(path))!;
    await writeForecasts(path, change(tables), grid);
    return readFile(path);
  });
}

/** The challenger's forecasts moved towards the truth (share above 0) or away from it (below). */
const moved = (share: number) => (tables: ScoredForecasts[]) =>
  tables.map((table) =>
    table.model === 'challenger'
      ? {
          ...table,
          point: table.point.map((value, row) =>
            Number.isNaN(table.truth[row]) ? value : value + share * (table.truth[row] - value),
          ),
        }
      : table,
  );

/** Requests without those that only the stand-in's first answers need. */
const asked = () => host.requests.map(({ method, path }) => `${method} ${path.split('?')[0]}`);

describe('the judge', { timeout: 120_000 }, () => {
  it('recomputes what the review found, and says so in one comment and both statuses', async () => {
    const submitted = ReviewSubmission.parse(
      JSON.parse((await story.submitted()).get('review.json')!.toString()),
    );
    const before = bench.github.requests();
    const { status, model, comments, error } = await round();
    expect(error).toBeNull();
    const state = submitted.promotion!.merge ? 'success' : 'failure';
    expect(status).toMatchObject({ state, author: `${host.app.slug}[bot]` });
    expect(model).toMatchObject({ state });
    expect(model?.description).toContain(submitted.promotion!.reason.slice(0, 40));
    expect(comments).toHaveLength(1);
    // Its own figures are the submitted ones: the same data, plan, champion and baselines.
    expect(comments[0]).not.toContain('recomputed');
    expect(bench.github.requests() - before, asked().join('\n')).toBeLessThanOrEqual(8);
  });

  it('says better where it is better, and pending before', async () => {
    const run = host.addRun({ headSha: story.feature, headBranch: 'feature', status: 'in_progress' });
    await judge(bench, await eventOf(host.payloads.workflowRun(run, 'requested')));
    expect(told()).toMatchObject({ status: { state: 'pending' }, comments: [] });
    const { status, model, comments } = await round({ forecasts: moved(0.7), change: silent });
    expect(status).toMatchObject({ state: 'success' });
    expect(model?.description).toMatch(/^Better/);
    expect(comments[0]).toContain('May be merged');
  });

  it('says worse where it is worse, whatever was submitted: forged metrics do not help', async () => {
    const forge = (submission: ReviewSubmission) => {
      Object.assign(submission.promotion!, { outcome: 'better', merge: true, promote: true });
      for (const model of submission.metrics!.models)
        if (model.role === 'challenger') model.overall.wape = 0.01;
    };
    const { status, model, comments } = await round({ forecasts: moved(-1), change: forge });
    expect(status?.state).toBe('failure');
    expect(model?.description).toContain('Forged');
    expect(comments[0]).toContain('recomputed it is');
  });
});

/** A submission without a verdict of its own: only the judge's counts. */
function silent(submission: ReviewSubmission): void {
  submission.promotion = null;
  submission.metrics = null;
}
