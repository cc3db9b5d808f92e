import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { dvcBinary, environment } from '../../clients/dvc-run.ts';
import { EXIT, PerennialError } from '../../contracts/errors.ts';
import { examine, type Finding } from './finding.ts';

const LIMIT_MS = 60_000;
const OLDEST = { git: [2, 25], dvc: [3, 0] } as const;

/** The programs that a run needs. */
export async function checkTools(repository: string): Promise<Finding[]> {
  return await Promise.all([
    examine({ home: 'git', where: '' }, async () =>
      atLeast('git', await version('git', 'install git 2.25 or newer'), OLDEST.git),
    ),
    examine({ home: 'Node', where: '' }, () => nodeVersion(repository)),
    examine({ home: 'DVC', where: '' }, async () =>
      atLeast('DVC', await version(dvcBinary(repository), 'run `npm run setup`'), OLDEST.dvc),
    ),
  ]);
}

async function version(file: string, hint: string): Promise<string> {
  const { stdout, exitCode } = await execa(file, ['--version'], {
    env: environment(),
    reject: false,
    timeout: LIMIT_MS,
  });
  const found = /\d+\.\d+(\.\d+)?/.exec(stdout ?? '')?.[0];
  if (exitCode === 0 && found) return found;
  throw new PerennialError('it cannot be started', { exitCode: EXIT.setup, hint });
}

function atLeast(name: string, found: string, [major, minor]: readonly [number, number]): string {
  const [a, b] = found.split('.').map(Number);
  if (a > major || (a === major && b >= minor)) return found;
  throw new PerennialError(`${name} ${found} is too old, ${major}.${minor} or newer is needed`, {
    exitCode: EXIT.setup,
    hint: `install a newer ${name}`,
  });
}

async function nodeVersion(repository: string): Promise<string> {
  const { engines } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8'));
  const [, major, minor, below] = /^>=(\d+)\.(\d+) <(\d+)$/.exec(engines.node) ?? [];
  const found = atLeast('Node', process.versions.node, [Number(major), Number(minor)]);
  if (Number(found.split('.')[0]) < Number(below)) return found;
  throw new PerennialError(`Node ${found} is too new for TensorFlow, ${engines.node} is needed`, {
    exitCode: EXIT.setup,
    hint: 'install Node 22',
  });
}
