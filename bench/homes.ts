import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { dvcAt, dvcBinary, environment } from '../pipeline/clients/dvc.ts';
import type { RemoteHome } from '../pipeline/contracts/homes.ts';
import { DvcHttpRemote } from '../test/servers/dvc-http-remote.ts';
import type { BenchTable } from './table.ts';

const MINUTE = 60_000;
/** A pair differs by a tenth for no reason of ours: fewer would tell nothing of a twentieth. */
const REPETITIONS = 21;
const FILES = 200;
const FILE_BYTES = 100_000;

interface Case {
  name: string;
  /** Undoes what the command has done, outside of the clock. */
  reset(): Promise<void>;
  bare: string[];
  ours(): Promise<unknown>;
}

/** Push and pull through our wrapper beside the bare command: the same repository, remote and settings. */
export async function run(): Promise<BenchTable> {
  const scratch = await mkdtemp(join(tmpdir(), 'perennial-bench-homes-'));
  const server = await DvcHttpRemote.start();
  try {
    const load = loadavg()[0].toFixed(1);
    const cases = await prepare(scratch, server);
    const rows: string[][] = [];
    for (const each of cases) rows.push(await measure(each, scratch));
    return {
      title: 'Homes: DVC through the wrapper',
      columns: ['command', 'bare `dvc` s', 'wrapper s', 'more', 'asked'],
      rows,
      notes: [
        `${FILES} files of ${FILE_BYTES / 1000} kB over HTTP with basic auth on loopback. Medians of ${REPETITIONS} runs each, in turn, in either order; “more” is the median of the pairs.`,
        'Bare is the command as a shell would call it, its remote in `.dvc/config.local` with the same options; the wrapper writes a private settings file, runs the command as a process group, reads its words, and removes the file.',
        `Load of the machine at the start: ${load}.`,
      ],
    };
  } finally {
    await server.close();
    await rm(scratch, { recursive: true, force: true });
  }
}

async function prepare(scratch: string, server: DvcHttpRemote): Promise<Case[]> {
  const root = join(scratch, 'repository');
  const config = { url: server.url, auth: 'basic', user: server.user, password: server.password };
  const home: RemoteHome = {
    name: 'bench',
    kind: 'http',
    shown: server.url,
    config,
    secrets: ['password'],
    from: 'PERENNIAL_REMOTE',
  };
  await mkdir(join(root, 'data'), { recursive: true });
  await execa('git', ['init', '--quiet', root]);
  for (let i = 0; i < FILES; i++) {
    await writeFile(join(root, 'data', `${i}.csv`), `${i}\n`.padEnd(FILE_BYTES, `${i},`));
  }
  const dvc = dvcAt({ root, remote: home, env: notes(scratch) });
  await dvc.init();
  await dvc.add('data');
  const options = Object.entries({ ...config, verify: 'true' }).map(
    ([name, value]) => `    ${name} = "${value}"`,
  );
  await writeFile(join(root, '.dvc', 'config.local'), `['remote "bare"']\n${options.join('\n')}\n`);
  await dvc.push();
  const empty = async () => {
    await rm(join(root, 'data'), { recursive: true, force: true });
    await rm(join(root, '.dvc', 'cache'), { recursive: true, force: true });
  };
  const forget = async () => {
    server.objects.clear();
    await rm(notes(scratch).DVC_SITE_CACHE_DIR, { recursive: true, force: true });
  };
  const nothing = async () => {};
  return [
    { name: 'push, nothing new', reset: nothing, bare: ['push'], ours: () => dvc.push() },
    { name: `push, ${FILES + 1} objects`, reset: forget, bare: ['push'], ours: () => dvc.push() },
    { name: 'pull, nothing new', reset: nothing, bare: ['pull'], ours: () => dvc.pull() },
    { name: `pull, ${FILES + 1} objects`, reset: empty, bare: ['pull'], ours: () => dvc.pull() },
  ];
}

const notes = (scratch: string) => ({ DVC_SITE_CACHE_DIR: join(scratch, 'notes') });

async function measure({ name, reset, bare, ours }: Case, scratch: string): Promise<string[]> {
  const cwd = join(scratch, 'repository');
  const asAShell = () =>
    execa(dvcBinary(), [...bare, '--remote', 'bare'], {
      cwd,
      env: { ...environment(), ...notes(scratch) },
      extendEnv: false,
      stdin: 'ignore',
      // As the wrapper's: on a busy machine Linux gives each session a share of its own.
      detached: true,
      timeout: 10 * MINUTE,
    });
  const seconds = async (work: () => Promise<unknown>) => {
    await reset();
    const began = performance.now();
    await work();
    return (performance.now() - began) / 1000;
  };
  const pairs: { bare: number; ours: number }[] = [];
  for (let i = 0; i <= REPETITIONS; i++) {
    const first = i % 2 === 0 ? await seconds(asAShell) : null;
    const own = await seconds(ours);
    const pair = { bare: first ?? (await seconds(asAShell)), ours: own };
    // The first one warms the disk's cache.
    if (i > 0) pairs.push(pair);
  }
  const more = median(pairs.map((pair) => pair.ours / pair.bare - 1));
  const percent = `${(100 * more).toFixed(1)} %`;
  return [
    name,
    median(pairs.map((pair) => pair.bare)).toFixed(2),
    median(pairs.map((pair) => pair.ours)).toFixed(2),
    percent,
    '≤ 5 %',
  ];
}

function median(values: number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}
