import type { Snapshot, SourceState } from '../../contracts/snapshot.ts';

/** What one address answered. */
export interface Answer {
  /** The address as it is recorded. */
  recorded: string;
  /** null: the server says that nothing changed. */
  gathered: {
    files: Snapshot['files'];
    validators: SourceState['urls'][string];
    /** When the portal itself says that it changed the data last. */
    modified?: Date;
  } | null;
}

/** @param previous what was known before; null: nothing */
export function anythingNew(answers: Answer[], previous: SourceState | null): boolean {
  if (previous === null) return true;
  const asked = new Set(answers.map(({ recorded }) => recorded));
  if (Object.keys(previous.urls).some((url) => !asked.has(url))) return true;
  return answers.some(
    ({ recorded, gathered }) =>
      gathered !== null && gathered.validators.sha256 !== previous.urls[recorded]?.sha256,
  );
}

/** What the next conditional request needs: of those that answered 304 what was known. */
export function validatorsAfter(answers: Answer[], state: SourceState | null): SourceState['urls'] {
  return Object.fromEntries(
    answers.flatMap(({ recorded, gathered }) => {
      const validators = gathered?.validators ?? state?.urls[recorded];
      return validators ? [[recorded, validators]] : [];
    }),
  );
}

/** When the portal last published something new. Of the first snapshot only its Last-Modified can tell; later ones are new
 *  when they are seen. */
export function lastNewAt(answers: Answer[], state: SourceState | null, snapshot: Snapshot): string {
  if (state?.snapshot.sha256 === snapshot.sha256) return state.last_new_at;
  if (state !== null) return snapshot.collected_at;
  const modified = answers.flatMap(({ gathered }) => gathered?.modified?.getTime() ?? []);
  const newest = Math.max(...modified);
  const collected = Date.parse(snapshot.collected_at);
  return new Date(Number.isFinite(newest) ? Math.min(newest, collected) : collected).toISOString();
}
