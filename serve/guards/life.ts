import { setTimeout as wait } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';

/** Whether the service is on its way out: from then on it is not ready, and still answers. */
export class Life {
  #stopping = false;

  get stopping(): boolean {
    return this.#stopping;
  }

  /**
   * Ends without a lost request: not ready first, so that whoever balances the load sends no more; then, after `drainMs`, no new
   * connection; what is under way is answered.
   * @param graceMs how long answers under way may take then
   * @returns false where the grace was over before the last answer
   */
  async stop(
    app: FastifyInstance,
    { drainMs, graceMs, after }: { drainMs: number; graceMs: number; after?: () => Promise<void> },
  ): Promise<boolean> {
    this.#stopping = true;
    await wait(drainMs);
    const grace = new AbortController();
    const late = wait(graceMs, 'late', { signal: grace.signal }).catch(() => 'ended');
    const ended = await Promise.race([app.close().then(() => 'ended'), late]);
    grace.abort();
    await after?.();
    return ended === 'ended';
  }
}
