import { z } from 'zod';
import type { RemoteHome } from '../contracts/homes.ts';
import { DvcError, type DvcFailure } from './dvc-error.ts';
import { lostObjects } from './dvc-lost-objects.ts';
import { readTransfer } from './dvc-output.ts';
import { checkRemote } from './dvc-remote-check.ts';
import { withRemote } from './dvc-remote-config.ts';
import { explainTransfer } from './dvc-remote-failure.ts';
import { type DvcOptions, type DvcResult, parseAnswer, runDvc } from './dvc-run.ts';
import { remoteSecrets } from './home-secrets.ts';

export interface RemoteCall {
  /** Default: the one that `dvcAt` was given. */
  remote?: RemoteHome;
  /** Files, folders, stages; default: everything that is tracked. */
  targets?: string[];
  /** Objects at a time; DVC's default is 4 for each core. */
  jobs?: number;
}

export interface PullCall extends RemoteCall {
  /** Also where files of the work tree would be lost that DVC does not know. */
  force?: boolean;
}

/** The part of `dvcAt` that talks to a remote. Nothing of it is written into the repository. */
export function remoteCommands(options: DvcOptions) {
  const run = async (
    call: RemoteCall,
    args: string[],
    {
      limitMs,
      explain,
      env,
    }: { limitMs: number; explain: Explain; env?: (folder: string) => Record<string, string> },
  ): Promise<DvcResult & { home: RemoteHome }> => {
    const home = homeOf(call, options);
    const jobs = call.jobs === undefined ? [] : ['--jobs', String(call.jobs)];
    const result = await withRemote(home, (remote) =>
      runDvc(
        [...args, ...jobs, '--remote', remote.name, ...(call.targets ?? [])],
        limitMs,
        {
          ...options,
          env: { ...options.env, ...remote.env, ...env?.(remote.folder) },
          secrets: [...(options.secrets ?? []), ...remoteSecrets(home)],
        },
        (output) => explain(home, output),
      ),
    ).catch(async (error) => {
      // S3 refuses a HEAD without a word: only another request tells a wrong key from a lack of rights.
      if (home.kind === 's3' && error instanceof DvcError && error.failure === 'forbidden') {
        await checkRemote(home, { signal: options.signal });
      }
      throw error;
    });
    return { ...result, home };
  };

  return {
    /** Sends what the remote lacks; what an interrupted one has sent is not sent again.
     *  @returns objects sent: a folder's list of files is one too */
    async push(call: RemoteCall = {}): Promise<{ pushed: number }> {
      // Of several targets at once DVC sends those of one file alone (`data.dvc`, or `dvc.lock`), and says nothing.
      const calls = call.targets?.length
        ? call.targets.map((target) => ({ ...call, targets: [target] }))
        : [call];
      let pushed = 0;
      for (const one of calls) {
        const { output } = await run(one, ['push'], { limitMs: TRANSFER_LIMIT_MS, explain: explainTransfer });
        pushed += readTransfer(output).pushed;
      }
      return { pushed };
    },

    /** Fetches what the cache lacks, hashing each object, and brings the work tree to it.
     *  @throws LostObjectsError naming what the remote has lost, or has with other content */
    async pull(call: PullCall = {}) {
      const { force = false, targets = [] } = call;
      let words = '';
      const listen: Explain = (home, output) => {
        words = output;
        return explainTransfer(home, output);
      };
      try {
        const { output } = await run(call, ['pull', ...(force ? ['--force'] : [])], {
          limitMs: TRANSFER_LIMIT_MS,
          explain: listen,
          // DVC keeps what it has collected for a data version, and takes that of all models for the one that is asked
          // for (and the other way round): with targets, it gets a fresh place for such notes.
          env: targets.length > 0 ? (folder) => ({ DVC_SITE_CACHE_DIR: folder }) : undefined,
        });
        const { pushed: _, ...moved } = readTransfer(output);
        return moved;
      } catch (error) {
        if (!(error instanceof DvcError) || !UNEXPLAINED.includes(error.failure)) throw error;
        const home = homeOf(call, options);
        // An HTTP remote that does not let us in looks to DVC like one that has lost everything.
        if (home.kind === 'http') await checkRemote(home, { signal: options.signal });
        throw (await lostObjects(home, { root: options.root, words, targets })) ?? error;
      }
    },

    /** What the cache has and the remote lacks (`new`), the other way round (`deleted`), and what neither has
     *  (`missing`), by path. Asks HTTP remotes first whether they let us in: DVC calls everything new where they do not. */
    async remoteStatus(call: RemoteCall = {}): Promise<RemoteStatus> {
      const home = homeOf(call, options);
      if (home.kind === 'http') await checkRemote(home, { signal: options.signal });
      const args = ['status', '--cloud', '--json'];
      const { stdout } = await run(call, args, { limitMs: 30 * MINUTE, explain: explainTransfer });
      return parseAnswer(RemoteStatus, stdout, 'dvc status');
    },
  };
}

/** What DVC's words alone do not tell. */
const UNEXPLAINED: DvcFailure[] = ['failed', 'invalid', 'no-bucket'];

type Explain = (home: RemoteHome, output: string) => DvcError | null;

const MINUTE = 60_000;
/** Gigabytes over a slow line. */
const TRANSFER_LIMIT_MS = 6 * 60 * MINUTE;

export const RemoteStatus = z.record(z.string(), z.enum(['new', 'deleted', 'missing', 'ok']));
export type RemoteStatus = z.infer<typeof RemoteStatus>;

function homeOf(call: RemoteCall, options: DvcOptions): RemoteHome {
  const home = call.remote ?? options.remote;
  if (home) return home;
  throw new DvcError('no-remote', 'no remote is configured', {
    hint: 'set PERENNIAL_REMOTE or DAGSHUB_REPO, or `dvc remote add --default`; without one data stay in this folder',
  });
}
