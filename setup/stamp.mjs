import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** One part of the set-up. Its stamp lies inside what the part makes, so that deleting the one deletes the other,
 *  and is written last, so that a killed set-up is done again.
 *  @typedef {object} Part
 *  @property {string} name
 *  @property {string} stamp path of the stamp file
 *  @property {() => (string | Buffer)[]} inputs what the result depends on
 *  @property {() => Promise<string>} provide does the work; what came of it goes into the stamp */

/** @param {Part} part
 *  @returns {string | null} what came of the part when its inputs were as now, else null */
export function stamped(part) {
  try {
    const stamp = JSON.parse(readFileSync(part.stamp, 'utf8'));
    return stamp.inputs === digest(part) ? stamp.result : null;
  } catch {
    // No stamp, or half of one from a disk that was full: the part is done again.
    return null;
  }
}

/** @param {Part} part
 *  @param {string} result */
export function writeStamp(part, result) {
  mkdirSync(dirname(part.stamp), { recursive: true });
  const scratch = `${part.stamp}.${process.pid}`;
  writeFileSync(scratch, `${JSON.stringify({ inputs: digest(part), result })}\n`);
  renameSync(scratch, part.stamp);
}

/** @param {Part} part */
export function removeStamp(part) {
  rmSync(part.stamp, { force: true });
}

/** @param {Part} part */
function digest(part) {
  const hash = createHash('sha256');
  for (const input of part.inputs()) hash.update(input).update('\0');
  return hash.digest('hex');
}
