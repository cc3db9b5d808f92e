/** A process that ingests, and kills itself without warning at the log message it is told: for the test of killed runs. */
import pino from 'pino';
import { silent } from '../pipeline/context.ts';
import { ModelParams } from '../pipeline/contracts/params.ts';
import { ingest } from '../pipeline/stages/ingest/run.ts';
import { paths, workspaceAt } from '../pipeline/workspace.ts';

const [root, url, now, killAt] = process.argv.slice(2);
const workspace = workspaceAt(root);
const log = pino({
  level: 'debug',
  hooks: {
    logMethod(args, method) {
      if (args.at(-1) === killAt) process.kill(process.pid, 'SIGKILL');
      method.apply(this, args);
    },
  },
});

await ingest({
  workspace,
  paths: paths(workspace, 'm'),
  model: 'm',
  params: ModelParams.parse({ task: 'forecast', source: { urls: [url] } }),
  now: () => new Date(now),
  log,
  progress: silent,
  signal: new AbortController().signal,
});
