import { hostname } from 'node:os';
import type { Attempt } from './records.ts';

/** A machine may lose its power while a good bundle is loaded, once. */
const DEATHS = 2;
/** The oldest go first. */
const MOST_ATTEMPTS = 100;

type What = Pick<Attempt, 'model' | 'version' | 'digest' | 'at'>;

export interface Attempts {
  /** Loads a bundle, one at a time, so that a death has one to blame. Where it succeeds the attempt goes on until `end`.
   *  @throws what the work throws; the attempt has ended then */
  load<T>(what: What, work: () => Promise<T>): Promise<T>;
  /** It is known what became of it: nothing is held against the bundle any more. */
  end(model: string, digest: string): Promise<void>;
  /** The process stops in peace: that is no death, and no acquittal. */
  leave(model: string): Promise<void>;
  /** Bundles with which processes have died too often. */
  deadly(model: string): Attempt[];
}

/**
 * Bundles that are loaded or on trial, written down before: what kills the process (memory, a native crash, a loop that never ends, so
 * that a probe kills it) can be told in no other way than by what it leaves behind.
 * @param list as it was left; changed in place
 * @param write when the list is on the disk
 */
export function attemptsOf(list: Attempt[], write: () => Promise<void>): Attempts {
  countDeaths(list);
  const left = new Set<string>();
  let loading: Promise<unknown> = Promise.resolve();
  const find = (model: string, digest: string) =>
    list.findIndex((one) => one.model === model && one.digest === digest);

  async function begin(what: What): Promise<void> {
    const found = find(what.model, what.digest);
    const deaths = found < 0 ? 0 : list.splice(found, 1)[0].deaths;
    list.push({ ...what, deaths, phase: 'loading', process: ME });
    if (list.length > MOST_ATTEMPTS) list.shift();
    await write();
  }

  async function end(model: string, digest: string): Promise<void> {
    const found = find(model, digest);
    if (found < 0 || left.has(model)) return;
    list.splice(found, 1);
    await write();
  }

  async function alone<T>(what: What, work: () => Promise<T>): Promise<T> {
    const { model, digest } = what;
    if (left.has(model)) return await work();
    await begin(what);
    try {
      const done = await work();
      const attempt = list[find(model, digest)];
      if (attempt?.phase === 'loading') attempt.phase = 'trial';
      void write();
      return done;
    } catch (error) {
      await end(model, digest);
      throw error;
    }
  }

  return {
    load(what, work) {
      const mine = loading.then(() => alone(what, work));
      loading = mine.catch(() => {});
      return mine;
    },
    end,
    async leave(model) {
      left.add(model);
      const open = list.filter((one) => one.model === model && one.phase !== null);
      if (open.length === 0) return;
      for (const one of open) close(one);
      await write();
    },
    deadly: (model) => list.filter((one) => one.model === model && one.deaths >= DEATHS),
  };
}

const ME = `${process.pid} ${hostname()}`;

/** Of a process that died while it loaded one bundle, others that were on trial are not to blame. */
function countDeaths(list: Attempt[]): void {
  const died = list.filter(({ phase, process }) => phase !== null && !isAlive(process));
  const loading = died.filter(({ phase }) => phase === 'loading');
  for (const one of loading.length > 0 ? loading : died) one.deaths++;
  for (const one of died) close(one);
}

function close(attempt: Attempt): void {
  attempt.phase = null;
  attempt.process = null;
}

/** A second service on the same machine with the same folder. In a container each process has the number of the one before. */
function isAlive(name: string | null): boolean {
  const [pid, host] = name?.split(' ') ?? [];
  if (host !== hostname() || name === ME) return false;
  try {
    process.kill(Number(pid), 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
