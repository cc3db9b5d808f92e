import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { attempt, command } from './command.mjs';
import { logOf, PYTHON, REPOSITORY, VENV, VENV_BIN } from './places.mjs';
import { SetupError } from './setup-error.mjs';

export const REQUIREMENTS = join(REPOSITORY, 'setup', 'requirements.txt');
const LOG = logOf('dvc');
const MINUTE = 60_000;
const INDEX_HINT = 'check the connection to the Python package index';

/** A virtual environment with uv, which installs the rest several times as fast as pip. */
export async function provideVenv() {
  // What a killed set-up left half made has no stamp and is made anew.
  await rm(VENV, { recursive: true, force: true });
  await command(await findPython(), ['-m', 'venv', VENV], {
    timeoutMs: 2 * MINUTE,
    log: LOG,
    hint: 'install the venv module of Python 3 (Debian: apt install python3-venv)',
  });
  await command(PYTHON, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'uv'], {
    timeoutMs: 5 * MINUTE,
    log: LOG,
    hint: INDEX_HINT,
  });
  return 'made';
}

export async function provideDvc() {
  await command(
    join(VENV_BIN, 'uv'),
    ['pip', 'install', '--quiet', '--python', PYTHON, '--compile-bytecode', '-r', REQUIREMENTS],
    { timeoutMs: 10 * MINUTE, log: LOG, hint: INDEX_HINT },
  );
  const version = await command(join(VENV_BIN, 'dvc'), ['--version'], {
    env: { ...process.env, DVC_NO_ANALYTICS: '1' },
    timeoutMs: MINUTE,
    log: LOG,
    hint: `delete ${VENV} and start again`,
  });
  return version.trim();
}

/** @throws {SetupError} where there is no Python that DVC runs on */
async function findPython() {
  const tried = [];
  for (const name of ['python3', 'python']) {
    const { code, output } = await attempt(
      name,
      ['-c', 'import sys; print(sys.version_info[:2] >= (3, 9))'],
      {
        timeoutMs: MINUTE,
      },
    );
    if (code === 0 && output.trim() === 'True') return name;
    tried.push(`${name}: ${code === 0 ? 'older than 3.9' : 'not found'}`);
  }
  throw new SetupError(`no Python to install DVC with (${tried.join(', ')})`, 'install Python 3.9 or newer');
}
