import { readFile } from 'node:fs/promises';
import pino from 'pino';
import { type StageContext, silent } from '../pipeline/context.ts';
import { ModelParams } from '../pipeline/contracts/params.ts';
import { features } from '../pipeline/stages/features/run.ts';
import { gate } from '../pipeline/stages/gate/run.ts';
import { ingest } from '../pipeline/stages/ingest/run.ts';
import { paths, workspaceAt } from '../pipeline/workspace.ts';

/** One stage's cost: wall and CPU seconds, and the process's peak so far in MiB. */
export interface StageCost {
  stage: string;
  wall: number;
  cpu: number;
  peakMiB: number;
}

// A process of its own, so that the peak of memory is that of the three stages and of nothing else.
// Arguments: the file, an empty folder for the workspace. Prints the costs as JSON.
const [source, root] = process.argv.slice(2);
const workspace = workspaceAt(root);
const context: StageContext = {
  workspace,
  paths: paths(workspace, 'bench'),
  model: 'bench',
  params: ModelParams.parse({ task: 'forecast', source: { urls: [source] } }),
  now: () => new Date(),
  log: pino({ level: 'silent' }),
  progress: silent,
  signal: new AbortController().signal,
};

const costs: StageCost[] = [];
const arrived = await measured('ingest', () => ingest(context));
const { report } = await measured('gate', () => gate(context, arrived));
if (!report.passed) {
  const failed = report.expectations.filter(({ passed, severity }) => !passed && severity === 'fail');
  throw new Error(`the gate refused ${source}: ${JSON.stringify(failed)}`);
}
const { schema } = await measured('features', () => features(context));
process.stdout.write(JSON.stringify({ costs, rows: report.rows, cells: schema.rows }));

async function measured<T>(stage: string, work: () => Promise<T>): Promise<T> {
  const before = process.cpuUsage();
  const began = performance.now();
  const result = await work();
  const wall = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  costs.push({ stage, wall, cpu: (user + system) / 1e6, peakMiB: await peak() });
  return result;
}

/** Not `resourceUsage()`: its peak begins with that of the process which started this one. */
async function peak(): Promise<number> {
  const status = await readFile('/proc/self/status', 'utf8');
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) / 1024;
}
