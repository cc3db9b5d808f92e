// A thread does not inherit the loader that lets Node 20 run TypeScript: it registers its own.
import { register } from 'tsx/esm/api';

register();
await import('./outline-worker.ts');
