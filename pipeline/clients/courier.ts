import { Agent, EnvHttpProxyAgent } from 'undici';
import type { SourceParams } from '../contracts/params.ts';
import type { Courier } from './download.ts';
import { pace } from './pace.ts';
import { realTiming, type Timing } from './retry.ts';

const CONNECT_MS = 10_000;
/** A large file on a slow line may take half an hour; a server that drips bytes for ever may not. */
const OVERALL_FACTOR = 30;

export interface CourierOptions {
  signal: AbortSignal;
  now: () => Date;
  env: Record<string, string | undefined>;
  timing?: Timing;
  onWait?: Courier['onWait'];
  onBytes?: Courier['onBytes'];
}

/** The one who asks the portal: with the limits of a source, for the length of one run. Dismiss it at the end. */
export function hire(source: SourceParams, options: CourierOptions): Courier & { dismiss(): Promise<void> } {
  const limits = {
    connect: { timeout: Math.min(CONNECT_MS, source.timeout_ms) },
    headersTimeout: source.timeout_ms,
    bodyTimeout: source.timeout_ms,
    connections: 4,
  };
  const { http_proxy, HTTP_PROXY, https_proxy, HTTPS_PROXY, no_proxy, NO_PROXY } = options.env;
  const httpProxy = http_proxy ?? HTTP_PROXY;
  const httpsProxy = https_proxy ?? HTTPS_PROXY;
  // Offices often reach the web through a proxy only; the embedded portal is never behind it.
  const noProxy = [no_proxy ?? NO_PROXY, 'localhost', '127.0.0.1', '[::1]'].filter(Boolean).join(',');
  const dispatcher =
    httpProxy || httpsProxy
      ? new EnvHttpProxyAgent({ ...limits, httpProxy, httpsProxy, noProxy })
      : new Agent(limits);
  const timing = options.timing ?? realTiming;
  const key = source.key && options.env[source.key.env];
  return {
    dispatcher,
    timing,
    signal: options.signal,
    retries: source.retries,
    maxBytes: source.max_bytes,
    overallMs: source.timeout_ms * OVERALL_FACTOR,
    pace: pace(source.max_requests_per_minute, timing),
    now: options.now,
    secrets: key ? [key] : [],
    onWait: options.onWait,
    onBytes: options.onBytes,
    dismiss: () => dispatcher.destroy(),
  };
}
