import { existsSync } from 'node:fs';
import type { RemoteHome } from '../contracts/homes.ts';
import { cacheFile, readDirObject, type TrackedFile, trackedOutputs } from './dvc-cache.ts';
import { DvcError, type LostObject, LostObjectsError, type RemoteFailure } from './dvc-error.ts';

type Refused = Exclude<RemoteFailure, 'no-remote' | 'lost-objects'>;

/** Whatever a store, or a library on the way to it, says when it refuses; the first that fits counts. */
const WORDS: [Refused, RegExp][] = [
  ['remote-full', /\b507, message|Insufficient Storage|QuotaExceeded|StorageFull|\bstorage is full/i],
  ['disk-full', /No space left on device|Errno 28\b|Disk quota exceeded|Errno 122\b/],
  [
    'unauthorized',
    /\b401, message|InvalidAccessKeyId|Access Key Id you provided does not exist|SignatureDoesNotMatch|signature we calculated does not match|ExpiredToken|token (?:has|is) expired|InvalidToken|InvalidClientTokenId|Unable to locate credentials|NoCredentials|PartialCredentials|config profile .* could not be found|TokenRetrievalError|SSO session|AuthenticationFailed|NoAuthenticationInformation|failed to authenticate|unable to retrieve a token|ClientAuthenticationError|requires? both|AuthenticationRequired|InvalidAuthenticationInfo|Invalid base64-encoded/i,
  ],
  [
    'no-bucket',
    /NoSuchBucket|specified bucket does not exist|ContainerNotFound|specified container does not exist|InvalidBucketName|Invalid bucket name|InvalidResourceName|\b404, message/i,
  ],
  [
    'forbidden',
    /\b403, message|AccessDenied|Access Denied|\bForbidden\b|AuthorizationFailure|AuthorizationPermissionMismatch|not authorized|AccountIsDisabled|Permission denied|Errno 13\b|Errno 30\b|Read-only file system/i,
  ],
  [
    'unreachable',
    /Cannot connect to host|Connect call failed|Could not connect|Connection (?:refused|reset|timeout|aborted|closed|was closed)|(?:Connect|Read) ?timeout|timed? ?out|Name or service not known|name resolution|nodename nor servname|No address associated|Network is unreachable|No route to host|Server disconnected|ServerDisconnected|Cannot write to closing transport|Response payload is not completed|IncompleteRead|EndpointConnection|ConnectionClosed|CERTIFICATE_VERIFY|SSLError|Invalid endpoint|\b(?:429|5\d\d), message|InternalError|ServiceUnavailable|SlowDown|ServerBusy|BadGateway/i,
  ],
];

/** What a refusal of the store means. @returns null for words that are about something else */
export function remoteFailure(words: string): Refused | null {
  return WORDS.find(([, pattern]) => pattern.test(words))?.[0] ?? null;
}

/** A failed push, pull or status as what the remote refused; null: it was something else. */
export function explainTransfer(home: RemoteHome, output: string): DvcError | null {
  const errors = output.split('\n').filter((line) => /^(ERROR|WARNING):/.test(line));
  const failure = remoteFailure(errors.join('\n') || output);
  if (failure === null) return null;
  // What lies in a folder fills the disk of the remote.
  const full = failure === 'disk-full' && home.kind === 'folder' && /failed to push/.test(output);
  return refusal(home, full ? 'remote-full' : failure);
}

const SAID: Record<Refused, (home: RemoteHome) => [string, string]> = {
  unauthorized: (home) => [
    `${home.shown} does not accept the credentials`,
    `they are wrong or have expired: renew ${CREDENTIALS[home.kind]}${home.from === 'DAGSHUB_REPO' ? ' (DAGSHUB_USER_TOKEN)' : ''}`,
  ],
  forbidden: (home) => [
    `${home.shown} knows the credentials and does not let them do this`,
    'ask its owner for the right to read and write',
  ],
  'no-bucket': (home) => [
    `${home.shown} names a ${PLACE[home.kind]} that is not there`,
    `check the address (${home.from}), or make the ${PLACE[home.kind]}`,
  ],
  'no-dvc-remote': (home) => [
    `${home.shown} answers with a web page; a DVC remote does not`,
    `check the address (${home.from}); Dagshub's ends in .dvc`,
  ],
  unreachable: (home) => [
    `${home.shown} cannot be reached, or broke off`,
    'check the address and the network; start again to go on: what has been moved stays',
  ],
  'remote-full': (home) => [
    `${home.shown} is full`,
    'make room there, then start again to go on: what has been sent stays',
  ],
  'disk-full': () => [
    'the disk is full',
    'make room, then start again to go on: what has been fetched stays',
  ],
};

