import { readdirSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, join, relative } from 'node:path';

/** @param {string} name */
const env = (name) => process.env[name] ?? '';
/** @param {string} name */
const input = (name) => env(`INPUT_${name.toUpperCase()}`);
const [GITHUB_SERVER_URL, GITHUB_WORKSPACE, GITHUB_RUN_ID, PERENNIAL_TEST_SETUP] = [
  'GITHUB_SERVER_URL',
  'GITHUB_WORKSPACE',
  'GITHUB_RUN_ID',
  'PERENNIAL_TEST_SETUP',
].map(env);
const { zipSync } = createRequire(join(PERENNIAL_TEST_SETUP, 'package.json'))('fflate');

const root = join(GITHUB_WORKSPACE, input('path'));
const files = filesOf(root);
if (Object.keys(files).length === 0) {
  const said = `No files were found with the provided path: ${input('path')}. No artifacts will be uploaded.`;
  const how = input('if-no-files-found');
  console.log(how === 'error' ? `::error::${said}` : how === 'warn' ? `::warning::${said}` : said);
  process.exit(how === 'error' ? 1 : 0);
}
const address = `${GITHUB_SERVER_URL}/_runs/${GITHUB_RUN_ID}/artifacts`;
const there = /** @type {string[]} */ (await (await fetch(address)).json());
if (there.includes(input('name')) && input('overwrite') !== 'true') {
  console.log(`::error::an artifact with the name ${input('name')} already exists on the workflow run`);
  process.exit(1);
}
const answer = await fetch(`${address}/${encodeURIComponent(input('name'))}`, {
  method: 'PUT',
  body: zipSync(files),
  signal: AbortSignal.timeout(60_000),
});
if (!answer.ok) throw new Error(`the Git host of the test answered ${answer.status}`);
console.log(`artifact ${input('name')}: ${Object.keys(files).join(', ')}`);

/** Bytes by their path below the folder. Hidden files stay here, as with the real action.
 *  @param {string} path
 *  @returns {Record<string, Uint8Array>} */
function filesOf(path) {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) return {};
  if (found.isFile()) return { [basename(path)]: new Uint8Array(readFileSync(path)) };
  return Object.fromEntries(
    readdirSync(path, { recursive: true, encoding: 'utf8' })
      .map((name) => join(path, name))
      .filter((file) => statSync(file).isFile())
      .map((file) => [relative(path, file), file])
      .filter(([name]) => !name.split('/').some((part) => part.startsWith('.')))
      .map(([name, file]) => [name, new Uint8Array(readFileSync(file))]),
  );
}
