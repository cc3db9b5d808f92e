import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MODEL, sampleOf } from '../serve/sample-service.testing.ts';
import { releaseInto } from '../serve/service-process.testing.ts';
import { ask, buildService, startBuilt } from './built-service.testing.ts';
import { npmTool } from './servers/installed.ts';

/** The image's, and the oldest that a laptop may have. */
const NODES = ['22.23.3', '20.20.2'];

const sample = sampleOf();
let folder: string;
let main: string;
let baked: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'perennial-built-'));
  [main, baked] = await Promise.all([buildService(folder), releaseInto(join(folder, 'released'), sample)]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(NODES)('the built service on Node %s', (version) => {
  it('answers from what was released, says whether it is healthy, and ends in peace', async () => {
    const node = join(await npmTool(`node-${process.platform}-${process.arch}`, version), 'bin', 'node');
    const service = await startBuilt(main, {
      baked,
      node: [node],
      env: { PERENNIAL_STATE: join(folder, version) },
    });
    try {
      const answer = await ask(service.url, '/forecast?lat=40.5&lon=-75.5');
      expect(answer.status).toBe(200);
      expect(answer.headers.get('x-model-version')).toBe('v0001');
      const { tract, forecast } = (await answer.json()) as {
        tract: { id: string };
        forecast: { point: number }[];
      };
      expect(tract.id).toBe('001');
      // The seasonal naive: as a week before.
      expect(forecast[0].point).toBe(sample.panel.values[sample.panel.length - 7]);
      const check = join(folder, 'dist', 'health-check.mjs');
      const { port } = new URL(service.url);
      expect((await execa(node, [check], { env: { PORT: port, HOST: '0.0.0.0' } })).stdout).toContain('200');
    } finally {
      expect(await service.stop()).toBe(0);
    }
  });
});

it('remembers what it serves, so that a start while all else is away serves it too', async () => {
  const state = join(folder, 'remembered');
  const service = await startBuilt(main, {
    baked: 'none',
    env: { PERENNIAL_STATE: state, PERENNIAL_FOLLOW: baked, PERENNIAL_FOLLOW_SECONDS: '0.2' },
  });
  await vi.waitFor(() => readFile(join(state, 'served.json'), 'utf8'), 10_000);
  expect(await service.stop()).toBe(0);
  const alone = await startBuilt(main, {
    baked: 'none',
    env: { PERENNIAL_STATE: state, PERENNIAL_FOLLOW: join(folder, 'away.json'), PERENNIAL_MODELS: MODEL },
  });
  try {
    expect((await ask(alone.url, '/health')).headers.get('x-model-version')).toBe('v0001');
  } finally {
    expect(await alone.stop()).toBe(0);
  }
});

it('draws outlines on a thread of its own, and shows the page that was built', async () => {
  const service = await startBuilt(main, { baked, env: { PERENNIAL_STATE: join(folder, 'page') } });
  try {
    const places = await ask(service.url, '/page/places');
    expect(places.status, await places.clone().text()).toBe(200);
    const page = await ask(service.url, '/', { headers: { accept: 'text/html' } });
    const [asset] = /\/page\/assets\/app-\w+\.js/.exec(await page.text()) ?? [];
    const script = await ask(service.url, asset ?? '');
    expect(Buffer.from(await script.arrayBuffer())).toEqual(
      await readFile(join(folder, 'dist', 'page', asset?.split('/').at(-1) ?? '')),
    );
  } finally {
    await service.stop();
  }
});

it('is unhealthy where nothing answers', async () => {
  const check = join(folder, 'dist', 'health-check.mjs');
  const { exitCode, stdout } = await execa(process.execPath, [check], { env: { PORT: '1' }, reject: false });
  expect(exitCode).toBe(1);
  expect(stdout).toBe('no answer: ECONNREFUSED');
});

it('brings the licence of each package that is in it', async () => {
  const notices = await readFile(join(folder, 'dist', 'THIRD-PARTY.txt'), 'utf8');
  for (const name of ['fastify', 'zod', 'undici', 'pino', 'prom-client']) {
    expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(\\w`, 'm'));
  }
  expect(notices).not.toMatch(/^(esbuild|tsx|@tensorflow\S*|execa) \d/m);
});
