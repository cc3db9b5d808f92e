import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { githubAt } from '../pipeline/clients/github/github-at.ts';
import { githubHome, hostOf, JudgeStory } from '../pipeline/commands/judge/judge-story.testing.ts';
import { zipped } from '../pipeline/commands/judge/sample-zip.testing.ts';
import { ReviewSubmission, reviewArtifact } from '../pipeline/contracts/review.ts';
import type { GitHost } from '../test/servers/git-host.ts';
import { MlflowServer } from '../test/servers/mlflow.ts';
import type { BenchTable } from './table.ts';

const MODEL = 'infections';
const ROUNDS = 5;
const LIMIT_S = 5;
const MOST_REQUESTS = 8;
/** With ours a hundred. */
const COMMENTS = 99;

interface Round {
  comment: number;
  status: number;
  requests: number;
}

/** `perennial judge` as the workflow calls it, from its event to comment and status. */
export async function run(): Promise<BenchTable> {
  const mlflow = await MlflowServer.start({ version: '3' });
  const folder = await mkdtemp(join(tmpdir(), 'perennial-bench-judge-'));
  let story: JudgeStory | null = null;
  let host: GitHost | null = null;
  try {
    story = await JudgeStory.make(mlflow.home);
    host = await hostOf(story);
    const token = host.person('ada', 'write');
    const ada = githubAt({ ...githubHome(host), as: { kind: 'token', token } });
    const { number } = await ada.createPull({ title: 'Seed', body: '', head: 'feature', base: 'test' });
    host.addComments(number, COMMENTS);
    const load = loadavg()[0].toFixed(1);
    const rounds: Round[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await judged(host, story, folder));
    return table(rounds, { load, size: await sizeOf(story) });
  } finally {
    await host?.stop();
    await story?.remove();
    await mlflow.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function judged(host: GitHost, story: JudgeStory, folder: string): Promise<Round> {
  const run = host.addRun({ headSha: story.feature, headBranch: 'feature' });
  host.uploadArtifact({ run: run.id, name: reviewArtifact(MODEL), zip: await submission(story, run.id) });
  const event = join(folder, 'event.json');
  await writeFile(event, JSON.stringify(host.payloads.workflowRun(run)));
  const before = host.requests.length;
  const began = Date.now();
  const { exitCode, stderr } = await story.judge(host, { event });
  const asked = host.requests.slice(before);
  const comment = asked.findLast(({ method, path }) => method !== 'GET' && path.includes('/comments'));
  const status = asked.findLast(({ path }) => path.includes('/statuses/'));
  if (exitCode !== 0 || !comment || !status) throw new Error(`the judge ended with ${exitCode}:\n${stderr}`);
  const seconds = (at: number) => (at - began) / 1000;
  return { comment: seconds(comment.at), status: seconds(status.at), requests: asked.length };
}

/** The review's own artifact, told to be of this run. */
async function submission(story: JudgeStory, run: number): Promise<Buffer> {
  const files = await story.submitted();
  const forecasts = files.get('forecasts.parquet')!;
  const review = ReviewSubmission.parse(JSON.parse(files.get('review.json')!.toString()));
  review.run = { id: run, attempt: 1 };
  review.forecasts = {
    bytes: forecasts.length,
    sha256: createHash('sha256').update(forecasts).digest('hex'),
  };
  return zipped(files.set('review.json', Buffer.from(JSON.stringify(review))));
}

async function sizeOf(story: JudgeStory): Promise<string> {
  const { metrics } = ReviewSubmission.parse(
    JSON.parse((await story.submitted()).get('review.json')!.toString()),
  );
  const { cutoffs, models } = metrics!;
  return `${cutoffs} cutoffs, ${models.length} models`;
}

function table(rounds: Round[], { load, size }: { load: string; size: string }): BenchTable {
  const comment = median(rounds.map((round) => round.comment));
  const status = median(rounds.map((round) => round.status));
  const requests = Math.max(...rounds.map((round) => round.requests));
  return {
    title: 'The judge: from the event to comment and status',
    columns: ['figure', 'perennial', 'asked'],
    rows: [
      ['comment', `${comment.toFixed(1)} s ${tick(comment < LIMIT_S)}`, `< ${LIMIT_S} s`],
      ['status', `${status.toFixed(1)} s ${tick(status < LIMIT_S)}`, `< ${LIMIT_S} s`],
      ['API requests', `${requests} ${tick(requests <= MOST_REQUESTS)}`, `≤ ${MOST_REQUESTS}`],
    ],
    notes: [
      `The command as the workflow calls it, from the start of its process, five counties of a year's data (${size}): median of ${ROUNDS}, the most requests of any; beside ${COMMENTS} comments of others. GitHub's own time before a job begins, checking out and installing are not in it.`,
      'The stand-in for the Git host, MLflow 3 and the remote are on the same machine, and share its cores.',
      `Load of the machine at the start: ${load}.`,
    ],
  };
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const tick = (reached: boolean) => (reached ? '✓' : '✗');
