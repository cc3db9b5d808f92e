import { cpSync, lstatSync, mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';

/** @param {string} name */
const env = (name) => process.env[name] ?? '';
/** @param {string} name */
const input = (name) => env(`INPUT_${name.toUpperCase()}`);
const [GITHUB_WORKSPACE, PERENNIAL_TEST_CACHE] = ['GITHUB_WORKSPACE', 'PERENNIAL_TEST_CACHE'].map(env);

const from = join(GITHUB_WORKSPACE, input('path'));
if (PERENNIAL_TEST_CACHE && lstatSync(from, { throwIfNoEntry: false })?.isDirectory()) {
  const to = join(PERENNIAL_TEST_CACHE, encodeURIComponent(input('key')));
  mkdirSync(PERENNIAL_TEST_CACHE, { recursive: true });
  cpSync(from, `${to}.unfinished`, { recursive: true });
  renameSync(`${to}.unfinished`, to);
  console.log(`cache saved: ${input('key')}`);
}
