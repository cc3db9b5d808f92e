import { execFileSync } from 'node:child_process';
import { appendFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

/** @param {string} name */
const env = (name) => process.env[name] ?? '';
/** @param {string} name */
const input = (name) => env(`INPUT_${name.toUpperCase()}`);
const [GITHUB_SERVER_URL, GITHUB_WORKSPACE, GITHUB_SHA, GITHUB_REF, PERENNIAL_TEST_SETUP] = [
  'GITHUB_SERVER_URL',
  'GITHUB_WORKSPACE',
  'GITHUB_SHA',
  'GITHUB_REF',
  'PERENNIAL_TEST_SETUP',
].map(env);

for (const name of readdirSync(GITHUB_WORKSPACE)) rmSync(join(GITHUB_WORKSPACE, name), { recursive: true });

// As the real one keeps it, where it is asked to: in the clone's own settings.
const header = `AUTHORIZATION: basic ${Buffer.from(`x-access-token:${input('token')}`).toString('base64')}`;
git('init', '--quiet', '--initial-branch=nothing');
git('remote', 'add', 'origin', `${GITHUB_SERVER_URL}/${input('repository')}`);
if (input('token')) git('config', 'http.extraheader', header);

const all = input('fetch-depth') === '0';
const ref = input('ref') || GITHUB_SHA;
const isCommit = /^[0-9a-f]{40}$/.test(ref);
if (all) fetch('+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*');
if (isCommit) fetch(...(all ? [] : ['--depth=1']), ref);
else fetch(...(all ? [] : ['--depth=1']), `+refs/heads/${ref}:refs/remotes/origin/${ref}`);

const branch = isCommit ? (input('ref') ? '' : /^refs\/heads\/(.+)$/.exec(GITHUB_REF)?.[1]) : ref;
if (branch)
  git('checkout', '--quiet', '--force', '-B', branch, isCommit ? ref : `refs/remotes/origin/${ref}`);
else git('checkout', '--quiet', '--force', '--detach', ref);
if (input('token') && input('persist-credentials') === 'false')
  git('config', '--unset-all', 'http.extraheader');

// Set-up is told by stamps inside of both folders: through the links it has nothing to do.
if (PERENNIAL_TEST_SETUP) {
  for (const name of ['node_modules', '.venv']) {
    symlinkSync(join(PERENNIAL_TEST_SETUP, name), join(GITHUB_WORKSPACE, name));
  }
  appendFileSync(join(GITHUB_WORKSPACE, '.git', 'info', 'exclude'), 'node_modules\n.venv\n');
}
console.log(`checked out ${execFileSync('git', ['log', '-1', '--oneline'], { cwd: GITHUB_WORKSPACE })}`);

/** @param {string[]} args */
function fetch(...args) {
  git('fetch', '--quiet', '--no-tags', 'origin', ...args);
}

/** @param {string[]} args */
function git(...args) {
  execFileSync('git', args, {
    cwd: GITHUB_WORKSPACE,
    stdio: ['ignore', 'inherit', 'inherit'],
    timeout: 120_000,
  });
}
