import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { CorruptError } from '../../contracts/errors.ts';

const Lock = z.looseObject({ schema: z.string(), stages: z.record(z.string(), z.unknown()).default({}) });

/** A part of one `dvc.lock` that is put into another: those stages of one model. */
export interface LockPart {
  /** Text of a `dvc.lock`; null: there is none, and nothing is taken. */
  from: string | null;
  model: string;
  stages: readonly string[];
}

/** Puts entries of other `dvc.lock`s into one, by stage; what they lack stays as it was. As DVC writes it: its next
 *  write changes nothing but what has changed.
 *  @param base text of a `dvc.lock`; null: there is none yet
 *  @returns null where there is nothing to write
 *  @throws CorruptError where a text is not what DVC writes */
export function joinLock(base: string | null, parts: LockPart[]): string | null {
  const lock = base === null ? { schema: '2.0', stages: {} } : read(base);
  let changed = false;
  for (const { from, model, stages } of parts) {
    if (from === null) continue;
    const other = read(from).stages;
    for (const stage of stages.map((name) => `${name}@${model}`)) {
      if (other[stage] === undefined || same(other[stage], lock.stages[stage])) continue;
      lock.stages[stage] = other[stage];
      changed = true;
    }
  }
  if (!changed) return base;
  return stringify(lock, { indentSeq: false, lineWidth: 0, singleQuote: true });
}

const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

function read(text: string): z.infer<typeof Lock> {
  const result = Lock.safeParse(parse(text));
  if (result.success) return result.data;
  throw new CorruptError('dvc.lock is not what DVC writes', {
    cause: result.error,
    hint: 'take it from master: git checkout origin/master -- dvc.lock',
  });
}
