import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { parse } from 'yaml';
import { z } from 'zod';
import { CorruptError } from '../contracts/errors.ts';
import { REPOSITORY, type Workspace } from '../workspace.ts';

const DataDvc = z.looseObject({ outs: z.array(z.looseObject({ md5: z.string() })).min(1) });

/** The data version: the hash DVC has given to `data/`. */
export async function dataVersion(workspace: Workspace): Promise<string> {
  const path = join(workspace.root, 'data.dvc');
  try {
    return DataDvc.parse(parse(await readFile(path, 'utf8'))).outs[0].md5;
  } catch (cause) {
    throw new CorruptError(`${path} does not name a data version`, {
      cause,
      hint: 'run `dvc add data` beside it',
    });
  }
}

/** The commit of the code that runs; `unknown` outside a git checkout (an unpacked archive). */
export async function codeCommit(): Promise<string> {
  const { stdout, exitCode } = await execa('git', ['rev-parse', 'HEAD'], {
    cwd: REPOSITORY,
    reject: false,
    timeout: 10_000,
  });
  return exitCode === 0 ? stdout.trim() : 'unknown';
}
