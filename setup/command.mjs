import { spawn } from 'node:child_process';
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SetupError } from './setup-error.mjs';

const KEPT_CHARACTERS = 100_000;

/** @typedef {{ cwd?: string, env?: NodeJS.ProcessEnv, timeoutMs: number, log?: string }} CommandOptions */

/** Process groups that are running now, so that an ended set-up leaves no orphan behind.
 *  @type {Set<number>} */
const running = new Set();

/** Runs a command with a time limit, its whole output in a log file instead of on the terminal.
 *  @param {string} command
 *  @param {string[]} args
 *  @param {CommandOptions} options
 *  @returns {Promise<{ code: number | null, timedOut: boolean, output: string }>} `output` is both
 *    streams' last part; a command that cannot be started has code null */
export async function attempt(command, args, { cwd, env, timeoutMs, log }) {
  const child = spawn(command, args, {
    cwd,
    env: env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  if (child.pid) running.add(child.pid);
  let output = '';
  /** @param {Buffer} chunk */
  const keep = (chunk) => {
    output = (output + chunk.toString()).slice(-KEPT_CHARACTERS);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);

  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    endGroup(child.pid, 'SIGKILL');
  }, timeoutMs);
  const code = await new Promise((resolve) => {
    child.on('error', (error) => {
      output += String(error);
      resolve(null);
    });
    child.on('close', resolve);
  });
  clearTimeout(timer);
  if (child.pid) running.delete(child.pid);
  if (log) {
    await mkdir(dirname(log), { recursive: true });
    await appendFile(log, `$ ${command} ${args.join(' ')}\n${output}\n→ ${timedOut ? 'time-out' : code}\n`);
  }
  return { code, timedOut, output };
}

/** As `attempt`, for commands that must succeed.
 *  @param {string} command
 *  @param {string[]} args
 *  @param {CommandOptions & { hint: string }} options
 *  @throws {SetupError} with the first and last lines of the output and the hint */
export async function command(command, args, options) {
  const { code, timedOut, output } = await attempt(command, args, options);
  if (code === 0) return output;
  const how = timedOut
    ? `took longer than ${options.timeoutMs / 1000} s`
    : code === null
      ? 'could not be started'
      : `exited with ${code}`;
  throw new SetupError(`\`${[command, ...args].join(' ')}\` ${how}:\n${excerpt(output)}`, options.hint);
}

/** Ends every command that is still running; for signals. */
export function endCommands() {
  for (const pid of running) endGroup(pid, 'SIGTERM');
}

/** @param {number | undefined} pid
 *  @param {NodeJS.Signals} signal */
function endGroup(pid, signal) {
  try {
    if (pid) process.kill(-pid, signal);
  } catch {
    // Already gone.
  }
}

/** The cause tends to stand in the first lines (npm) or in the last (Python).
 *  @param {string} output */
function excerpt(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return lines.length <= 20 ? lines.join('\n') : [...lines.slice(0, 10), '…', ...lines.slice(-8)].join('\n');
}
