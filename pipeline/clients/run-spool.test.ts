import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CorruptError } from '../contracts/errors.ts';
import { RunRecord } from '../contracts/run-record.ts';
import { writeJson } from '../files.ts';
import { finishRecord, openRecord, pendingRecords, removeRecord, spooledArtifact } from './run-spool.ts';
import { BEGINNING, ENDING } from './sample-record.testing.ts';

const said: string[] = [];
const log = pino({ level: 'warn' }, { write: (line: string) => said.push(JSON.parse(line).msg) });
const about = BEGINNING('experiment');
let spool: string;

beforeEach(async () => {
  spool = await mkdtemp(join(tmpdir(), 'perennial-spool-'));
  said.length = 0;
});
afterEach(() => rm(spool, { recursive: true, force: true }));

describe('a record', () => {
  it('keeps the artifacts as they were when the run ended, without copying them', async () => {
    const from = join(spool, 'report.md');
    await writeFile(from, 'one');
    const spooled = await finishRecord(await openRecord(spool, about), {
      ...ENDING,
      artifacts: [{ path: 'report.md', from }],
    });
    const [artifact] = spooled.record.artifacts;
    expect((await stat(join(spooled.folder, artifact.file))).ino).toBe((await stat(from)).ino);
    await rm(from);
    await writeFile(from, 'two');
    expect(Buffer.from(await spooledArtifact(spooled, artifact)).toString()).toBe('one');
  });

  it('tells an artifact that was changed, and one that is gone', async () => {
    const from = join(spool, 'report.md');
    await writeFile(from, 'one');
    const spooled = await finishRecord(await openRecord(spool, about), {
      ...ENDING,
      artifacts: [{ path: 'report.md', from }],
    });
    const [artifact] = spooled.record.artifacts;
    await writeFile(join(spooled.folder, artifact.file), 'onE');
    await expect(spooledArtifact(spooled, artifact)).rejects.toThrow(CorruptError);
    await rm(join(spooled.folder, artifact.file));
    await expect(spooledArtifact(spooled, artifact)).rejects.toThrow('is gone');
  });

  it('is removed with all its files', async () => {
    const spooled = await openRecord(spool, about);
    await removeRecord(spooled);
    expect(await readdir(spool)).toEqual([]);
  });

  it('says in one sentence why it cannot be written', async () => {
    await rm(spool, { recursive: true });
    await writeFile(spool, '');
    await expect(openRecord(spool, about)).rejects.toThrow(/cannot be kept in .*: a file stands in the way/);
  });
});

describe('pendingRecords', () => {
  it('leaves a run alone that this process or another living one writes', async () => {
    await openRecord(spool, about);
    const other = await openRecord(spool, about);
    await owned(other, { pid: process.ppid });
    expect(await pendingRecords(spool, { log })).toEqual([]);
    expect(await readdir(spool)).toHaveLength(2);
  });

  it('marks a run failed whose process was killed, and only that', async () => {
    const dead = await openRecord(spool, about);
    await owned(dead, { pid: 2 ** 22 + 1 });
    const [{ record }] = await pendingRecords(spool, { log });
    expect(record).toMatchObject({ state: 'failed', failure: 'the process was stopped', ended_at: null });
    const written = RunRecord.parse(JSON.parse(await readFile(join(dead.folder, 'record.json'), 'utf8')));
    expect(written).toEqual(record);
  });

  it('takes a run of another machine for dead only after a while without a sign of life', async () => {
    const there = await openRecord(spool, about);
    await owned(there, { host: 'elsewhere' });
    const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
    await utimes(join(there.folder, 'record.json'), minutesAgo(59), minutesAgo(59));
    const limits = { staleMs: 3_600_000 };
    expect(await pendingRecords(spool, { log, limits })).toEqual([]);
    await utimes(join(there.folder, 'record.json'), minutesAgo(61), minutesAgo(61));
    expect(await pendingRecords(spool, { log, limits })).toHaveLength(1);
  });

  it('comes oldest first, and drops the oldest beyond either limit, with a word', async () => {
    const from = join(spool, 'data');
    await writeFile(from, new Uint8Array(100));
    for (const day of ['03', '01', '02']) {
      const opened = await openRecord(spool, { ...about, started_at: `2026-07-${day}T00:00:00.000Z` });
      await finishRecord(opened, { ...ENDING, artifacts: [{ path: 'data', from }] });
    }
    const days = async (limits: { records?: number; bytes?: number }) =>
      (await pendingRecords(spool, { log, limits })).map(({ record }) => record.started_at.slice(8, 10));
    expect(await days({ records: 3, bytes: 300 })).toEqual(['01', '02', '03']);
    expect(said).toEqual([]);
    expect(await days({ bytes: 299 })).toEqual(['02', '03']);
    expect(await days({ records: 1 })).toEqual(['03']);
    // One that is larger than the limit alone is kept: there is nothing better to keep.
    expect(await days({ bytes: 1 })).toEqual(['03']);
    expect(said).toEqual(Array(2).fill(expect.stringContaining('the oldest record is dropped')));
  });

  it('removes what was begun or half removed, sets aside what cannot be read', async () => {
    await mkdir(join(spool, 'a'.repeat(24), 'files'), { recursive: true });
    await mkdir(join(spool, 'b'.repeat(24)));
    await writeFile(join(spool, 'b'.repeat(24), 'record.json'), '{"format": 1');
    expect(await pendingRecords(spool, { log })).toEqual([]);
    expect(await readdir(spool)).toEqual([`${'b'.repeat(24)}.corrupt`]);
    expect(said).toEqual([expect.stringContaining('set aside')]);
    expect(await pendingRecords(spool, { log })).toEqual([]);
  });

  it('finds nothing where nothing was ever spooled', async () => {
    expect(await pendingRecords(join(spool, 'nowhere'), { log })).toEqual([]);
  });
});

async function owned({ folder, record }: Awaited<ReturnType<typeof openRecord>>, owner: object) {
  await writeJson(join(folder, 'record.json'), RunRecord, {
    ...record,
    owner: { ...record.owner, ...owner },
  });
}
