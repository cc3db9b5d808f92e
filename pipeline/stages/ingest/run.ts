import { join } from 'node:path';
import { hire } from '../../clients/courier.ts';
import { exists, FileNames } from '../../clients/file-names.ts';
import { gather, type SnapshotFile } from '../../clients/gather.ts';
import { hashOfHashes } from '../../clients/open-snapshot.ts';
import { recordedUrl } from '../../clients/redact.ts';
import type { Timing } from '../../clients/retry.ts';
import {
  clearLeftovers,
  folderName,
  freeMoment,
  keep,
  newestSnapshot,
  openIncoming,
} from '../../clients/snapshot-folder.ts';
import type { StageContext } from '../../context.ts';
import { UsageError } from '../../contracts/errors.ts';
import { type Snapshot, SourceState } from '../../contracts/snapshot.ts';
import { readJson, writeJson } from '../../files.ts';
import { type Answer, anythingNew, lastNewAt, validatorsAfter } from './news.ts';
import { type Silence, silence } from './silence.ts';

export interface IngestOptions {
  /** Ask without conditions and keep what comes, also where it is not new. */
  force?: boolean;
  /** What relative paths of local files start from. */
  base?: string;
  timing?: Timing;
  env?: Record<string, string | undefined>;
}

export interface IngestResult {
  state: 'new' | 'unchanged';
  snapshot: Snapshot;
  /** The snapshot's folder; where nothing is new and the data was not pulled it is not there. */
  directory: string;
  silent: Silence | null;
}

/** Asks the portal whether there is anything new; if so, keeps it as a snapshot, whole or not at all.
 *  @throws UpstreamError and UsageError, nothing having been touched; CorruptError */
export async function ingest(context: StageContext, options: IngestOptions = {}): Promise<IngestResult> {
  const { paths, log } = context;
  const addresses = addressesOf(context);
  const left = await clearLeftovers(paths.raw);
  if (left.length > 0) log.info({ left }, 'removed what a killed run left');
  const state = await readJson(paths.source, SourceState);
  const previous = options.force ? null : await trusted(state, context);

  const incoming = await openIncoming(paths.raw);
  try {
    const answers = await askAll(addresses, previous, incoming.folder, context, options);
    const isNew = anythingNew(answers, previous);
    const result = isNew
      ? await keepNew(answers, state, incoming.folder, context, options)
      : knownAlready(previous!, context);
    const next = nextState(state, result.snapshot, answers, isNew, context.now());
    await writeJson(paths.source, SourceState, next);
    const silent = silence(next.last_new_at, context.params.source.expected_every, context.now());
    if (silent) log.warn(silent, 'the portal has published nothing new for too long');
    log.info({ state: result.state, collected_at: result.snapshot.collected_at }, 'ingest done');
    return { ...result, silent };
  } finally {
    await incoming.drop();
  }
}

interface Address {
  url: string;
  /** What it is called in files. */
  recorded: string;
}

function addressesOf({ params }: StageContext): Address[] {
  if (!params.source.urls) {
    throw new UsageError('the source is the simulator, and its portal is not running', {
      hint: 'start the embedded portal and give its address as `source.urls`',
    });
  }
  const taken = new Set<string>();
  return [...new Set(params.source.urls)].map((url, index) => {
    // Two addresses that differ in their secrets only are still two.
    const recorded = taken.has(recordedUrl(url)) ? `${recordedUrl(url)}#${index + 1}` : recordedUrl(url);
    taken.add(recorded);
    return { url, recorded };
  });
}

/** The state that a conditional request may rest on; null where the bytes it speaks of were lost before they were judged. */
async function trusted(state: SourceState | null, { paths }: StageContext): Promise<SourceState | null> {
  if (!state?.snapshot.files) return null;
  if (state.gated?.sha256 === state.snapshot.sha256) return state;
  const directory = join(paths.raw, folderName(state.snapshot.collected_at));
  return (await exists(join(directory, 'snapshot.json'))) ? state : null;
}

/** All addresses or none. When some have news, those that have none are asked again without condition, for a snapshot is
 *  complete in itself. */
async function askAll(
  addresses: Address[],
  previous: SourceState | null,
  folder: string,
  context: StageContext,
  options: IngestOptions,
): Promise<Answer[]> {
  const { source } = context.params;
  const env = options.env ?? process.env;
  const task = context.progress.start(`Asking ${addresses.map(({ recorded }) => recorded).join(', ')}`);
  const courier = hire(source, {
    signal: context.signal,
    now: context.now,
    env,
    timing: options.timing,
    onBytes: (bytes) => task.set(bytes, 'bytes'),
    onWait: (url, seen, waitMs) =>
      context.log.warn({ url, seen, waitMs: Math.round(waitMs) }, 'trying again'),
  });
  const base = options.base ?? process.cwd();
  const settings = { courier, source, folder, base, env, names: new FileNames() };
  const ask = async ({ url, recorded }: Address, conditional: boolean): Promise<Answer> => {
    context.log.debug({ url: recorded, conditional }, 'asking');
    const gathered = await gather(url, conditional ? previous?.urls[recorded] : undefined, settings);
    return { recorded, gathered };
  };
  try {
    let answers: Answer[] = [];
    for (const address of addresses) answers.push(await ask(address, true));
    if (!anythingNew(answers, previous)) return answers;
    for (const [index, answer] of answers.entries()) {
      if (answer.gathered === null) answers = answers.with(index, await ask(addresses[index], false));
    }
    return answers;
  } finally {
    task.done();
    await courier.dismiss();
  }
}

type Kept = Pick<IngestResult, 'state' | 'snapshot' | 'directory'>;

async function keepNew(
  answers: Answer[],
  state: SourceState | null,
  folder: string,
  context: StageContext,
  options: IngestOptions,
): Promise<Kept> {
  const { raw } = context.paths;
  const files: SnapshotFile[] = answers.flatMap(({ gathered }) => gathered?.files ?? []);
  const sha256 = hashOfHashes(files.map((file) => file.sha256));
  // A run that was killed before it wrote source.json left a whole snapshot: it is the one.
  const known = await newestSnapshot(raw);
  if (known?.snapshot.sha256 === sha256 && !options.force) return { state: 'new', ...known };
  // The bytes were lost and have come back as they were: they were known since then.
  const lost = state?.snapshot.sha256 === sha256 && !options.force;
  const collected_at = await freeMoment(raw, lost ? new Date(state.snapshot.collected_at) : context.now());
  const snapshot: Snapshot = { collected_at, files, sha256 };
  context.log.debug({ collected_at, files: files.length }, 'received');
  const directory = await keep(folder, snapshot);
  context.log.debug({ collected_at }, 'kept');
  return { state: 'new', snapshot, directory };
}

function knownAlready(previous: SourceState, { paths }: StageContext): Kept {
  const { collected_at, sha256, files } = previous.snapshot;
  const directory = join(paths.raw, folderName(collected_at));
  return { state: 'unchanged', snapshot: { collected_at, sha256, files: files! }, directory };
}

function nextState(
  state: SourceState | null,
  snapshot: Snapshot,
  answers: Answer[],
  isNew: boolean,
  now: Date,
): SourceState {
  return {
    ...state, // `gated` and `schema` are the gate's
    urls: validatorsAfter(answers, state),
    snapshot: { collected_at: snapshot.collected_at, sha256: snapshot.sha256, files: snapshot.files },
    last_new_at: isNew ? lastNewAt(answers, state, snapshot) : state!.last_new_at,
    checked_at: now.toISOString(),
  };
}
