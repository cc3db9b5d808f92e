import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { attempt, command } from './command.mjs';
import { withLock } from './lock.mjs';
import { SetupError } from './setup-error.mjs';
import { removeStamp, stamped, writeStamp } from './stamp.mjs';

const REPOSITORY = join(import.meta.dirname, '..');

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perennial-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const quick = { limitMs: 5_000, pollMs: 5, onWait: () => {} };

it('counts a part as done only with its stamp whole and its inputs the same', () => {
  let input = 'a';
  const part = { name: 'x', stamp: join(folder, 'x.json'), inputs: () => [input], provide: async () => '' };
  expect(stamped(part)).toBeNull();
  writeStamp(part, 'native');
  expect(stamped(part)).toBe('native');
  input = 'b';
  expect(stamped(part)).toBeNull();
  input = 'a';
  writeFileSync(part.stamp, readFileSync(part.stamp, 'utf8').slice(0, 20));
  expect(stamped(part)).toBeNull();
  writeStamp(part, 'wasm');
  removeStamp(part);
  expect(stamped(part)).toBeNull();
});

it('tells inputs apart by where one ends and the next begins', () => {
  let inputs = ['ab', 'c'];
  const part = { name: 'x', stamp: join(folder, 'x.json'), inputs: () => inputs, provide: async () => '' };
  writeStamp(part, 'done');
  inputs = ['a', 'bc'];
  expect(stamped(part)).toBeNull();
});

it('lets one at a time in', async () => {
  let inside = 0;
  let most = 0;
  let waits = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await wait(15);
    inside -= 1;
  };
  const options = { ...quick, onWait: () => waits++ };
  await Promise.all(Array.from({ length: 4 }, () => withLock(join(folder, 'lock'), options, work)));
  expect(most).toBe(1);
  expect(waits).toBe(3);
  expect(existsSync(join(folder, 'lock'))).toBe(false);
});

it('gives up on a lock that is held for longer than the limit, and leaves it alone', async () => {
  const lock = join(folder, 'lock');
  const held = JSON.stringify({ pid: process.pid, host: hostname() });
  writeFileSync(lock, held);
  const refusal = await withLock(lock, { ...quick, limitMs: 30 }, async () => 'in').catch((error) => error);
  expect(refusal).toBeInstanceOf(SetupError);
  expect(refusal.hint).toContain(lock);
  expect(readFileSync(lock, 'utf8')).toBe(held);
});

it("takes over a killed owner's lock, but not that of another machine", async () => {
  const lock = join(folder, 'lock');
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.once('close', resolve));
  writeFileSync(lock, JSON.stringify({ pid: child.pid, host: hostname() }));
  expect(await withLock(lock, quick, async () => 'in')).toBe('in');
  writeFileSync(lock, JSON.stringify({ pid: child.pid, host: 'elsewhere' }));
  await expect(withLock(lock, { ...quick, limitMs: 30 }, async () => 'in')).rejects.toThrow(SetupError);
});

it('gives the lock back when the work fails', async () => {
  const lock = join(folder, 'lock');
  await expect(withLock(lock, quick, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(existsSync(lock)).toBe(false);
});

it('ends a command and its children at the time limit and keeps its words in the log', async () => {
  const log = join(folder, 'x.log');
  // Were the child waited for, the test's own limit would pass first.
  const result = await attempt('sh', ['-c', 'echo begun; sleep 300 & wait'], { timeoutMs: 1_000, log });
  expect(result).toMatchObject({ timedOut: true, output: 'begun\n' });
  expect(readFileSync(log, 'utf8')).toContain('begun');
});

it('says of a failed command what it was, how it ended and what to do', async () => {
  const failing = command('sh', ['-c', 'echo the reason >&2; exit 3'], { timeoutMs: 5_000, hint: 'do this' });
  const error = await failing.catch((reason) => reason);
  expect(error).toBeInstanceOf(SetupError);
  expect(error.message).toMatch(/exited with 3:\nthe reason/);
  expect(error.hint).toBe('do this');
  await expect(command('no-such-command-here', [], { timeoutMs: 5_000, hint: '' })).rejects.toThrow(
    'could not be started',
  );
});

it('runs a file from where the user stands, hands its exit code back and says nothing when all is there', async () => {
  const program = join(folder, 'program.ts');
  writeFileSync(
    program,
    'const where: string = process.env.PERENNIAL_CWD!; console.log(where, process.argv[2]); process.exit(4);',
  );
  const result = await run(program, ['word']);
  expect(result).toEqual({ code: 4, stdout: `${folder} word\n`, stderr: '' });
});

it('passes SIGTERM on and waits for what the file does about it', async () => {
  const program = join(folder, 'program.ts');
  writeFileSync(
    program,
    "process.on('SIGTERM', () => setTimeout(() => { console.log('tidied'); process.exit(9); }, 50)); setInterval(() => {}, 1000); console.log('up');",
  );
  const result = await run(program, [], (child) => child.kill('SIGTERM'));
  expect(result).toMatchObject({ code: 9, stdout: 'up\ntidied\n' });
});

/** Starts a file by run.mjs as npm does from `folder`; `onOutput` is called at its first words. */
async function run(
  program: string,
  args: string[],
  onOutput?: (child: ReturnType<typeof spawn>) => void,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const { PERENNIAL_CWD: _, ...env } = process.env;
  const child = spawn(process.execPath, [join(REPOSITORY, 'setup/run.mjs'), program, ...args], {
    cwd: REPOSITORY,
    env: { ...env, INIT_CWD: folder },
  });
  const result = { code: null as number | null, stdout: '', stderr: '' };
  child.stdout.once('data', () => onOutput?.(child));
  child.stdout.on('data', (chunk) => (result.stdout += chunk));
  child.stderr.on('data', (chunk) => (result.stderr += chunk));
  result.code = await new Promise((resolve) => child.once('close', resolve));
  return result;
}
