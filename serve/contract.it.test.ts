import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonWith } from '../test/servers/installed.ts';
import { buildApp } from './app.ts';
import { samples, startService, temporaryFolder, workspaceIn } from './following.testing.ts';
import { Life } from './guards/life.ts';
import { OPERATIONS } from './openapi/operations.ts';

const REQUIREMENTS = fileURLToPath(new URL('../test/servers/schemathesis.txt', import.meta.url));
/** What one route is asked: requests that fit the document, and ones that do not. */
const EXAMPLES = 5;
/** Alone on two cores it takes about a minute. */
const LIMIT_MS = 420_000;
const KEY = 'a-key-of-this-test';

/** Not asked: whether all that fits the document is answered with 2xx, for a schema cannot say that a point lies in a tract, that the
 *  31st of June is none, or that lat needs lon. What is answered is counted below instead. */
const WITHOUT = 'positive_data_acceptance';
/** What no generated request can name: a digest that was refused, a file's hash. */
const NEVER = ['DELETE /admin/models/:model/refused/:digest', 'GET /page/assets/:name'];
/** Of what is asked there, most on purpose does not fit. */
const SHARES = { '/forecast': 0.02, '/statistics': 0.02, '/predict': 0.05, '/jobs': 0.05 };

let schemathesis: string;
let home: Awaited<ReturnType<typeof temporaryFolder>>;
let service: Awaited<ReturnType<typeof startService>>;
let app: FastifyInstance;
let address: string;

/** v0001 was served before v0002: there is something to roll back to, and to pin. */
beforeAll(async () => {
  const pinned = await readFile(REQUIREMENTS, 'utf8');
  const python = await pythonWith('schemathesis', pinned.trim().split('\n'));
  schemathesis = python.replace(/python$/, 'schemathesis');
  home = await temporaryFolder();
  const workspace = workspaceIn(home.folder);
  for (const sample of [samples.one, samples.two]) await workspace.register(sample);
  await workspace.promote('v0001');
  await workspace.publish(samples.one.pack);
  service = await startService({
    source: workspace.source(),
    state: `${home.folder}/state`,
    env: {
      PERENNIAL_MAX_JOBS: '1000',
      PERENNIAL_TRIAL_REQUESTS: '10',
      PERENNIAL_ADMIN_KEYS: createHash('sha256').update(KEY).digest('hex'),
    },
  });
  await workspace.promote('v0002');
  await service.follower.look();
  service.answer(10);
  // A busy machine must not be taken for a busy service: without what sheds load.
  app = (await buildApp({ ...service, life: new Life() }, { guards: false })) as unknown as FastifyInstance;
  address = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await app?.close();
  await service?.close();
  await home?.remove();
});

async function ask(options: string[]): Promise<void> {
  const { exitCode, all } = await execa(
    schemathesis,
    [
      ...['run', `${address}/docs/json`, '--checks', 'all', '--exclude-checks', WITHOUT],
      ...['--max-examples', `${EXAMPLES}`, '--generation-deterministic', '--workers', '1'],
      ...['--request-timeout', '10', '--no-color', ...options],
    ],
    { all: true, reject: false, timeout: LIMIT_MS, cwd: tmpdir() },
  );
  expect(exitCode, all?.slice(-8000)).toBe(0);
}

/** By method and route: how often it was asked, and answered with 2xx; and all with 5xx. */
async function answers() {
  const { values } = await service.monitor.requests.get();
  const seen = new Map<string, { asked: number; answered: number }>();
  for (const { labels, value } of values) {
    const name = `${labels.method} ${labels.route}`;
    const counts = seen.get(name) ?? { asked: 0, answered: 0 };
    counts.asked += value;
    if (String(labels.status).startsWith('2')) counts.answered += value;
    seen.set(name, counts);
  }
  return { seen, failed: values.filter(({ labels }) => Number(labels.status) >= 500) };
}

describe('the service', () => {
  it(
    'answers whatever its own document allows or forbids as the document says, and never with 5xx',
    async () => {
      const withKey = ['--header', `Authorization: Bearer ${KEY}`];
      const phases = ['--phases', 'examples,coverage,fuzzing,stateful'];
      await ask([...phases, '--exclude-path-regex', '^/admin']);
      // Another version answers then: the document is read anew.
      await ask([...phases, ...withKey, '--include-path-regex', '^/admin']);
      const { seen, failed } = await answers();
      expect(failed).toEqual([]);
      const unanswered = OPERATIONS.map(
        ({ method, path }) => `${method} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
      ).filter((name) => !seen.get(name)?.answered);
      expect(unanswered.sort()).toEqual(NEVER);
      for (const [route, share] of Object.entries(SHARES)) {
        const { asked, answered } = seen.get(`GET ${route}`) ?? seen.get(`POST ${route}`)!;
        expect(answered / asked, `${route}: ${answered} of ${asked}`).toBeGreaterThan(share);
      }
    },
    LIMIT_MS + 10_000,
  );

  it(
    'does nothing for whoever brings no key, and says so',
    async () => {
      const before = (await answers()).seen;
      await ask(['--include-path-regex', '^/admin', '--phases', 'examples,coverage']);
      const { seen, failed } = await answers();
      expect(failed).toEqual([]);
      const admin = [...seen].filter(([name]) => name.includes(' /admin'));
      expect(admin.length).toBeGreaterThan(4);
      for (const [name, { asked, answered }] of admin) {
        expect(asked, name).toBeGreaterThan(before.get(name)?.asked ?? 0);
        expect(answered, name).toBe(before.get(name)?.answered ?? 0);
      }
    },
    LIMIT_MS + 10_000,
  );
});
