import { stat } from 'node:fs/promises';
import { checkRemote, probeRemote } from '../../clients/dvc-remote-check.ts';
import type { RemoteHome } from '../../contracts/homes.ts';
import { checkClock } from './check-clock.ts';
import { examine, type Finding } from './finding.ts';

/** Asks the remote to let us in, compares clocks where it is a server, then writes an object, reads it back and deletes it
 *  as DVC would. */
export async function checkRemoteHome(
  remote: RemoteHome,
  check: { now: () => Date; signal: AbortSignal },
): Promise<Finding[]> {
  const { signal } = check;
  const reached = await examine({ home: 'remote', where: `${remote.shown}` }, async () => {
    await checkRemote(remote, { signal });
    const steps = await probeRemote(remote, { signal });
    for (const { error } of steps) if (error) throw error;
    const ms = steps.reduce((sum, step) => sum + (step.ms ?? 0), 0);
    const kept = steps.find(({ step, said }) => step === 'delete' && said !== remote.shown);
    return `written, read back${kept ? '' : ', deleted'} in ${(ms / 1000).toFixed(1)} s${kept ? ` (${kept.said})` : ''}`;
  });
  return [reached, ...(await openly(remote)), ...(await clock(remote, check))];
}

async function clock(
  remote: RemoteHome,
  check: { now: () => Date; signal: AbortSignal },
): Promise<Finding[]> {
  const server = remote.kind === 'http' ? remote.config.url : remote.config.endpointurl;
  if (!server) return [];
  const { origin } = new URL(server);
  const finding = await examine({ home: 'clock', where: origin }, async () => {
    const said = await checkClock({ url: origin }, check);
    return said ?? { state: 'note', said: 'the server does not tell its time' };
  });
  return [finding];
}

/** What anybody could read: a password on its way, a folder that all users of the machine may write. */
async function openly({ kind, shown, config }: RemoteHome): Promise<Finding[]> {
  const note = (said: string, hint: string): Finding[] => [
    { home: 'remote', where: shown, state: 'note', said, hint },
  ];
  if (kind === 'http' && config.password && /^http:\/\/(?!localhost|127\.|\[::1\])/.test(config.url)) {
    return note('the password is sent without encryption', 'use https:// where the network is not your own');
  }
  const mode = kind === 'folder' ? (await stat(config.url).catch(() => null))?.mode : undefined;
  if (mode !== undefined && (mode & 0o002) !== 0) {
    return note('every user of this machine may change what is there', `chmod o-w ${config.url}`);
  }
  return [];
}
