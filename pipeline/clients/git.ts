import { EXIT, PerennialError } from '../contracts/errors.ts';
import { environment } from './dvc.ts';
import { runGroup } from './process-group.ts';

const LIMIT_MS = 60_000;

/** Runs git in a repository.
 *  @param accept exit codes that are answers, beside 0
 *  @throws PerennialError with what git said */
export async function git(
  root: string,
  args: string[],
  { accept = [] }: { accept?: number[] } = {},
): Promise<{ exitCode: number; stdout: string }> {
  const { exitCode, stdout, output, ended } = await runGroup('git', args, {
    cwd: root,
    env: environment(),
    timeoutMs: LIMIT_MS,
  });
  if (ended === 'not-found') {
    throw new PerennialError('git is not installed', {
      exitCode: EXIT.setup,
      hint: 'install git 2.25 or newer',
    });
  }
  if (exitCode === undefined || (exitCode !== 0 && !accept.includes(exitCode))) {
    throw new PerennialError(
      `git ${args.join(' ')} exited with ${exitCode ?? ended} in ${root}:\n${output.trim()}`,
    );
  }
  return { exitCode, stdout };
}
