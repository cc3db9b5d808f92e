import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const REPOSITORY = resolve(fileURLToPath(new URL('..', import.meta.url)));

/** What set-up keeps for itself: the lock and the logs of its commands; ignored by git. */
export const SETUP_HOME = join(REPOSITORY, '.setup');

export const VENV = join(REPOSITORY, '.venv');
export const VENV_BIN = join(VENV, process.platform === 'win32' ? 'Scripts' : 'bin');
export const PYTHON = join(VENV_BIN, 'python');

/** Large downloads are kept once per user, for every clone. */
export function userCache() {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'perennial');
}

/** @param {string} name */
export function logOf(name) {
  return join(SETUP_HOME, `${name}.log`);
}
