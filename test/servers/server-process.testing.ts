import { ServerProcess } from './server-process.ts';

/** A server with a child of its own that ignores SIGTERM, as a process of its own: to be killed. */
const CODE = `
  const { spawn } = require('node:child_process');
  spawn('sh', ['-c', "trap '' TERM; while :; do touch left-behind; sleep 0.05; done"]);
  require('node:http').createServer((q, a) => a.end('here')).listen(process.argv[1], '127.0.0.1');
`;

export function startSample(): Promise<ServerProcess> {
  return ServerProcess.start({
    name: 'sample',
    limitMs: 20_000,
    command: async ({ port }) => ({ file: process.execPath, args: ['-e', CODE, String(port)] }),
    ready: async ({ port }) => (await fetch(`http://127.0.0.1:${port}`)).ok,
  });
}

if (process.argv[2] === 'run') {
  const { port, folder } = await startSample();
  process.stdout.write(`${JSON.stringify({ port, folder })}\n`);
  setInterval(() => {}, 60_000);
}
