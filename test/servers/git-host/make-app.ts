import { generateKeyPairSync } from 'node:crypto';
import type { App, Rights, State } from './state.ts';

/** An App of the host. @param rights what its installation was granted; null: it is not installed */
export function makeApp(
  state: State,
  options: { name: string; id?: number; rights: Rights | null; ownKey?: boolean },
): App {
  const app: App = {
    id: options.id ?? state.nextId(),
    name: options.name,
    slug: options.name.toLowerCase().replace(/[^a-z0-9]+/g, '-'),
    ...(options.ownKey ? newKey() : shared()),
    installation: state.nextId(),
    rights: options.rights,
  };
  state.apps.push(app);
  return app;
}

let key: ReturnType<typeof newKey> | undefined;

function shared() {
  key ??= newKey();
  return key;
}

/** As GitHub gives them: PKCS#1. One serves a process, for making one takes a tenth of a second. */
function newKey() {
  return generateKeyPairSync('rsa', {
    modulusLength: 2048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
}
