import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { expect, it } from 'vitest';

const child = fileURLToPath(new URL('full-disk-child.testing.ts', import.meta.url));
/** A disk of its own for one process: root in a name space of its own may mount one. */
const MOUNTED = 'mount -t tmpfs -o size=64k none "$1" && shift && exec "$@"';

it('says in one sentence that the disk is full', async ({ skip }) => {
  const spool = await mkdtemp(join(tmpdir(), 'perennial-full-'));
  try {
    const command = [process.execPath, '--import', 'tsx', child, spool];
    const { stdout, exitCode, failed } = await execa(
      'unshare',
      ['--map-root-user', '--mount', 'sh', '-c', MOUNTED, 'sh', spool, ...command],
      { reject: false, timeout: 60_000 },
    );
    if (failed && stdout === '') skip(`no small disk can be mounted here (${exitCode ?? 'no unshare'})`);
    expect(stdout).toBe(
      `SpoolError: the record of this run cannot be kept in ${stdout.match(/in (\S+):/)?.[1]}: the disk is full`,
    );
    expect(stdout).toContain(spool);
  } finally {
    await rm(spool, { recursive: true, force: true });
  }
});
