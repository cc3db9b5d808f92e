import { mkdirSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

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
const { unzipSync } = createRequire(join(PERENNIAL_TEST_SETUP, 'package.json'))('fflate');

const address = `${GITHUB_SERVER_URL}/_runs/${GITHUB_RUN_ID}/artifacts`;
const names = /** @type {string[]} */ (await (await fetch(address)).json());
const there = [...new Set(names)];
const wanted = input('name')
  ? [input('name')]
  : there.filter((name) => name.startsWith(input('pattern').replace('*', '')));
for (const name of wanted) {
  const answer = await fetch(`${address}/${encodeURIComponent(name)}`, {
    signal: AbortSignal.timeout(60_000),
  });
  if (!answer.ok) {
    console.log(`::error::Unable to download artifact(s): Artifact not found for name: ${name}`);
    process.exit(1);
  }
  const folder = join(GITHUB_WORKSPACE, input('path'), input('name') ? '' : name);
  for (const [file, bytes] of Object.entries(unzipSync(new Uint8Array(await answer.arrayBuffer())))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), bytes);
  }
  console.log(`artifact ${name} → ${folder}`);
}
