import { execa } from 'execa';

/** Files below a folder that hold one of the texts, also inside of binary ones; links are not followed.
 *  @returns paths, sorted */
export async function filesHolding(root: string, texts: string[]): Promise<string[]> {
  const patterns = texts.flatMap((text) => ['-e', text]);
  const { stdout, stderr, exitCode } = await execa('grep', ['-rlF', ...patterns, root], { reject: false });
  // 1: none.
  if (exitCode !== 0 && exitCode !== 1) throw new Error(`grep: ${stderr}`);
  return stdout === '' ? [] : stdout.split('\n').sort();
}
