import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';
import { makeConsole, openLog } from './console.ts';
import { withhold } from './secrets.ts';

const SECRET = 'tok"en-71b4';

afterEach(() => vi.restoreAllMocks());

test('no line of the log holds a secret, wherever it stood', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'log-'));
  try {
    const file = join(folder, 'run.jsonl');
    const log = openLog({ file, run: 'r', level: 'trace' });
    withhold([SECRET]);
    const error = new Error(`refused ${SECRET}`, {
      cause: { headers: { authorization: `Bearer ${SECRET}` } },
    });
    log.info({ [SECRET]: 1, deep: [{ password: SECRET }] }, `with ${SECRET}`);
    log.child({ of: SECRET }).error(error);
    const text = await readFile(file, 'utf8');
    expect(text).not.toContain('71b4');
    const lines = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ msg }) => msg)).toEqual(['with ***', 'refused ***']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

test('nor what is said and printed', () => {
  withhold([SECRET]);
  const written: string[] = [];
  for (const stream of [process.stderr, process.stdout]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => written.push(String(text)) > 0);
  }
  const console = makeConsole({ quiet: false, json: false });
  console.say(`said ${SECRET}`);
  console.print(JSON.stringify({ printed: SECRET }));
  console.progress.start('push').done(SECRET);
  expect(written.join('')).not.toContain('71b4');
  expect(written.slice(0, 2)).toEqual(['said ***\n', '{"printed":"***"}\n']);
});
