import type { RemoteHome } from '../contracts/homes.ts';
import { DvcError, type RemoteFailure } from './dvc-error.ts';
import { remoteSecrets } from './home-secrets.ts';
import { redact } from './redact.ts';

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
  const said = new Error(redact(errors.join('\n'), remoteSecrets(home)));
  return refusal(home, full ? 'remote-full' : failure, said);
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
