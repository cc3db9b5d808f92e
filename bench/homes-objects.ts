import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { dvcBinary } from '../pipeline/clients/dvc.ts';
import { leaveDaily } from '../pipeline/clients/sample-snapshots.testing.ts';
import { packSnapshots } from '../pipeline/clients/snapshot-archive.ts';
import type { BenchTable } from './table.ts';

const DAYS = 3_650;

/** Ten years of daily snapshots of one model, small ones: what DVC has to look at and to push, with closed months in
 *  archives and without. */
export async function run(): Promise<BenchTable> {
  const root = await mkdtemp(join(tmpdir(), 'perennial-bench-'));
  try {
    const loose = join(root, 'loose');
    const raw = ['data', 'm', 'raw'];
    await leaveDaily(join(loose, ...raw), '2016-01-01', DAYS);
    await writeFile(join(loose, 'data', 'm', 'observations.parquet'), 'observations');
    const packed = join(root, 'packed');
    await mkdir(packed);
    await cp(join(loose, 'data'), join(packed, 'data'), { recursive: true });
    const packSeconds = await seconds(() => packSnapshots(join(packed, ...raw)));
    const againSeconds = await seconds(() => packSnapshots(join(packed, ...raw)));
    const [before, after] = [await push(loose), await push(packed)];
    const row = (what: string, of: (pushed: Pushed) => string) => [what, of(before), of(after)];
    return {
      title: 'Ten years of daily snapshots through DVC',
      columns: ['3,650 snapshots', 'a folder each', 'closed months in archives'],
      rows: [
        row('objects in the remote', ({ objects }) => String(objects)),
        row('`dvc add data`', ({ addSeconds }) => `${addSeconds.toFixed(1)} s`),
        row('`dvc push`', ({ pushSeconds }) => `${pushSeconds.toFixed(1)} s`),
        row('`dvc add data` with nothing new', ({ againSeconds }) => `${againSeconds.toFixed(1)} s`),
      ],
      notes: [
        `Packing all ten years at once: ${packSeconds.toFixed(1)} s; with nothing to pack ${(againSeconds * 1000).toFixed(1)} ms. The target is under 2,000 objects.`,
        'One address, one file of 30 bytes a day; the remote is a folder.',
      ],
    };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

interface Pushed {
  objects: number;
  addSeconds: number;
  pushSeconds: number;
  againSeconds: number;
}

async function push(root: string): Promise<Pushed> {
  const dvc = (...args: string[]) => execa(dvcBinary(), args, { cwd: root, timeout: 300_000 });
  const remote = join(root, 'remote');
  await dvc('init', '--no-scm', '--quiet');
  await dvc('remote', 'add', '--default', '--quiet', 'home', remote);
  const addSeconds = await seconds(() => dvc('add', '--quiet', 'data'));
  const pushSeconds = await seconds(() => dvc('push', '--quiet'));
  const againSeconds = await seconds(() => dvc('add', '--quiet', 'data'));
  const found = await readdir(remote, { recursive: true, withFileTypes: true });
  return { objects: found.filter((one) => one.isFile()).length, addSeconds, pushSeconds, againSeconds };
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
