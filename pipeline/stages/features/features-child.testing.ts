import pino from 'pino';
import { silent } from '../../context.ts';
import { ModelParams } from '../../contracts/params.ts';
import { paths, workspaceAt } from '../../workspace.ts';
import { features } from './run.ts';

// The stage in a process that a test can kill. Argument: the workspace.
const workspace = workspaceAt(process.argv[2]);
await features({
  workspace,
  paths: paths(workspace, 'm'),
  model: 'm',
  params: ModelParams.parse({ task: 'forecast', source: { urls: ['x.csv'] } }),
  now: () => new Date(),
  log: pino({ level: 'silent' }),
  progress: silent,
  signal: new AbortController().signal,
});
