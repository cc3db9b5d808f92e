import { UsageError } from '../contracts/errors.ts';
import type { DvcResult } from './dvc-run.ts';

/** A remote as the repository's settings have it. */
export interface ListedRemote {
  name: string;
  url: string;
  /** `core.remote`: the one that a bare `dvc push` takes. */
  isDefault: boolean;
  /** All that holds no secret. */
  options: Record<string, string>;
}

/** Options of DVC that hold a secret. */
const SECRET =
  /^(password|secret_access_key|session_token|connection_string|account_key|sas_token|client_secret|sse_customer_key|token)$/;

/** `dvc remote`: what the repository itself knows of remotes. Secrets are never written there: they come from the
 *  environment, and reach DVC for the time of one command. */
export function remoteSettings(run: (args: string[]) => Promise<DvcResult>) {
  return {
    async list(): Promise<ListedRemote[]> {
      // DVC itself joins its four levels; its own `remote list` leaves the options out.
      return readRemotes((await run(['config', '--list'])).stdout);
    },

    async add(name: string, url: string, { isDefault = false } = {}): Promise<void> {
      refuseUserInfo(url);
      await run(['remote', 'add', ...(isDefault ? ['--default'] : []), name, url]);
    },

    /** `null` takes the option out. */
    async modify(name: string, option: string, value: string | null): Promise<void> {
      if (value === null) {
        await run(['remote', 'modify', '--unset', name, option]);
        return;
      }
      if (SECRET.test(option)) {
        throw new UsageError(`the remote's ${option} is a secret and is not written into the repository`, {
          hint: 'set it in the environment: docs/homes.md names the variable',
        });
      }
      if (option === 'url') refuseUserInfo(value);
      await run(['remote', 'modify', name, option, value]);
    },

    async remove(name: string): Promise<void> {
      await run(['remote', 'remove', name]);
    },
  };
}

/** Reads `dvc config --list`: `remote.<name>.<option>=<value>` a line, the last of two that are alike counts. */
export function readRemotes(text: string): ListedRemote[] {
  const remotes = new Map<string, Record<string, string>>();
  let byDefault: string | undefined;
  for (const line of text.split('\n')) {
    byDefault = /^core\.remote=(.*)$/.exec(line)?.[1] ?? byDefault;
    const [, name, option, value] = /^remote\.(.+?)\.(\w+)=(.*)$/.exec(line) ?? [];
    if (name !== undefined) remotes.set(name, { ...remotes.get(name), [option]: value });
  }
  return [...remotes].map(([name, { url = '', ...all }]) => {
    const options = Object.fromEntries(Object.entries(all).filter(([option]) => !SECRET.test(option)));
    return { name, url, isDefault: name === byDefault, options };
  });
}

function refuseUserInfo(url: string): void {
  if (!/^\w+:\/\/[^/]*@/.test(url)) return;
  throw new UsageError('the address of the remote holds a user or a password', {
    hint: 'leave them out, and set PERENNIAL_REMOTE_USER and PERENNIAL_REMOTE_PASSWORD',
  });
}
