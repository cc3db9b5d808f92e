import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { z } from 'zod';
import { isAlive } from '../../clients/is-alive.ts';
import type { Run } from '../../clients/mlflow/answers.ts';
import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import { CorruptError, LockedError, UsageError } from '../../contracts/errors.ts';
import type { MlflowHome } from '../../contracts/homes.ts';

/** Of the probe's experiment and of its registered model: always the same, so that the next doctor finds what a killed
 *  one left, and so that MLflow's bin holds one deleted experiment and not hundreds. Each user has one of their own, for
 *  what one user made another may not change. */
export function probeName({ username, password }: MlflowHome): string {
  // Where the token is the user's name too, it is nobody's business.
  if (username === undefined || username === password) return 'perennial-doctor';
  const plain = /^[\w-]{1,60}$/.test(username);
  return `perennial-doctor-${plain ? username : createHash('sha256').update(username).digest('hex').slice(0, 12)}`;
}

const OWNER_TAG = 'perennial.doctor';
/** Not in a folder: an empty one would stay. */
const FILE = 'probe.txt';
/** A doctor on another machine has ended after so long. */
const ABANDONED_MS = 10 * 60_000;

/** Writes into the probe's run and reads back: a parameter, a metric, a tag, an artifact.
 *  @throws MlflowError of what the server refuses; CorruptError if it gives back something else */
export async function probeRun(mlflow: Mlflow, run: Run, owner: string): Promise<void> {
  const id = run.info.run_id;
  const written = Buffer.from(`Written by perennial doctor: ${owner}\n`);
  // Each time the same point, which the server keeps once; the tag and the file are of this time.
  const point = { key: 'probe', value: 0.5, step: 1, timestamp: 0 };
  await mlflow.logBatch(id, { metrics: [point], params: { probe: 'written' }, tags: { [OWNER_TAG]: owner } });
  await mlflow.uploadArtifact(run, FILE, written);
  const [history, read, artifact] = await Promise.all([
    mlflow.metricHistory(id, 'probe'),
    mlflow.run(id),
    mlflow.artifact(run, FILE),
  ]);
  if (history.at(-1)?.value !== point.value) throw other('a metric');
  if (read?.data.params.probe !== 'written') throw other('a parameter');
  if (read.data.tags[OWNER_TAG] !== owner) throw other('a tag');
  if (!artifact || !written.equals(artifact)) throw other('an artifact');
}

/** Makes a registered model, a version and an alias, and asks for the version by the alias. */
export async function probeModel(
  mlflow: Mlflow,
  run: Run,
  { name, owner }: { name: string; owner: string },
): Promise<void> {
  await mlflow.createRegisteredModel({
    name,
    description: 'Made by perennial doctor; it takes it away again.',
    tags: { [OWNER_TAG]: owner },
  });
  const source = `${run.info.artifact_uri}/${FILE}`;
  const { version } = await mlflow.createModelVersion({ name, source, runId: run.info.run_id });
  await mlflow.setAlias(name, 'champion', version);
  const found = await mlflow.versionByAlias(name, 'champion');
  if (found?.version !== version) throw other('an alias');
}

/** Takes away what a killed doctor left, and begins the probe's run. With a deleted experiment MLflow restores all its
 *  runs: so the one of an earlier time is taken again, else there would be one more each time.
 *  @throws LockedError while another doctor is at work */
export async function beginProbe(
  mlflow: Mlflow,
  { name, owner, now }: { name: string; owner: string; now: Date },
): Promise<Run> {
  await removeModel(mlflow, name, now);
  const { experiment_id: experimentId } = await mlflow.ensureExperiment(name, {
    'mlflow.note.content': 'Made by `perennial doctor`, which takes it away again.',
  });
  const [earlier, ...more] = await mlflow.searchRuns({ experimentIds: [experimentId] });
  for (const run of more) await mlflow.deleteRun(run.info.run_id);
  if (!earlier) {
    const tags = { [OWNER_TAG]: owner };
    return await mlflow.createRun({ experimentId, name: 'probe', startTime: now, tags });
  }
  const atWork = earlier.info.status === 'RUNNING' && !isAbandoned(earlier.data.tags[OWNER_TAG], now);
  if (atWork) throw locked();
  await mlflow.updateRun(earlier.info.run_id, { status: 'RUNNING' });
  return earlier;
}

/** The end of every probe, also of one that failed or was cancelled: each part is tried.
 *  @returns in words what could not be taken away */
export async function endProbe(mlflow: Mlflow, run: Run, name: string): Promise<string[]> {
  const left: string[] = [];
  const attempt = (what: string, work: () => Promise<void>) =>
    work().catch((error: unknown) => {
      left.push(`${what} (${error instanceof Error ? error.message : String(error)})`);
    });
  await attempt('its registered model', () => mlflow.deleteRegisteredModel(name));
  await attempt('its artifact', () => mlflow.deleteArtifact(run, FILE));
  await attempt('its run', () => mlflow.updateRun(run.info.run_id, { status: 'FINISHED' }));
  await attempt('its experiment', () => mlflow.deleteExperiment(run.info.experiment_id));
  return left;
}

const Owner = z.object({ host: z.string(), pid: z.number(), at: z.coerce.date() });

export const ownerTag = (now: Date) => JSON.stringify({ host: hostname(), pid: process.pid, at: now });

async function removeModel(mlflow: Mlflow, name: string, now: Date): Promise<void> {
  const found = await mlflow.registeredModel(name);
  if (!found) return;
  const owner = found.tags[OWNER_TAG];
  if (owner === undefined) {
    throw new UsageError(`MLflow has a registered model ${name} that doctor did not make`, {
      hint: 'rename it: doctor needs that name for its probe',
    });
  }
  if (!isAbandoned(owner, now)) throw locked();
  await mlflow.deleteRegisteredModel(name);
}

function locked(): LockedError {
  return new LockedError('another doctor is at work on this server', {
    hint: 'wait until it has ended, ten minutes at most',
  });
}

function isAbandoned(tag: string | undefined, now: Date): boolean {
  const owner = Owner.safeParse(parsed(tag));
  if (!owner.success) return true;
  const { host, pid, at } = owner.data;
  if (host === hostname()) return pid === process.pid || !isAlive(pid);
  return Math.abs(now.getTime() - at.getTime()) > ABANDONED_MS;
}

function parsed(text = ''): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function other(what: string): CorruptError {
  return new CorruptError(`the server did not give back ${what} as it was written`, {
    hint: 'look at its database and its artifact store; a proxy in between may change answers',
  });
}
