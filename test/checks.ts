import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type Counts, countTests, sum, summary } from './counts.ts';
import { lintWorkflows } from './lint-workflows.ts';

/** `npm test` and .ci/run: every check in turn, each with its time, and one line at the end that counts them.
 *  Arguments name the checks to run; without any, all run. */
async function main(wanted: string[]): Promise<number> {
  const all = { ...CHECKS, ...MORE };
  const unknown = wanted.filter((name) => !(name in all));
  if (unknown.length > 0) {
    console.error(`no check ${unknown.join(', ')}; there are: ${Object.keys(all).join(', ')}`);
    return 2;
  }
  const steps: { name: string; counts: Counts; ms: number }[] = [];
  for (const [name, check] of Object.entries(wanted.length > 0 ? all : CHECKS)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    console.log(`\n── ${name}`);
    const started = performance.now();
    const counts = await check();
    steps.push({ name, counts, ms: performance.now() - started });
  }
  console.log('');
  for (const { name, counts, ms } of steps) {
    console.log(`${name.padEnd(12)} ${(ms / 1000).toFixed(1).padStart(6)} s  ${summary(counts)}`);
  }
  const total = sum(steps.map((step) => step.counts));
  console.log(summary(total));
  return total.failed > 0 ? 1 : 0;
}

const MINUTE = 60_000;

const CHECKS: Record<string, () => Promise<Counts>> = {
  lint: async () =>
    sum([
      await command('biome', ['ci', '--reporter=summary', '.'], 3 * MINUTE),
      await command('depcruise', ['--config', '.dependency-cruiser.cjs', ...SOURCES], 3 * MINUTE),
    ]),
  workflows: lintWorkflows,
  types: async () =>
    sum([
      await command('tsc', ['--noEmit', '-p', '.'], 5 * MINUTE),
      // The page's code runs in a browser: another world of types.
      await command('tsc', ['--noEmit', '-p', 'serve/page/client'], 5 * MINUTE),
    ]),
  unit: () => tests('unit', 10 * MINUTE),
  integration: () => tests('integration', 45 * MINUTE),
  stories: () => tests('stories', 30 * MINUTE),
  // Where a Docker engine answers; elsewhere it says so and skips.
  release: () => tests('release', 15 * MINUTE),
};

/** Run when they are asked for. */
const MORE: typeof CHECKS = {
  gitops: () => tests('gitops', 45 * MINUTE),
  robots: () => tests('robots', 60 * MINUTE),
};

/** Tests start servers and train: more of them side by side only wait for each other. */
const TWO_AT_A_TIME = ['--poolOptions.forks.minForks=1', '--poolOptions.forks.maxForks=2'];

const SOURCES = ['pipeline', 'serve', 'bench', 'test', 'monitoring'];

/** One command is one check. */
async function command(name: string, args: string[], limitMs: number): Promise<Counts> {
  const passed = await succeeds(name, args, limitMs);
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1, skipped: 0 };
}

async function tests(project: string, limitMs: number): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), 'perennial-tests-'));
  try {
    const file = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const passed = await succeeds(
      'vitest',
      ['run', '--project', project, ...TWO_AT_A_TIME, ...reporters],
      limitMs,
    );
    const report = await readFile(file, 'utf8').catch(() => null);
    return countTests(report, passed);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function succeeds(name: string, args: string[], limitMs: number): Promise<boolean> {
  const result = await execa(name, args, {
    preferLocal: true,
    stdio: 'inherit',
    reject: false,
    timeout: limitMs,
  });
  if (result.timedOut) console.error(`${name} took longer than ${limitMs / MINUTE} minutes and was ended`);
  return !result.failed;
}

process.exitCode = await main(process.argv.slice(2));
