import { type ErrorDetails, EXIT, PerennialError } from '../contracts/errors.ts';

/** What DVC's exit code and words mean. */
export type DvcFailure =
  | 'no-dvc'
  | 'no-repository'
  | 'locked'
  | 'usage'
  | 'invalid'
  | 'missing-input'
  | 'stage-failed'
  | 'time-out'
  | 'cancelled'
  | RemoteFailure
  | 'failed';

/** What keeps a remote from being used. */
export type RemoteFailure =
  | 'no-remote'
  | 'unauthorized'
  | 'forbidden'
  | 'no-bucket'
  | 'no-dvc-remote'
  | 'unreachable'
  | 'remote-full'
  | 'disk-full'
  | 'lost-objects';

export class DvcError extends PerennialError {
  constructor(
    readonly failure: DvcFailure,
    message: string,
    details: ErrorDetails = {},
  ) {
    super(message, { exitCode: EXITS[failure] ?? EXIT.unexpected, ...details });
  }
}

const EXITS: Partial<Record<DvcFailure, ErrorDetails['exitCode']>> = {
  'no-dvc': EXIT.setup,
  locked: EXIT.locked,
  'no-remote': EXIT.usage,
  unauthorized: EXIT.usage,
  forbidden: EXIT.usage,
  'no-bucket': EXIT.usage,
  'no-dvc-remote': EXIT.usage,
  unreachable: EXIT.upstreamDown,
  'remote-full': EXIT.upstreamDown,
  'lost-objects': EXIT.corrupt,
};

/** The command of a stage ended with something else than 0. */
export class StageFailedError extends DvcError {
  constructor(
    readonly stage: string,
    /** Null: a signal ended it. */
    readonly exitStatus: number | null,
    /** The last lines that the stage and DVC wrote. */
    readonly tail: string,
    details: ErrorDetails = {},
  ) {
    super(
      'stage-failed',
      `stage ${stage} failed${exitStatus === null ? '' : ` with exit code ${exitStatus}`}`,
      {
        hint: `the stage's own output above tells why; \`dvc repro ${stage}\` runs it alone`,
        facts: { stage, exitStatus },
        ...details,
      },
    );
  }
}

/** One object that a remote ought to have. */
export interface LostObject {
  md5: string;
  /** The file or folder it is the content of. */
  path: string;
  /** `corrupt`: it is there, with other content than its name says. */
  how: 'lost' | 'corrupt';
}

/** The remote lacks objects, or has them with other content. What it did have is in the cache now. */
export class LostObjectsError extends DvcError {
  constructor(
    readonly objects: LostObject[],
    remote: string,
    details: ErrorDetails = {},
  ) {
    const named = objects
      .slice(0, 5)
      .map(({ path, md5, how }) => `${path} (${md5}${how === 'corrupt' ? ', other content' : ''})`);
    const more = objects.length > named.length ? ` and ${objects.length - named.length} more` : '';
    const what = objects.every(({ how }) => how === 'corrupt') ? 'corrupt' : 'lost';
    super('lost-objects', `${remote} has ${what} objects: ${named.join(', ')}${more}`, {
      hint: 'a clone that has them in `.dvc/cache/files/md5/` can copy them to the same place in the remote (DVC does not send again what a list there names); or go back to an earlier data version',
      facts: { objects },
      ...details,
    });
  }
}

/** Reads a failed command: exit codes as DVC 3 gives them (255 most failures, 254 usage, 253 no repository, 1 what its
 *  parsers refuse), told apart further by its `ERROR:` lines. */
export function readFailure(args: string[], exitCode: number | undefined, output: string): DvcError {
  const command = `dvc ${args.join(' ')}`;
  const tail = output.trim().split('\n').slice(-TAIL_LINES).join('\n');
  const facts = { command, exitCode };

  const stage = /failed to reproduce '([^']+)': failed to run: /.exec(output);
  if (stage) {
    // The command stands in between and may have several lines; a signal's number is negative.
    const status = /, exited with (\d+)\s*$/m.exec(output.slice(stage.index))?.[1];
    return new StageFailedError(stage[1], status === undefined ? null : Number(status), tail);
  }
  const missing = /failed to reproduce '([^']+)': \[Errno 2\] No such file or directory: (.+)/.exec(output);
  if (missing) {
    return new DvcError('missing-input', `stage ${missing[1]} lacks ${missing[2]}`, {
      hint: 'run ingest and gate first, which make it',
      facts,
    });
  }
  if (/Unable to acquire lock|is busy, it is being blocked by/.test(output)) {
    return new DvcError('locked', `another DVC command is at work here: ${errorLine(output)}`, {
      hint: 'wait for it to end and start again',
      facts,
    });
  }
  if (exitCode === 254)
    return new DvcError('usage', `${command}: DVC does not know this call:\n${tail}`, { facts });
  if (exitCode === 253) {
    return new DvcError('no-repository', `${command}: not inside of a DVC repository`, {
      hint: 'run `dvc init` at the root of the git repository',
      facts,
    });
  }
  if (
    /is invalid\.|unable to parse|YAML|Invalid stage|not found in 'dvc\.yaml'|does not exist/i.test(output)
  ) {
    return new DvcError('invalid', `${command}: DVC's files are not what it expects:\n${tail}`, {
      hint: 'mend the file named above',
      facts,
    });
  }
  return new DvcError('failed', `${command} exited with ${exitCode ?? 'a signal'}:\n${tail}`, { facts });
}

const TAIL_LINES = 30;

function errorLine(output: string): string {
  return (
    output
      .split('\n')
      .find((line) => line.startsWith('ERROR:'))
      ?.slice('ERROR:'.length)
      .trim() ?? 'its lock is held'
  );
}
