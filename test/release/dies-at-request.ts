/**
 * Loaded before anything else into a child process (`node --import`): the process kills itself, as `kill -9` would, when
 * the n-th request that changes something at a server was done, and before it has read the answer; n from
 * DIE_AT_REQUEST. With 0 it lives, and says at its end how many there were.
 */
import { subscribe } from 'node:diagnostics_channel';

const dieAt = Number(process.env.DIE_AT_REQUEST);
let done = 0;

subscribe('undici:request:headers', (message) => {
  const { method, path } = (message as { request: { method: string; path: string } }).request;
  if (method === 'GET' || method === 'HEAD' || path.includes('/access_tokens')) return;
  if (++done === dieAt) process.kill(process.pid, 'SIGKILL');
});
process.on('exit', () => console.log(`requests ${done}`));
