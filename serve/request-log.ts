import type { LoggerOptions } from 'pino';
import type { Log } from './log.ts';
import type { ServiceSettings } from './settings.ts';

/** Options of the log: JSON lines, with nothing of a person in them: no address, no query (it says where somebody lives), no body. */
export function logOptions({ logLevel }: Pick<ServiceSettings, 'logLevel'>): LoggerOptions {
  return { level: logLevel, base: null, timestamp: () => `,"time":"${new Date().toISOString()}"` };
}

/** The line of an answered request. */
export function logAnswer(
  log: Log,
  { ms, ...about }: { id: string; method: string; route: string; status: number; ms: number },
): void {
  const line = { ...about, ms: Number(ms.toFixed(2)) };
  if (about.status >= 500) log.warn(line, 'failed');
  else log.info(line, 'answered');
}
