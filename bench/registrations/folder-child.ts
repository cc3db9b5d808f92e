import { createInterface } from 'node:readline';
import { LockedError } from '../../pipeline/contracts/errors.ts';
import { folderRegistry } from '../../pipeline/registry/folder.ts';
import { bundleOf, FACTS } from './storm.ts';

/** Registers the bundle whose number comes on a line, and says its version; until it is killed, or its input ends. */
const [directory] = process.argv.slice(2);
const registry = folderRegistry(directory, { model: 'infections', now: () => new Date(), staleLockMs: 2000 });
process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const { files } = bundleOf(Number(line));
  for (let version: string | null = null; version === null; ) {
    version = await registry.register(files, FACTS).then(
      (made) => made.version,
      (error) => {
        // Several owners died one after the other.
        if (error instanceof LockedError) return null;
        throw error;
      },
    );
    if (version) process.stdout.write(`${version}\n`);
  }
}
