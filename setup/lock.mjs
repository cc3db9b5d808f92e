import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { SetupError } from './setup-error.mjs';

/** Runs `work` while no other process of this clone does; a lock whose owner has died is taken over.
 *  @template T
 *  @param {string} path of the lock file
 *  @param {{ limitMs: number, pollMs?: number, onWait: (owner: string) => void }} options
 *  @param {() => Promise<T>} work
 *  @returns {Promise<T>}
 *  @throws {SetupError} when the lock is still held after `limitMs` */
export async function withLock(path, { limitMs, pollMs = 250, onWait }, work) {
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), nonce: Math.random() });
  const until = performance.now() + limitMs;
  let told = false;
  while (!take(path, mine)) {
    const owner = read(path);
    if (owner !== null && isDead(owner)) {
      takeAway(path, owner);
      continue;
    }
    if (performance.now() > until) {
      throw new SetupError(
        `another set-up (${owner}) still holds ${path} after ${Math.round(limitMs / 1000)} s`,
        `wait for it, or end it; if there is none, delete ${path}`,
      );
    }
    if (!told) onWait(owner ?? '');
    told = true;
    await wait(pollMs);
  }
  try {
    return await work();
  } finally {
    if (read(path) === mine) unlinkSync(path);
  }
}

/** A hard link either makes the whole lock file at once or fails because it is there.
 *  @param {string} path
 *  @param {string} content */
function take(path, content) {
  mkdirSync(dirname(path), { recursive: true });
  const scratch = `${path}.${process.pid}`;
  writeFileSync(scratch, content);
  try {
    linkSync(scratch, path);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(scratch, { force: true });
  }
}

/** @param {string} path */
function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** @param {string} owner */
function isDead(owner) {
  try {
    const { pid, host } = JSON.parse(owner);
    if (host !== hostname()) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    // EPERM: it lives and belongs to somebody else. A lock that does not parse was not written by us whole.
    return /** @type {NodeJS.ErrnoException} */ (error).code !== 'EPERM';
  }
}

/** Removes a dead owner's lock; if a third process was quicker, what was taken away is its live lock and goes back.
 *  @param {string} path
 *  @param {string} owner */
function takeAway(path, owner) {
  const aside = `${path}.dead.${process.pid}`;
  try {
    renameSync(path, aside);
    if (readFileSync(aside, 'utf8') !== owner) linkSync(aside, path);
  } catch {
    // Somebody else took it away, or took its place again.
  }
  rmSync(aside, { force: true });
}
