import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { CorruptError, EXIT, PerennialError } from '../contracts/errors.ts';
import { RunRecord } from '../contracts/run-record.ts';
import { readJson, writeJson } from '../files.ts';
import { isAlive } from './is-alive.ts';

/** The record of a run cannot be kept on this disk. */
export class SpoolError extends PerennialError {}

/** A record on disk: `<folder>/record.json`, the artifacts' copies below `<folder>/files/`. */
export interface Spooled {
  folder: string;
  record: RunRecord;
}

type Beginning = Pick<
  RunRecord,
  'model' | 'experiment' | 'name' | 'started_at' | 'description' | 'tags' | 'params'
>;
export type Ending = Pick<RunRecord, 'description' | 'tags' | 'params' | 'metrics' | 'datasets'> & {
  ended_at: string;
  /** @prop from the file as the stages left it; it is linked where the disk can, so it must not be written in place */
  artifacts: { path: string; from: string }[];
};

export interface SpoolLimits {
  records: number;
  bytes: number;
  /** Without a sign of life for so long a record of another machine is one of a dead run. */
  staleMs: number;
}
const LIMITS: SpoolLimits = { records: 50, bytes: 2e9, staleMs: 12 * 3_600_000 };

export const STOPPED = 'the process was stopped';

/** Writes the record of a run that begins.
 *  @throws SpoolError where the disk does not take it */
export async function openRecord(spool: string, about: Beginning): Promise<Spooled> {
  const id = randomBytes(12).toString('hex');
  return await save(join(spool, id), {
    format: 1,
    id,
    ...about,
    state: 'running',
    ended_at: null,
    owner: { pid: process.pid, host: hostname() },
    failure: null,
    metrics: [],
    datasets: [],
    artifacts: [],
    mlflow_run: null,
  });
}

/** The artifacts first, the record that names them last: killed between, it is a run that died. */
export async function finishRecord({ folder, record }: Spooled, ending: Ending): Promise<Spooled> {
  const { artifacts: sources, ...facts } = ending;
  await rm(join(folder, 'files'), { recursive: true, force: true });
  const artifacts: RunRecord['artifacts'] = [];
  for (const [index, { path, from }] of sources.entries()) {
    const file = join('files', String(index));
    await onDisk(folder, async () => {
      await mkdir(join(folder, 'files'), { recursive: true });
      await linkOrCopy(from, join(folder, file));
    });
    const bytes = await readFile(join(folder, file));
    artifacts.push({ path, file, sha256: sha256(bytes), bytes: bytes.length });
  }
  return await save(folder, { ...record, ...facts, artifacts, state: 'finished' });
}

/** @param at null: nobody saw it end */
export async function failRecord(
  { folder, record }: Spooled,
  { reason, at }: { reason: string; at: string | null },
): Promise<Spooled> {
  return await save(folder, { ...record, state: 'failed', failure: reason, ended_at: at });
}

/** Written before anything is sent for it, so that a killed process is gone on with. */
export async function rememberRun({ folder, record }: Spooled, run: string | null): Promise<Spooled> {
  return await save(folder, { ...record, mlflow_run: run });
}

/** Bytes of an artifact, as they were when the run ended.
 *  @throws CorruptError if they are others now */
export async function spooledArtifact(
  { folder }: Spooled,
  artifact: RunRecord['artifacts'][number],
): Promise<Uint8Array> {
  const bytes = await readFile(join(folder, artifact.file)).catch((cause) => {
    throw new CorruptError(`${artifact.path} of the spooled run is gone`, { cause, hint: DROP });
  });
  if (sha256(bytes) !== artifact.sha256)
    throw new CorruptError(`${artifact.path} of the spooled run was changed after the run`, { hint: DROP });
  return bytes;
}
const DROP = 'it is left out; the rest of the run is delivered';

/** The record first: without it the rest is rubbish that the next look removes. */
export async function removeRecord({ folder }: Spooled): Promise<void> {
  await rm(join(folder, 'record.json'), { force: true });
  await rm(folder, { recursive: true, force: true });
}

/** Records of runs that have ended and are not delivered, oldest first. One that a dead process left `running` is marked
 *  failed; what is no record is removed or set aside; beyond the limits the oldest are dropped, and the log says so. */
export async function pendingRecords(
  spool: string,
  { log, limits }: { log: Logger; limits?: Partial<SpoolLimits> },
): Promise<Spooled[]> {
  const { records, bytes, staleMs } = { ...LIMITS, ...limits };
  const pending: Spooled[] = [];
  for (const folder of await foldersOf(spool)) {
    const record = await readRecord(folder, log);
    if (!record) continue;
    if (record.state !== 'running') pending.push({ folder, record });
    else if (await isDead(folder, record, staleMs))
      pending.push(await failRecord({ folder, record }, { reason: STOPPED, at: null }));
  }
  pending.sort((a, b) => Date.parse(a.record.started_at) - Date.parse(b.record.started_at));
  let size = pending.reduce((sum, one) => sum + sizeOf(one), 0);
  while (pending.length > records || (size > bytes && pending.length > 1)) {
    const dropped = pending.shift()!;
    size -= sizeOf(dropped);
    log.warn(
      { run: dropped.record.name, started_at: dropped.record.started_at },
      'too many runs wait for the tracking server: the oldest record is dropped',
    );
    await removeRecord(dropped);
  }
  return pending;
}

const sizeOf = ({ record }: Spooled) => record.artifacts.reduce((sum, { bytes }) => sum + bytes, 0);

async function foldersOf(spool: string): Promise<string[]> {
  const entries = await readdir(spool, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return entries
    .filter((entry) => entry.isDirectory() && /^[0-9a-f]{24}$/.test(entry.name))
    .map(({ name }) => join(spool, name));
}

async function readRecord(folder: string, log: Logger): Promise<RunRecord | null> {
  try {
    const record = await readJson(join(folder, 'record.json'), RunRecord);
    if (!record) await rm(folder, { recursive: true, force: true });
    return record;
  } catch (error) {
    if (!(error instanceof CorruptError)) throw error;
    log.warn({ folder, err: error }, 'the record of a run cannot be read: it is set aside');
    await rename(folder, `${folder}.corrupt`);
    return null;
  }
}

async function isDead(folder: string, { owner }: RunRecord, staleMs: number): Promise<boolean> {
  if (owner.host === hostname()) return owner.pid !== process.pid && !isAlive(owner.pid);
  const { mtimeMs } = await stat(join(folder, 'record.json'));
  return Date.now() - mtimeMs > staleMs;
}

async function save(folder: string, record: RunRecord): Promise<Spooled> {
  await onDisk(folder, () => writeJson(join(folder, 'record.json'), RunRecord, record));
  return { folder, record };
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    // Another disk, or one that knows no links.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw error;
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}

async function onDisk<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === undefined ? undefined : UNWRITABLE[code];
    if (why === undefined) throw cause;
    throw new SpoolError(`the record of this run cannot be kept in ${folder}: ${why}`, {
      cause,
      exitCode: EXIT.setup,
      hint: 'make room or mend the rights of that folder; the training itself goes on, without a run at the tracking server',
    });
  }
}
const UNWRITABLE: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: "this user's share of the disk is used up",
  EROFS: 'the disk is read-only',
  ENOTDIR: 'a file stands in the way',
  EEXIST: 'a file stands in the way',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
};

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
