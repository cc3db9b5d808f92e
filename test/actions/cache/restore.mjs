import { cpSync, existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** @param {string} name */
const env = (name) => process.env[name] ?? '';
/** @param {string} name */
const input = (name) => env(`INPUT_${name.toUpperCase()}`);
const [GITHUB_WORKSPACE, PERENNIAL_TEST_CACHE] = ['GITHUB_WORKSPACE', 'PERENNIAL_TEST_CACHE'].map(env);

const kept =
  PERENNIAL_TEST_CACHE && existsSync(PERENNIAL_TEST_CACHE) ? readdirSync(PERENNIAL_TEST_CACHE) : [];
const newestFirst = kept
  .map((name) => ({ name, at: statSync(join(PERENNIAL_TEST_CACHE, name)).mtimeMs }))
  .sort((a, b) => b.at - a.at)
  .map(({ name }) => name);
const begins = input('restore-keys').split('\n').filter(Boolean);
const found =
  newestFirst.find((name) => name === encodeURIComponent(input('key'))) ??
  newestFirst.find((name) => begins.some((begin) => name.startsWith(encodeURIComponent(begin))));
// What set-up makes is linked by the checkout of the test: never written over.
if (found && !existsSync(join(GITHUB_WORKSPACE, input('path')))) {
  cpSync(join(PERENNIAL_TEST_CACHE, found), join(GITHUB_WORKSPACE, input('path')), { recursive: true });
  console.log(`cache restored: ${found}`);
} else {
  console.log('cache not found');
}
