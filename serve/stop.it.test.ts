import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { temporaryFolder } from './following.testing.ts';
import { sampleOf } from './sample-service.testing.ts';
import { isReady, releaseInto, type ServiceProcess, startServiceProcess } from './service-process.testing.ts';

const CLIENTS = 8;
const ASK = '/forecast?lat=40.5&lon=-75.5';

let services: ServiceProcess[] = [];
afterEach(() => {
  for (const service of services) service.kill();
  services = [];
});

it('loses no request when it is told to end, as a load balancer sees it', async () => {
  const { folder, remove } = await temporaryFolder();
  try {
    const baked = await releaseInto(folder, sampleOf());
    const env = { PERENNIAL_DRAIN_SECONDS: '1.5', PERENNIAL_RATE_LIMIT: '0' };
    services = await Promise.all([startServiceProcess(baked, env), startServiceProcess(baked, env)]);
    const [first, second] = services;
    const balancer = new Balancer(services.map(({ url }) => url));
    const asking = Promise.all(Array.from({ length: CLIENTS }, () => balancer.ask()));
    await wait(500);
    const before = balancer.answered;
    first.terminate();
    expect(await first.ended).toBe(0);
    await wait(300);
    await balancer.stop();
    await asking;
    expect(before).toBeGreaterThan(0);
    expect(balancer.answered).toBeGreaterThan(before);
    expect(balancer.failed).toEqual([]);
    expect(await isReady(second.url)).toBe(true);
  } finally {
    await remove();
  }
}, 180_000);

/** Sends each request to the next service that is ready, and looks at that as often as Kubernetes would on a bad day. */
class Balancer {
  answered = 0;
  readonly failed: string[] = [];
  #ready: string[];
  #turn = 0;
  #stopped = false;
  readonly #looking: Promise<void>;

  constructor(private readonly urls: string[]) {
    this.#ready = urls;
    this.#looking = this.#look();
  }

  async ask(): Promise<void> {
    while (!this.#stopped) {
      const url = this.#ready[this.#turn++ % this.#ready.length];
      try {
        const response = await fetch(`${url}${ASK}`, { signal: AbortSignal.timeout(20_000) });
        await response.arrayBuffer();
        if (response.status === 200) this.answered++;
        else this.failed.push(`${url}: ${response.status}`);
      } catch (error) {
        this.failed.push(`${url}: ${String((error as Error).cause ?? error)}`);
      }
    }
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#looking;
  }

  async #look(): Promise<void> {
    while (!this.#stopped) {
      await wait(200);
      const states = await Promise.all(this.urls.map(isReady));
      const ready = this.urls.filter((_, index) => states[index]);
      if (ready.length > 0) this.#ready = ready;
    }
  }
}