const PLACE = { s3: 'bucket', azure: 'container', http: 'repository', folder: 'folder' } as const;
const CREDENTIALS = {
  s3: 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile',
  azure: 'AZURE_STORAGE_CONNECTION_STRING, or the account with its key',
  http: 'user and password (PERENNIAL_REMOTE_USER, PERENNIAL_REMOTE_PASSWORD)',
  folder: 'the rights of the folder',
} as const;

/** One sentence for one refusal. */
export function refusal(home: RemoteHome, failure: Refused, cause?: unknown): DvcError {
  const [message, hint] = SAID[failure](home);
  return new DvcError(failure, message, { hint, cause, facts: { remote: home.shown, kind: home.kind } });
}

/** Looks at what a failed pull has left: names what the remote did not have, or had with other content.
 *  @param words all that DVC said
 *  @returns null where no object is to blame */
export async function lostObjects(
  home: RemoteHome,
  { root, words, targets }: { root: string; words: string; targets: string[] },
): Promise<LostObjectsError | null> {
  const named = namedLost(words);
  const corruptList = /object ([0-9a-f]{32}\.dir) is corrupted/.exec(words)?.[1];
  if (named.size === 0 && !corruptList && !/missing-files/.test(words)) return null;

  const objects: LostObject[] = [];
  for (const { path, md5 } of await expected(root, targets)) {
    if (named.has(md5)) objects.push({ path, md5, how: 'lost' });
    else if (md5 === corruptList) objects.push({ path, md5, how: 'corrupt' });
    // All was fetched and this one is not here: its hash was found wrong, and DVC has thrown it away.
    else if (named.size === 0 && !(await isThere(root, md5))) objects.push({ path, md5, how: 'corrupt' });
  }
  return objects.length > 0 ? new LostObjectsError(objects, home.shown) : null;
}

/** The objects that DVC calls missing, in its two ways of saying so. */
function namedLost(words: string): Set<string> {
  const found = new Set<string>();
  for (const [, md5, why] of words.matchAll(/failed to transfer '([0-9a-f]{32}(?:\.dir)?)' - (.*)/g)) {
    if (/^https?:\/\/\S+$|does not exist|No such file|Not ?Found|^[^\s:]+$|\b404\b/i.test(why))
      found.add(md5);
  }
  const list = /Missing cache files:\n((?:.*md5: [0-9a-f]{32}(?:\.dir)?.*\n?)+)/.exec(words)?.[1] ?? '';
  for (const [, md5] of list.matchAll(/md5: ([0-9a-f]{32}(?:\.dir)?)/g)) found.add(md5);
  return found;
}

/** All files under DVC, folders' lists included, as far as targets ask for them. */
async function expected(root: string, targets: string[]): Promise<TrackedFile[]> {
  const files: TrackedFile[] = [];
  for (const out of await trackedOutputs(root)) {
    files.push(out);
    if (!out.md5.endsWith('.dir')) continue;
    // A list that is not here, or not whole, is itself among the lost.
    const inside = await readDirObject(root, out.md5).catch(() => null);
    files.push(...(inside ?? []).map(({ path, md5 }) => ({ md5, path: `${out.path}/${path}` })));
  }
  const paths = targets.filter((target) =>
    files.some(({ path }) => path === target || path.startsWith(`${target}/`)),
  );
  // Stages are targets too; which files are theirs is not worth another look here.
  if (paths.length < targets.length || targets.length === 0) return files;
  const asked = ({ path, md5 }: TrackedFile) =>
    paths.some(
      (target) =>
        path === target ||
        path.startsWith(`${target}/`) ||
        (md5.endsWith('.dir') && target.startsWith(`${path}/`)),
    );
  return files.filter(asked);
}

async function isThere(root: string, md5: string): Promise<boolean> {
  return existsSync(await cacheFile(root, md5));
}
