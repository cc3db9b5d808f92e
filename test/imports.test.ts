import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';

const REPOSITORY = join(import.meta.dirname, '..');
const CONFIG = '.dependency-cruiser.cjs';

const Report = z.object({
  summary: z.object({
    violations: z.array(z.object({ from: z.string(), to: z.string(), rule: z.object({ name: z.string() }) })),
  }),
});

/** One file a line; each imports what it must not. */
const FORBIDDEN: [file: string, imports: string, rule: string][] = [
  ['pipeline/contracts/a.ts', '../metrics/b.ts', 'contracts-alone'],
  ['pipeline/metrics/a.ts', '../clients/b.ts', 'metrics-on-contracts'],
  ['pipeline/metrics/c.ts', 'node:fs/promises', 'pure-without-input-output'],
  ['pipeline/tasks/forecast/a.ts', '../tabular/b.ts', 'tasks-below-stages'],
  ['pipeline/tasks/forecast/c.ts', '../../clients/b.ts', 'tasks-below-stages'],
  ['pipeline/tasks/forecast/d.ts', 'node:http', 'pure-without-input-output'],
  ['pipeline/tasks/forecast/e.ts', '@tensorflow/tfjs', 'tensorflow-where-it-is-used'],
  ['pipeline/tasks/forecast/predict/a.ts', '../train-it.ts', 'predict-alone'],
  ['pipeline/tasks/forecast/predict/c.ts', '@tensorflow/tfjs', 'predict-without-tensorflow'],
  ['pipeline/stages/gate/a.ts', '../../clients/b.ts', 'stages-pure'],
  ['pipeline/stages/gate/c.ts', 'node:fs', 'stages-pure-without-input-output'],
  ['pipeline/stages/gate/d.ts', './run.ts', 'stages-pure'],
  ['pipeline/stages/gate/run.ts', '../features/b.ts', 'stages-apart'],
  ['pipeline/clients/c.ts', '../stages/features/b.ts', 'clients-below'],
  ['pipeline/registry/a.ts', '../stages/features/b.ts', 'registry-on-clients'],
  ['pipeline/commands/a.ts', '../../serve/b.ts', 'pipeline-without-serve'],
  ['serve/a.ts', '../pipeline/stages/features/b.ts', 'serve-on-predict'],
  ['serve/c.ts', '../pipeline/tasks/forecast/train-it.ts', 'serve-on-predict'],
  ['serve/d.ts', '../pipeline/nowhere.ts', 'not-to-unresolvable'],
  ['pipeline/metrics/round.ts', './trip.ts', 'no-circular'],
  ['pipeline/stages/gate/e.ts', './made.testing.ts', 'no-tests-in-the-product'],
];

/** What may be: none of these is to be reported. */
const ALLOWED: [file: string, imports: string][] = [
  ['pipeline/metrics/b.ts', '../contracts/b.ts'],
  ['pipeline/tasks/forecast/train-it.ts', './predict/b.ts'],
  ['pipeline/tasks/forecast/predict/b.ts', '../../../metrics/b.ts'],
  ['pipeline/stages/features/run.ts', '../../clients/b.ts'],
  ['pipeline/stages/features/read-table.ts', 'node:fs'],
  ['serve/b.ts', '../pipeline/tasks/forecast/predict/b.ts'],
  ['pipeline/contracts/a.test.ts', '../stages/features/b.ts'],
  ['pipeline/stages/gate/made.testing.ts', 'node:fs'],
  ['pipeline/stages/gate/a.test.ts', './made.testing.ts'],
];

let root: string;
let violations: { from: string; rule: string }[];

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'perennial-imports-'));
  for (const name of [CONFIG, 'tsconfig.json', 'package.json'])
    cpSync(join(REPOSITORY, name), join(root, name));
  symlinkSync(join(REPOSITORY, 'node_modules'), join(root, 'node_modules'));
  for (const [file, imports] of [...FORBIDDEN, ...ALLOWED]) write(file, `import '${imports}';\n`);
  for (const file of [
    'pipeline/contracts/b.ts',
    'pipeline/clients/b.ts',
    'pipeline/tasks/tabular/b.ts',
    'pipeline/stages/features/b.ts',
  ]) {
    write(file, 'export {};\n');
  }
  write('pipeline/metrics/trip.ts', "import './round.ts';\n");
  write(
    'pipeline/tasks/forecast/lazy.ts',
    "import type { Tensor } from '@tensorflow/tfjs';\nexport const tf = (): Promise<{ t?: Tensor }> => import('@tensorflow/tfjs');\n",
  );
  violations = await cruise(root, ['pipeline', 'serve']);
}, 60_000);

afterAll(() => rmSync(root, { recursive: true, force: true }));

function write(file: string, text: string) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

async function cruise(cwd: string, folders: string[]) {
  const { stdout } = await execa('depcruise', ['--config', CONFIG, '--output-type', 'json', ...folders], {
    cwd,
    preferLocal: true,
    localDir: REPOSITORY,
    reject: false,
    timeout: 60_000,
  });
  const { summary } = Report.parse(JSON.parse(stdout));
  return summary.violations.map(({ from, rule }) => ({ from, rule: rule.name }));
}

it.each(FORBIDDEN)('catches that %s imports %s', (file, _, rule) => {
  expect(violations.filter(({ from }) => from === file).map((violation) => violation.rule)).toContain(rule);
});

it('lets through what is allowed, TensorFlow imported where it is used among it', () => {
  const allowed = [...ALLOWED.map(([file]) => file), 'pipeline/tasks/forecast/lazy.ts'];
  expect(violations.filter(({ from }) => allowed.includes(from))).toEqual([]);
});
