import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pythonWith } from '../test/servers/installed.ts';
import { buildApp } from './app.ts';
import { sampleOf, samplePartsOf } from './sample-service.testing.ts';

const REQUIREMENTS = fileURLToPath(new URL('../test/servers/schemathesis.txt', import.meta.url));
/** What one route is asked: requests that fit the document, and ones that do not. */
const EXAMPLES = 5;
/** Alone on two cores it takes about a minute. */
const LIMIT_MS = 420_000;

/** Not asked: whether 404 is answered where 405 would say more, and whether all that fits the document is answered with 2xx, for a
 *  schema cannot say that a point lies in a tract or that the 31st of June is none. */
const WITHOUT = 'unsupported_method,positive_data_acceptance';

const ENV = { PERENNIAL_MAX_JOBS: '1000' };

const parts = samplePartsOf(sampleOf(), { env: ENV });
let app: Awaited<ReturnType<typeof buildApp>>;
let schemathesis: string;
let address: string;
beforeAll(async () => {
  const pinned = await readFile(REQUIREMENTS, 'utf8');
  const python = await pythonWith('schemathesis', pinned.trim().split('\n'));
  schemathesis = python.replace(/python$/, 'schemathesis');
  // A busy machine must not be taken for a busy service: without what sheds load.
  app = await buildApp(parts, { guards: false });
  address = await app.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(() => app?.close());

it(
  'answers whatever its own document allows or forbids as the document says, and never with 5xx',
  async () => {
    const { exitCode, all } = await execa(
      schemathesis,
      [
        ...['run', `${address}/docs/json`, '--checks', 'all', '--exclude-checks', WITHOUT],
        ...['--phases', 'examples,coverage,fuzzing', '--max-examples', `${EXAMPLES}`],
        ...['--generation-deterministic', '--workers', '1'],
        ...['--request-timeout', '10', '--no-color', '--exclude-path-regex', '^/admin'],
      ],
      { all: true, reject: false, timeout: LIMIT_MS, cwd: tmpdir() },
    );
    expect(exitCode, all?.slice(-8000)).toBe(0);
    const { values } = await parts.monitor.requests.get();
    const failed = values.filter(({ labels }) => Number(labels.status) >= 500);
    expect(failed).toEqual([]);
    const asked = values.reduce((sum, { value }) => sum + value, 0);
    expect(asked).toBeGreaterThan(300);
  },
  LIMIT_MS + 10_000,
);
