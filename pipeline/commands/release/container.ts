import { randomBytes } from 'node:crypto';
import type { Docker } from '../../clients/docker.ts';
import { withoutSecrets } from '../../secrets.ts';

const PORT = 8080;
/** Of its log, for a person. */
const LAST_LINES = 30;

export interface RunningImage {
  /** `http://127.0.0.1:32768`; null: it has no port (any more), for it ended. */
  url(): Promise<string | null>;
  /** null: it runs. */
  exitCode(): Promise<number | null>;
  lastLines(): Promise<string>;
  /** Asks it to end, as a cluster does. @returns its exit code */
  stop(): Promise<number>;
}

/** Starts an image as it is meant to run, for as long as some work takes: nothing of it can be written but `/tmp` and its
 *  state, it has no secret, and a network of its own. */
export async function whileRunning<T>(
  docker: Docker,
  image: string,
  work: (running: RunningImage) => Promise<T>,
): Promise<T> {
  const name = `perennial-verify-${randomBytes(6).toString('hex')}`;
  // Not every engine has the default bridge.
  await docker.createNetwork(name);
  try {
    await docker.run({
      image,
      name,
      network: name,
      ports: [`127.0.0.1::${PORT}`],
      env: { PERENNIAL_FOLLOW: 'off' },
      readOnly: true,
      volumes: ['/state'],
      memory: '1g',
    });
    return await work({
      async url() {
        const at = (await docker.inspect(name))?.NetworkSettings.Ports?.[`${PORT}/tcp`]?.[0]?.HostPort;
        return at ? `http://127.0.0.1:${at}` : null;
      },
      async exitCode() {
        const state = (await docker.inspect(name))?.State;
        return state?.Status === 'running' ? null : (state?.ExitCode ?? -1);
      },
      lastLines: async () => withoutSecrets(await docker.logs(name, { tail: LAST_LINES })),
      stop: () => docker.stop(name),
    });
  } finally {
    await docker.remove(name);
    await docker.removeNetwork(name);
  }
}
