import { EXIT, type ExitCode, PerennialError } from '../../contracts/errors.ts';

/** What one check came to. */
export interface Finding {
  /** `git`, `remote`, `MLflow`, … */
  home: string;
  /** An address without secrets, a path, a model. */
  where: string;
  /** `note`: nothing is broken, but somebody may want to know. */
  state: 'well' | 'note' | 'wrong';
  /** One sentence: what was done and seen, or what is wrong. */
  said: string;
  /** What to do. */
  hint?: string;
  /** What `doctor` ends with on account of it. */
  exitCode?: ExitCode;
}

type Place = Pick<Finding, 'home' | 'where'>;
type Outcome = string | Omit<Finding, 'home' | 'where'>;

/** Makes a finding of what a check returns or throws.
 *  @param work returns what it saw, in words: all is well */
export async function examine(place: Place, work: () => Promise<Outcome>): Promise<Finding> {
  try {
    const outcome = await work();
    return { ...place, ...(typeof outcome === 'string' ? { state: 'well', said: outcome } : outcome) };
  } catch (error) {
    return wrong(place, error);
  }
}

export function wrong(place: Place, error: unknown): Finding {
  if (!(error instanceof PerennialError)) {
    const said = `unexpected: ${oneLine(error instanceof Error ? error.message : String(error))}`;
    return { ...place, state: 'wrong', said, exitCode: EXIT.unexpected };
  }
  const { message, hint, exitCode } = error;
  return { ...place, state: 'wrong', said: oneLine(message), hint: hint && oneLine(hint), exitCode };
}

/** Of several reasons to fail the common one; else it is the set-up as a whole. */
export function exitCodeOf(findings: Finding[]): ExitCode {
  const codes = new Set(findings.flatMap(({ state, exitCode }) => (state === 'wrong' ? [exitCode] : [])));
  if (codes.size === 0) return EXIT.ok;
  const [only] = codes;
  return codes.size === 1 && only !== undefined && only !== EXIT.usage ? only : EXIT.setup;
}

const oneLine = (text: string) => text.trim().replace(/\s*\n\s*/g, '; ');
