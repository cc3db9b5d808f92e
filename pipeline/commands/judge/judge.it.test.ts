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

describe('the judge', { timeout: 120_000 }, () => {
  it('recomputes what the review found, to the last digit', async () => {
    const { status, model, comments, error } = await round();
    expect(error).toBeNull();
    const submitted = JSON.parse((await story.submitted()).get('review.json')!.toString());
    console.log(
      status,
      model,
      submitted.promotion?.outcome,
      submitted.reason,
      host.requests.map((r) => r.method + ' ' + r.path),
      comments[0],
    );
    expect(comments).toHaveLength(1);
  });
});
