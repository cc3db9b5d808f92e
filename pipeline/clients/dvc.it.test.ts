import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { dvcAt } from './dvc.ts';
import { DvcError, StageFailedError } from './dvc-error.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'perennial-dvc-'));
  execFileSync('git', ['init', '-q'], { cwd: root });
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(join(root, name), text);
const read = (name: string) => readFileSync(join(root, name), 'utf8');

/** Two stages, the second on the first, on a folder under DVC. */
async function twoStages(second = 'cp middle end && echo all is well') {
  const dvc = dvcAt({ root });
  await dvc.init();
  mkdirSync(join(root, 'data'));
  write('data/source', '1');
  await dvc.add('data');
  write(
    'dvc.yaml',
    `stages:
  first:
    cmd: cp data/source middle
    deps: [data/source]
    outs: [middle]
  second:
    cmd: ${JSON.stringify(second)}
    deps: [middle]
    outs: [end]
`,
  );
  return dvc;
}

async function refusal(work: Promise<unknown>): Promise<DvcError> {
  const error = await work.then(
    () => null,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(DvcError);
  return error;
}

it('runs what changed, skips what did not, and says which', async () => {
  const dvc = await twoStages();
  expect(await dvc.repro()).toEqual({
    stages: [
      { stage: 'first', outcome: 'ran' },
      { stage: 'second', outcome: 'ran' },
    ],
  });
  expect(read('end')).toBe('1');
  expect(await dvc.status()).toEqual({});
  expect((await dvc.repro()).stages.map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged']);

  write('data/source', '2');
  expect(Object.keys(await dvc.status())).toEqual(expect.arrayContaining(['first']));
  expect((await dvc.repro(['first'])).stages).toEqual([{ stage: 'first', outcome: 'ran' }]);
  expect(read('middle')).toBe('2');
  expect(read('end')).toBe('1');
  expect((await dvc.repro([], { dry: true })).stages.at(-1)).toEqual({ stage: 'second', outcome: 'ran' });
  expect(read('end')).toBe('1');
  await dvc.repro();

  // What was made before comes out of the run cache.
  write('data/source', '1');
  expect((await dvc.repro()).stages.map(({ outcome }) => outcome)).toEqual(['cached', 'cached']);
  expect(read('end')).toBe('1');
  expect((await dvc.repro([], { force: true })).stages.map(({ outcome }) => outcome)).toEqual(['ran', 'ran']);
});

it('passes the lines of the stages on as they come', async () => {
  // The second stage goes on only when its first line has arrived here.
  const waits = 'echo early; for i in $(seq 600); do [ -e go ] && break; sleep 0.1; done; [ -e go ]';
  await twoStages(`${waits} && cp middle end && echo late`);
  const lines: string[] = [];
  const onLine = (line: string) => {
    lines.push(line);
    if (line === 'early') write('go', '');
  };
  await dvcAt({ root, onLine }).repro();
  const told = lines.filter((line) => ["Running stage 'second':", 'early', 'late'].includes(line));
  expect(told).toEqual(["Running stage 'second':", 'early', 'late']);
});

it('compares commits', async () => {
  const dvc = await twoStages();
  const commit = () =>
    execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@y', 'commit', '-qam', 'x'], { cwd: root });
  execFileSync('git', ['add', '-A'], { cwd: root });
  commit();
  expect((await dvc.diff()).modified).toEqual([]);
  write('data/source', '2');
  await dvc.add('data');
  expect((await dvc.diff()).modified.map(({ path }) => path)).toContain('data/source');
});

it('names the stage that failed, its exit code and its last words', async () => {
  const dvc = await twoStages('echo the reason >&2; exit 3');
  const error = (await refusal(dvc.repro())) as StageFailedError;
  expect(error).toBeInstanceOf(StageFailedError);
  expect(error).toMatchObject({ failure: 'stage-failed', stage: 'second', exitStatus: 3 });
  expect(error.tail).toContain('the reason');
  // What was finished before it stays finished.
  expect((await dvc.status()).first).toBeUndefined();
});

it('leaves no process behind when it is cancelled, and goes on from there', async () => {
  const marker = `61.${process.pid}`;
  await twoStages(`sleep ${marker}; cp middle end`);
  const controller = new AbortController();
  const lines: string[] = [];
  const dvc = dvcAt({ root, signal: controller.signal, onLine: (line) => lines.push(line) });
  const work = refusal(dvc.repro());
  for (let i = 0; i < 1200 && sleepers(marker) === 0; i++) await wait(50);
  expect(sleepers(marker)).toBeGreaterThan(0);
  controller.abort();
  expect(await work).toMatchObject({ failure: 'cancelled' });
  expect(sleepers(marker)).toBe(0);
  expect(await refusal(dvc.status())).toMatchObject({ failure: 'cancelled' });

  write('dvc.yaml', read('dvc.yaml').replace(`sleep ${marker}; `, ''));
  expect((await dvcAt({ root }).repro()).stages).toEqual([
    { stage: 'first', outcome: 'unchanged' },
    { stage: 'second', outcome: 'ran' },
  ]);
});

it('ends a command that takes too long, also one that ignores SIGTERM', async () => {
  const marker = `62.${process.pid}`;
  await twoStages(`trap '' TERM; sleep ${marker}; sleep ${marker}`);
  expect(await refusal(dvcAt({ root, timeoutMs: 3000 }).repro())).toMatchObject({ failure: 'time-out' });
  expect(sleepers(marker)).toBe(0);
});

it('says that another DVC is at work', async () => {
  const marker = `63.${process.pid}`;
  await twoStages(`sleep ${marker}; cp middle end`);
  const controller = new AbortController();
  const first = refusal(dvcAt({ root, signal: controller.signal }).repro());
  for (let i = 0; i < 1200 && sleepers(marker) === 0; i++) await wait(50);
  try {
    expect(await refusal(dvcAt({ root }).repro())).toMatchObject({ failure: 'locked', exitCode: 5 });
  } finally {
    controller.abort();
    await first;
  }
});

it('tells a folder that is no repository, bad YAML, an unknown stage and a missing input apart', async () => {
  expect(await refusal(dvcAt({ root }).status())).toMatchObject({ failure: 'no-repository' });

  const dvc = await twoStages();
  expect(await refusal(dvc.repro(['third']))).toMatchObject({ failure: 'invalid' });
  rmSync(join(root, 'data'), { recursive: true });
  rmSync(join(root, 'data.dvc'));
  expect(await refusal(dvc.repro())).toMatchObject({ failure: 'missing-input' });
  write('dvc.yaml', 'stages: [');
  expect(await refusal(dvc.repro())).toMatchObject({ failure: 'invalid' });
  expect(await refusal(dvc.status())).toMatchObject({ failure: 'invalid' });
  write('dvc.yaml', 'stages: {}');
  expect(await refusal(dvc.repro(['--no-such-flag']))).toMatchObject({ failure: 'usage' });
});

function sleepers(marker: string): number {
  const found = spawnSync('pgrep', ['-f', `^sleep ${marker}$`], { encoding: 'utf8' });
  return found.stdout.split('\n').filter(Boolean).length;
}
