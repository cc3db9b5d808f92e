import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REPOSITORY } from '../pipeline/workspace.ts';
import { buildSampleImage, dockerHere } from './baked-image.testing.ts';
import { ask } from './built-service.testing.ts';
import { compose } from './compose.testing.ts';
import { freePort } from './servers/free-port.ts';

const MOST_OWN_BYTES = 120_000_000;
/** With a margin for a machine that is busy. */
const HEALTHY_LIMIT_MS = 60_000;
/** Packages come over the network. */
const BUILD_LIMIT_MS = 10 * 60_000;

const here = await dockerHere();
if (!here) console.warn('image: skipped, no Docker engine with a base image answers (DOCKER_HOST)');

describe.skipIf(!here)('the image', () => {
  const { docker, base } = here as NonNullable<typeof here>;
  const name = `perennial-test-${randomBytes(4).toString('hex')}`;
  const containers: string[] = [];
  let folder: string;
  let image: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'perennial-image-'));
    const args = {
      COMMIT: '0123abc',
      DATA_VERSION: 'd'.repeat(32),
      MODELS: 'infections=v0001',
      VERSION: 'v1.2.3',
    };
    image = await buildSampleImage({ docker, base }, { folder, tag: name, args });
  });
  afterAll(async () => {
    for (const container of containers) await docker.remove(container);
    await docker.removeVolume(name);
    await docker.removeNetwork(name);
    for (const tag of [name, `${name}:again`]) await docker.removeImage(tag);
    await rm(folder, { recursive: true, force: true });
  });

  async function run(options: Partial<Parameters<typeof docker.run>[0]>): Promise<string> {
    const container = await docker.run({ image: name, readOnly: true, ...options });
    containers.push(container);
    return container;
  }

  async function untilHealthy(container: string): Promise<void> {
    for (const until = Date.now() + HEALTHY_LIMIT_MS; ; await wait(250)) {
      const state = (await docker.inspect(container))?.State;
      if (state?.Health?.Status === 'healthy') return;
      if (state?.Status === 'running' && Date.now() < until) continue;
      throw new Error(`${state?.Status}, ${state?.Health?.Status}: ${await docker.logs(container)}`);
    }
  }

  it('says what is in it, belongs to nobody special, and is small', async () => {
    const { Config, RootFS } = (await docker.image(image)) ?? {};
    expect(Config?.User).toBe('1000:1000');
    expect(Config?.StopSignal).toBe('SIGTERM');
    expect(Config?.Entrypoint).toEqual(['node', '/app/dist/main.mjs']);
    expect(Config?.Labels).toMatchObject({
      'org.opencontainers.image.revision': '0123abc',
      'org.opencontainers.image.version': 'v1.2.3',
      'org.opencontainers.image.licenses': 'MIT',
      'perennial.data-version': 'd'.repeat(32),
      'perennial.models': 'infections=v0001',
    });
    const below = (await docker.image(base))?.RootFS.Layers ?? [];
    expect(RootFS?.Layers.slice(0, below.length)).toEqual(below);
    const own = (await docker.history(image)).slice(0, -(await docker.history(base)).length);
    const bytes = own.reduce((sum, layer) => sum + layer.bytes, 0);
    expect(bytes).toBeGreaterThan(1_000_000);
    expect(bytes).toBeLessThan(MOST_OWN_BYTES);
  });

  it('answers without a file that it may write, remembers in its volume, and ends in peace', async () => {
    const port = await freePort();
    const container = await run({
      network: 'host',
      env: { PORT: String(port), HOST: '127.0.0.1' },
      volumes: [`${name}:/state`],
    });
    await untilHealthy(container);
    const answer = await ask(`http://127.0.0.1:${port}`, '/forecast?lat=40.5&lon=-75.5');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('x-model-version')).toBe('v0001');
    const inside =
      'id -u; for one in python3 python gcc cc make; do command -v $one; done; touch /app/x 2>&1; ls /app; touch /state/x && echo kept';
    const said = await docker.exec(container, ['sh', '-c', inside]);
    expect(said.split('\n')[0]).toBe('1000');
    expect(said).not.toMatch(/python|gcc|\bcc\b|make/);
    expect(said).toMatch(/read-only/i);
    expect(said).toMatch(/^dist\nreleased\nkept$/m);
    expect(await docker.stop(container)).toBe(0);
  });

  it(
    'holds the same bytes when it is built again',
    async () => {
      const again = await buildSampleImage({ docker, base }, { folder, tag: `${name}:again`, anew: true });
      const layers = async (id: string) => (await docker.image(id))?.RootFS.Layers;
      expect(await layers(again)).toEqual(await layers(image));
    },
    BUILD_LIMIT_MS,
  );

  it('is watched by the Prometheus of compose.yaml, with its rules', async ({ skip }) => {
    const { prometheus } = (await compose()).services;
    if (!(await docker.image(prometheus.image))) skip(`no ${prometheus.image} here`);
    await docker.createNetwork(name);
    await run({ network: name, aliases: ['service'] });
    const port = await freePort();
    const mounts = prometheus.volumes.filter((one) => one.startsWith('./'));
    await run({
      image: prometheus.image,
      readOnly: false,
      network: name,
      ports: [`127.0.0.1:${port}:9090`],
      volumes: mounts.map((one) => join(REPOSITORY, one)),
      command: prometheus.command,
    });
    const ask = async (path: string) =>
      (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`, { signal: AbortSignal.timeout(5_000) })).json();
    const up = encodeURIComponent('up{job="perennial"}');
    for (const until = Date.now() + HEALTHY_LIMIT_MS; ; await wait(500)) {
      const { data } = (await ask(`query?query=${up}`).catch(() => ({}))) as {
        data?: { result: { value: string[] }[] };
      };
      if (data?.result[0]?.value[1] === '1') break;
      if (Date.now() > until) throw new Error(`Prometheus does not see the service: ${JSON.stringify(data)}`);
    }
    const { data } = (await ask('rules')) as { data: { groups: object[] } };
    expect(data.groups.length).toBeGreaterThan(1);
  });
});
