import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';

const MINUTE = 60_000;

/** A Python environment of a peer's own, made once for every clone; a half-made one has no stamp and is made anew.
 *  @returns path of its Python
 *  @throws where pip or uv cannot install the requirements */
export async function pythonWith(name: string, requirements: string[]): Promise<string> {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  const venv = join(cache, 'perennial', name);
  const python = join(venv, 'bin', 'python');
  const stamp = join(venv, `${requirements.join('_')}.stamp`);
  if (existsSync(stamp)) return python;
  await rm(venv, { recursive: true, force: true });
  await mkdir(join(venv, '..'), { recursive: true });
  await execa('python3', ['-m', 'venv', venv], { timeout: 2 * MINUTE });
  await execa(python, ['-m', 'pip', 'install', '--quiet', 'uv'], { timeout: 5 * MINUTE });
  const pip = ['pip', 'install', '--quiet', '--python', python, ...requirements];
  await execa(join(venv, 'bin', 'uv'), pip, { timeout: 15 * MINUTE });
  await writeFile(stamp, '');
  return python;
}
