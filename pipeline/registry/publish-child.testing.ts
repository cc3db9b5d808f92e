import { folderRegistry } from './folder.ts';
import { samplePack } from './sample-bundle.testing.ts';

// Publishes a pack in a process that a test can kill. Arguments: the registry's folder, what is in the pack.
const [folder, content] = process.argv.slice(2);
const registry = folderRegistry(folder, { model: 'infections', now: () => new Date(0), staleLockMs: 2000 });
await registry.publishPack(samplePack(content));
