import { setTimeout as wait } from 'node:timers/promises';
import { markdownTable } from 'markdown-table';
import { request } from 'undici';
import type { Docker } from '../../clients/docker.ts';
import { DockerError } from '../../clients/docker-run.ts';
import { escapeMarkdown } from '../../metrics/escape-markdown.ts';
import { readParams } from '../../params.ts';
import { taskFor } from '../../tasks/index.ts';
import { REPOSITORY } from '../../workspace.ts';
import type { Environment } from '../environment.ts';
import { tellWorkflow } from '../etl/outputs.ts';
import { modelsLabel } from './build.ts';
import { type RunningImage, whileRunning } from './container.ts';
import { imageSettings, withDocker } from './push.ts';
import { type Answer, type Question, questionsFor } from './questions.ts';
import { type BakedModel, readReleased } from './read-released.ts';
import { ReleaseRefused, tellingRefusal } from './refused.ts';

export interface Checked {
  what: string;
  passed: boolean;
  seen: string;
}

/** A cold start takes a second; a busy machine is slower. */
const READY_LIMIT_MS = 60_000;
const LOOK_EVERY_MS = 250;
const ANSWER_LIMIT_MS = 15_000;

/** `perennial release-verify`: starts the image as it is meant to run and asks it real questions.
 *  @throws ReleaseRefused where it does not start, or one answer is wrong */
export async function releaseVerifyCommand(
  environment: Environment,
  image: string,
  options: { released: string; commit: string },
): Promise<void> {
  const { models: params } = await readParams(REPOSITORY);
  const { released, models } = await readReleased(options.released);
  const questions = questionsFor(models, ({ model, bundle }: BakedModel) =>
    taskFor(params[model].task).served(bundle),
  );
  const settings = await imageSettings();
  await tellingRefusal(environment, () =>
    withDocker(environment, settings, async (docker) => {
      await docker.pull(image);
      const written = await looksRight(docker, image, {
        commit: options.commit,
        models: modelsLabel(released.models),
      });
      const checked = [...written, ...(await startAndAsk(docker, image, questions))];
      const table = checkedTable(checked);
      const wrong = checked.filter(({ passed }) => !passed);
      if (wrong.length > 0) {
        const [{ what, seen }] = wrong;
        throw new ReleaseRefused(
          `${wrong.length} of ${checked.length} checks of the image failed: ${what}: ${seen}`,
          table,
        );
      }
      await tellWorkflow(environment, {}, `**\`${image}\` answers rightly.**\n\n${table}`);
    }),
  );
}

/** What is written on the image, and as whom it runs. */
async function looksRight(
  docker: Docker,
  image: string,
  expected: { commit: string; models: string },
): Promise<Checked[]> {
  const config = (await docker.image(image))?.Config;
  const [user, labels] = [config?.User ?? '', config?.Labels ?? {}];
  const same = (what: string, seen: string | undefined, wanted: string): Checked => ({
    what,
    passed: seen === wanted,
    seen: seen === wanted ? seen : `${seen ?? 'none'}, expected ${wanted}`,
  });
  const root = user === '' || /^(root|0)(:|$)/.test(user);
  return [
    { what: 'runs without root’s rights', passed: !root, seen: user || 'root' },
    same('label: commit', labels['org.opencontainers.image.revision'], expected.commit),
    same('label: models', labels['perennial.models'], expected.models),
  ];
}

async function startAndAsk(docker: Docker, image: string, questions: Question[]): Promise<Checked[]> {
  const began = performance.now();
  return whileRunning(docker, image, async (running) => {
    const url = await untilReady(running);
    const ready = `${((performance.now() - began) / 1000).toFixed(1)} s`;
    const checked: Checked[] = [{ what: 'starts on a read-only file system', passed: true, seen: ready }];
    for (const question of questions) checked.push(await askOne(url, question));
    const exit = await running.stop();
    checked.push({ what: 'ends when it is told to', passed: exit === 0, seen: `exit code ${exit}` });
    return checked;
  }).catch((cause: unknown) => {
    // What the engine cannot run at all; an engine that is away is another matter.
    if (!(cause instanceof DockerError) || cause.failure !== 'failed') throw cause;
    throw new ReleaseRefused(`the image does not start: ${cause.message}`, '', { cause });
  });
}

/** @returns where it answers
 *  @throws ReleaseRefused where it ends, or is not ready in time */
async function untilReady(running: RunningImage): Promise<string> {
  const end = performance.now() + READY_LIMIT_MS;
  let seen = 'no answer';
  for (;;) {
    const exit = await running.exitCode();
    if (exit !== null) throw await notStarted(running, `it ended with ${exit}`);
    const url = await running.url();
    const answer = url && (await ask(url, { method: 'GET', path: '/health/ready' }).catch(() => null));
    if (url && answer && answer.status === 200) return url;
    if (answer) seen = `it answers ${answer.status}`;
    if (performance.now() > end)
      throw await notStarted(running, `${seen} to /health/ready within ${READY_LIMIT_MS / 1000} s`);
    await wait(LOOK_EVERY_MS);
  }
}

async function notStarted(running: RunningImage, seen: string): Promise<ReleaseRefused> {
  const lines = await running.lastLines();
  return new ReleaseRefused(
    `the image does not start: ${seen}`,
    `It does not start: ${escapeMarkdown(seen)}. Its last lines:\n\n${fenced(lines)}`,
  );
}

async function askOne(url: string, question: Question): Promise<Checked> {
  try {
    return { what: question.what, ...question.judge(await ask(url, question)) };
  } catch (error) {
    return { what: question.what, passed: false, seen: (error as Error).message };
  }
}

async function ask(
  url: string,
  { method, path, body }: Pick<Question, 'method' | 'path' | 'body'>,
): Promise<Answer> {
  const reply = await request(`${url}${path}`, {
    method,
    ...(body !== undefined && {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
    headersTimeout: ANSWER_LIMIT_MS,
    bodyTimeout: ANSWER_LIMIT_MS,
  });
  const headers = Object.fromEntries(
    Object.entries(reply.headers).map(([name, value]) => [name, String(value)]),
  );
  return { status: reply.statusCode, headers, text: await reply.body.text() };
}

export function checkedTable(checked: Checked[]): string {
  const rows = checked.map(({ what, passed, seen }) => [
    passed ? '✓' : '✗',
    escapeMarkdown(what),
    escapeMarkdown(seen),
  ]);
  return markdownTable([['', 'Asked', 'Seen'], ...rows]);
}

/** Whatever the lines hold, the fence is longer. */
function fenced(lines: string): string {
  const longest = Math.max(2, ...[...lines.matchAll(/`+/g)].map(([ticks]) => ticks.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}\n${lines.trim()}\n${fence}`;
}
