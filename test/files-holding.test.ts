import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesHolding } from './files-holding.ts';

test('finds a text in files of any kind, as it is written', async () => {
  const root = await mkdtemp(join(tmpdir(), 'holding-'));
  try {
    await mkdir(join(root, '.hidden'));
    await writeFile(join(root, '.hidden', 'a.jsonl'), '{"password":"-ge.heim"}\n');
    await writeFile(join(root, 'b.bin'), Buffer.concat([Buffer.from([0, 255]), Buffer.from('other-1')]));
    await writeFile(join(root, 'c.txt'), 'geXheim\n');
    expect(await filesHolding(root, ['-ge.heim', 'other-1'])).toEqual([
      join(root, '.hidden', 'a.jsonl'),
      join(root, 'b.bin'),
    ]);
    expect(await filesHolding(root, ['neither'])).toEqual([]);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
});
