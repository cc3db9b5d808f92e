/** The first lines of a comment of ours, which nobody sees: by them it is found again, over all pages. */
export interface Markers {
  /** Which of several reports of one pull request: '' is the repository's own. */
  slot: string;
  run: { id: number; attempt: number };
}

export function writeMarkers({ slot, run }: Markers): string {
  return `<!-- perennial:report${slot && ` ${slot}`} -->\n<!-- perennial:run ${run.id}.${run.attempt} -->`;
}

/** Only at the very start: further down stands what others wrote.
 *  @returns null where the text is no report of ours */
export function readMarkers(body: string): Markers | null {
  const match =
    /^<!-- perennial:report(?: ([a-z0-9-]{1,40}))? -->\r?\n<!-- perennial:run (\d{1,15})\.(\d{1,6}) -->/.exec(
      body,
    );
  if (!match) return null;
  return { slot: match[1] ?? '', run: { id: Number(match[2]), attempt: Number(match[3]) } };
}

/** Below 0: `a` is of an earlier run, or of an earlier attempt at the same. */
export function compareRuns(a: Markers['run'], b: Markers['run']): number {
  return a.id - b.id || a.attempt - b.attempt;
}

/** Texts of the same run that differ in nothing but the moment they were written, or in how the host keeps lines. */
export function saysTheSame(a: string, b: string): boolean {
  return timeless(a) === timeless(b);
}

/** A moment as `saysTheSame` overlooks it. */
export function writtenMoment(at: string): string {
  return `judged ${at.slice(0, 16).replace('T', ' ')} UTC`;
}

function timeless(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .replace(/\bjudged \d{4}-\d\d-\d\d \d\d:\d\d UTC/g, 'judged')
    .trim();
}
