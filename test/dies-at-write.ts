/**
 * Loaded before anything else into a child process (`node --import`): the process kills itself, as `kill -9` would, at the
 * n-th thing it does to the file system, n from DIE_AT. A file it was about to write is left half written.
 * With DIE_AT=0 it lives, and says on its last line how many things it did.
 */
import callbacks from 'node:fs';
import promises from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';

type Operation = (...args: unknown[]) => unknown;

const dieAt = Number(process.env.DIE_AT);
const changing = [
  'writeFile',
  'rename',
  'mkdir',
  'rm',
  'rmdir',
  'unlink',
  'write',
  'open',
  'utimes',
] as const;
const root = process.env.DIE_UNDER ?? '';
let done = 0;

for (const module of [callbacks, promises] as unknown as Record<string, Operation>[]) {
  for (const name of changing) {
    const original = module[name];
    if (!original) continue;
    module[name] = (...args) => {
      const [target] = args;
      // A file descriptor is of a file that was opened under the root.
      const ours = typeof target === 'number' ? target > 2 : String(target).startsWith(root);
      if (ours && ++done === dieAt) {
        if (name === 'writeFile') callbacks.writeFileSync(String(target), halfOf(args[1]));
        process.kill(process.pid, 'SIGKILL');
      }
      return original.apply(module, args);
    };
  }
}
syncBuiltinESMExports();
process.on('exit', () => console.log(done));

function halfOf(content: unknown): Uint8Array {
  const bytes = Buffer.from(content as Uint8Array);
  return bytes.subarray(0, bytes.length / 2);
}
