import type { Logger } from 'pino';

/** What the parts of the service say things to. */
export type Log = Pick<Logger, 'info' | 'warn' | 'error' | 'debug'>;

export const silent: Log = { info() {}, warn() {}, error() {}, debug() {} };
