import type { Step } from './version-number.ts';

export interface ModelMove {
  model: string;
  /** Version that was released last; null: none. */
  from: string | null;
  /** Null: it is served no longer. */
  to: string | null;
}

/** What master has gained since its last release. */
export interface ReleaseChange {
  /** Nothing was released before. */
  first: boolean;
  models: ModelMove[];
  /** Files of the image that differ. */
  code: string[];
  /** Why those who use the image must look twice; empty: they need not. */
  breaking: string[];
  /** Everything is released anew, for what lies below it has changed. */
  refresh: boolean;
}

/** Which step of the number a change is. Null: it concerns nothing that is served, and nothing is released. */
export function stepOf({ first, models, code, breaking, refresh }: ReleaseChange): Step | null {
  if (code.length > 0 && breaking.length > 0) return 'major';
  if (code.length > 0) return 'minor';
  return first || models.length > 0 || refresh ? 'patch' : null;
}

/** Of two lists of version by model. */
export function modelMoves(
  before: Record<string, { version: string; digest: string }>,
  now: Record<string, { version: string; digest: string }>,
): ModelMove[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return names
    .filter((model) => before[model]?.digest !== now[model]?.digest)
    .map((model) => ({
      model,
      from: before[model]?.version ?? null,
      to: now[model]?.version ?? null,
    }));
}

/** A merge says so in its own words, as Conventional Commits write it. https://www.conventionalcommits.org */
export function breakingWords(messages: string[]): string[] {
  return messages.flatMap((message) => {
    const [subject] = message.trim().split('\n');
    const marked = /^BREAKING([ -]CHANGE)?\b/m.test(message) || /^[a-z]+(\([^)]*\))?!:/i.test(subject);
    return marked ? [subject] : [];
  });
}

/** One line each, for the table of the plan and the text of the release. */
export function changeWords(change: ReleaseChange): { what: string; seen: string }[] {
  const { first, models, code, breaking, refresh } = change;
  const moved = models.map(({ model, from, to }) =>
    to === null
      ? `${model} is served no longer (was ${from})`
      : `${model}: ${from === null ? to : `${from} → ${to}`}`,
  );
  const files = code.slice(0, 5).join(', ');
  const more = code.length > 5 ? ` and ${code.length - 5} more` : '';
  return [
    ...(first ? [{ what: 'First release', seen: 'nothing was released before' }] : []),
    ...moved.map((seen) => ({ what: 'Model', seen })),
    ...(code.length > 0 && !first ? [{ what: 'Code', seen: `${code.length} files: ${files}${more}` }] : []),
    ...breaking.map((seen) => ({ what: 'Breaking', seen })),
    ...(refresh ? [{ what: 'Base image', seen: 'built anew on the newest one' }] : []),
  ];
}
