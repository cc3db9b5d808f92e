import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { FaultyPortal } from '../../../test/servers/portal.ts';
import { temporaryContext, tree } from '../../../test/stage-context.ts';
import { SourceState } from '../../contracts/snapshot.ts';
import { readJson } from '../../files.ts';
import { REPOSITORY } from '../../workspace.ts';
import { ingest } from './run.ts';

const OLD = 'date,cases\n2026-02-28,5\n';
const CSV = `${OLD}2026-03-01,8\n`.repeat(50);

let portal: FaultyPortal;
let made: Awaited<ReturnType<typeof temporaryContext>>;
let url: string;

beforeEach(async () => {
  portal = await FaultyPortal.start();
  url = portal.publish('/cases.csv', OLD);
  made = await temporaryContext({ source: { urls: [url] } });
});
afterEach(async () => {
  await portal.close();
  await made.remove();
});

const START = '2026-03-02T18:30:00.000Z';

function child(killAt: string) {
  const script = join(REPOSITORY, 'test', 'killed-ingest.ts');
  const args = [made.context.workspace.root, url, START, killAt];
  return execa('node', ['--import', 'tsx', script, ...args], {
    cwd: REPOSITORY,
    reject: false,
    timeout: 60_000,
  });
}

/** After a run that was killed: the next one ends with the new data, once, and nothing half-made beside it. */
async function nextRunGoesOn(snapshots: number) {
  made.clock.now = new Date('2026-03-02T19:00:00.000Z');
  const result = await ingest(made.context);
  expect(await readFile(join(result.directory, 'cases.csv'), 'utf8')).toBe(CSV);
  const names = await readdir(made.context.paths.raw);
  expect(names).toHaveLength(snapshots);
  for (const name of names) {
    expect((await readdir(join(made.context.paths.raw, name))).sort()).toEqual([
      'cases.csv',
      'snapshot.json',
    ]);
  }
  const state = await readJson(made.context.paths.source, SourceState);
  expect(state?.snapshot.sha256).toBe(result.snapshot.sha256);
  expect((await ingest(made.context)).state).toBe('unchanged');
  return result;
}

test.each(['asking', 'received'])('a run killed at "%s" has changed nothing that counts', async (killAt) => {
  await ingest(made.context);
  const state = await readFile(made.context.paths.source, 'utf8');
  portal.publish('/cases.csv', CSV);
  expect((await child(killAt)).signal).toBe('SIGKILL');
  expect(await readFile(made.context.paths.source, 'utf8')).toBe(state);
  expect((await nextRunGoesOn(2)).state).toBe('new');
});

test('a run killed between the snapshot and source.json has its snapshot taken up, with its own moment', async () => {
  await ingest(made.context);
  portal.publish('/cases.csv', CSV);
  expect((await child('kept')).signal).toBe('SIGKILL');
  const result = await nextRunGoesOn(2);
  expect(result.state).toBe('new');
  expect(result.snapshot.collected_at).toBe(START);
});

test('a run killed after source.json is done', async () => {
  portal.publish('/cases.csv', CSV);
  expect((await child('ingest done')).signal).toBe('SIGKILL');
  expect((await nextRunGoesOn(1)).state).toBe('unchanged');
});

test('a run killed in the middle of the body leaves bytes that the next one clears away', async () => {
  portal.publish('/cases.csv', CSV);
  portal.failForEver('/cases.csv', { kind: 'stall', after: 100 });
  const run = child('never');
  await expect
    .poll(
      async () =>
        Object.values(await tree(made.context.workspace.root)).some((text) => text === CSV.slice(0, 100)),
      { timeout: 30_000 },
    )
    .toBe(true);
  run.kill('SIGKILL');
  await run;
  expect(await readdir(made.context.paths.raw)).toEqual(['.incoming']);
  portal.heal();
  expect((await nextRunGoesOn(1)).state).toBe('new');
});

test('a folder without snapshot.json is no snapshot, and goes; what is not ours stays', async () => {
  await ingest(made.context);
  const { raw } = made.context.paths;
  await writeFile(join(raw, '.gitignore'), '*\n');
  const half = join(raw, '2026-03-01T20-00-00.000Z');
  await mkdir(half);
  await writeFile(join(half, 'cases.csv'), 'date,ca');
  expect((await ingest(made.context)).state).toBe('unchanged');
  expect((await readdir(raw)).sort()).toEqual(['.gitignore', '2026-03-01T18-30-00.000Z']);
});
