import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Run } from '../../clients/mlflow/answers.ts';
import type { Mlflow } from '../../clients/mlflow/mlflow.ts';
import { MlflowError } from '../../clients/mlflow/mlflow-error.ts';
import { ConflictError, CorruptError } from '../../contracts/errors.ts';
import type { Alias } from '../../contracts/registry.ts';
import { Timestamp } from '../../contracts/scalars.ts';
import { leavesOpen, pause } from './settle.ts';

const Version = z.string().regex(/^v\d{4,}$/);

/** One move of an alias, the value of a parameter `champion.000001`, `champion.000002`, … */
const Move = z.strictObject({
  version: Version,
  /** Where the alias was, null: nowhere. */
  from: Version.nullable(),
  by: z.string(),
  at: Timestamp,
  /** Tells a move from another one to the same place. */
  nonce: z.string(),
});
export type Move = z.infer<typeof Move>;

export interface Ledger {
  /** Moves of an alias, the oldest first; the last one tells where it is. */
  moves(alias: Alias): Promise<Move[]>;
  /** Adds a move, if the alias is where `from` says.
   *  @returns all moves, this one among them
   *  @throws ConflictError if it is elsewhere, or somebody else moves it in the same moment */
  move(alias: Alias, move: Omit<Move, 'nonce'>): Promise<Move[]>;
}

/**
 * Where aliases are, as parameters of one run. MLflow moves an alias for whoever asks last; but a parameter is written
 * once: its table's primary key is (run, key), and another value is refused. So the next free number of an alias is
 * claimed by one writer, and nothing that a ledger says is ever changed.
 * @param run the ledger's run, active
 */
export function ledgerOf(mlflow: Mlflow, { run, model }: { run: () => Promise<Run>; model: string }): Ledger {
  return {
    moves: async (alias) => movesIn(await run(), alias),

    async move(alias, move) {
      const value: Move = { ...move, nonce: randomBytes(6).toString('hex') };
      for (let attempt = 1; ; attempt++) {
        const ledger = await run();
        const known = movesIn(ledger, alias);
        // The answer was lost, not the request.
        if (known.some(({ nonce }) => nonce === value.nonce)) return known;
        refuseUnlessAt(known.at(-1)?.version ?? null, { alias, model, move });
        try {
          const key = keyOf(alias, known.length + 1);
          await mlflow.logParam(ledger.info.run_id, key, JSON.stringify(value));
          return [...known, value];
        } catch (error) {
          const taken = error instanceof MlflowError && error.failure === 'conflict';
          if (!taken && !leavesOpen(error)) throw error;
          if (attempt < ATTEMPTS) await pause(attempt);
          else if (taken) throw movedMeanwhile(error, { alias, model });
          else throw error;
        }
      }
    },
  };
}

/** Shows that a parameter of this server really is written once: without it no promotion is safe.
 *  @throws CorruptError if a second value was taken */
export async function refuseUnlessWrittenOnce(mlflow: Mlflow, runId: string): Promise<void> {
  await mlflow.logParam(runId, PROBE, 'first');
  try {
    await mlflow.logParam(runId, PROBE, 'second');
  } catch (error) {
    if (error instanceof MlflowError && error.failure === 'conflict') return;
    throw error;
  }
  throw new CorruptError('this tracking server lets a parameter be written twice', {
    hint: 'two promotions at once could not be told apart there; unset MLFLOW_TRACKING_URI to keep models in a folder',
  });
}

const PROBE = 'written-once';
const ATTEMPTS = 5;

function keyOf(alias: Alias, number: number): string {
  return `${alias}.${String(number).padStart(6, '0')}`;
}

function movesIn({ info, data }: Run, alias: Alias): Move[] {
  const moves: Move[] = [];
  for (let number = 1; ; number++) {
    const key = keyOf(alias, number);
    const text = Object.hasOwn(data.params, key) ? data.params[key] : null;
    if (text === null) return moves;
    moves.push(parsed(text, { key, runId: info.run_id }));
  }
}

function parsed(text: string, { key, runId }: { key: string; runId: string }): Move {
  try {
    return Move.parse(JSON.parse(text));
  } catch (cause) {
    throw new CorruptError(`the parameter ${key} of the MLflow run ${runId} is not a move of an alias`, {
      cause,
      hint: 'somebody else wrote into this run; ask who, for nothing there can be changed any more',
    });
  }
}

/** Taken again and again: others move it faster than we look. */
function movedMeanwhile(cause: unknown, facts: { alias: Alias; model: string }): ConflictError {
  return new ConflictError(`${facts.alias} of ${facts.model} is being moved by others`, {
    cause,
    hint: 'look at it again and decide anew',
    facts,
  });
}

function refuseUnlessAt(
  current: string | null,
  { alias, model, move }: { alias: Alias; model: string; move: Omit<Move, 'nonce'> },
): void {
  if (current === move.from) return;
  throw new ConflictError(`${alias} of ${model} is ${current ?? 'unset'}, expected ${move.from ?? 'unset'}`, {
    hint: 'somebody else moved it; look at it again and decide anew',
    facts: { alias, current, expected: move.from, version: move.version },
  });
}
