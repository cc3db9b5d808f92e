import type { ModelParams } from '../contracts/params.ts';
import { startPortal } from '../simulator/portal.ts';
import type { PlacesSource } from './places.ts';

/** A model's source made reachable: an address there is already, or the embedded portal started for the run. */
export interface OpenSource {
  params: ModelParams;
  places: PlacesSource | undefined;
  /** The simulated portal has a clock of its own: the day it publishes. */
  now: (() => Date) | null;
  close(): Promise<void>;
}

/** Always the same address, so that conditional requests find what they know; any other where it is taken. */
const PORT = 47_831;

/** @param day of the embedded portal: 0 = its first publication */
export async function openSource(params: ModelParams, day: number): Promise<OpenSource> {
  const { simulator, ...source } = params.source;
  if (!simulator) return { params, places: params.places, now: null, close: async () => {} };
  const portal = await startPortal({ ...simulator, day, port: PORT }).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') throw error;
      return startPortal({ ...simulator, day });
    },
  );
  return {
    params: { ...params, source: { ...source, urls: [portal.url] } },
    places: { polygons: portal.placesUrl, key: 'code' },
    now: simulatedClock(portal.day),
    close: () => portal.close(),
  };
}

/** The portal's evening, from which time goes on as it does; a frozen clock stands still. */
function simulatedClock(from: Date): () => Date {
  const began = Date.now();
  return process.env.PERENNIAL_NOW
    ? () => new Date(from)
    : () => new Date(from.getTime() + Date.now() - began);
}
