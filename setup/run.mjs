// node setup/run.mjs FILE.ts [ARGS…]: sets up what is missing, then runs the file with tsx as if it were called itself.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { endCommands } from './command.mjs';
import { ensureSetup } from './ensure.mjs';
import { REPOSITORY } from './places.mjs';
import { say } from './say.mjs';
import { SetupError } from './setup-error.mjs';

/** EXIT.setup of pipeline/contracts/errors.ts; nothing of TypeScript can be imported before there is tsx. */
const EXIT_SETUP = 7;

const [file, ...args] = process.argv.slice(2);
/** @type {NodeJS.Signals[]} */
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** @type {NodeJS.Signals | undefined} */
let ended;
for (const signal of signals) {
  process.once(signal, () => {
    if (ended) return;
    ended = signal;
    endCommands();
  });
}

try {
  await ensureSetup({ retry: process.env.PERENNIAL_SETUP_RETRY === '1' });
} catch (error) {
  if (ended) exitAs(ended);
  if (!(error instanceof SetupError)) throw error;
  say(error.message);
  say(`what to do: ${error.hint}`);
  process.exit(EXIT_SETUP);
}
if (ended) exitAs(ended);
if (file) runFile(file);

/** @param {string} file relative to the repository */
function runFile(file) {
  for (const signal of signals) process.removeAllListeners(signal);
  const child = spawn(process.execPath, ['--import', 'tsx', resolve(REPOSITORY, file), ...args], {
    cwd: REPOSITORY,
    stdio: 'inherit',
    // npm runs scripts in the repository; relative paths on the command line are meant from where the user stood.
    env: {
      ...process.env,
      PERENNIAL_CWD: process.env.PERENNIAL_CWD ?? process.env.INIT_CWD ?? process.cwd(),
    },
  });
  for (const signal of signals) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to the child itself; passed on, it would be taken for a second one.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('error', (error) => {
    throw error;
  });
  child.on('close', (code, signal) => {
    if (signal) exitAs(signal);
    process.exit(code ?? 1);
  });
}

/** Ends the way a shell expects of a process that a signal ended.
 *  @param {NodeJS.Signals} signal
 *  @returns {never} */
function exitAs(signal) {
  process.exit(128 + constants.signals[signal]);
}
