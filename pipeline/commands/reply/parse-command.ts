import { ModelName } from '../../contracts/review.ts';

/** What a comment asks for. */
export type Said =
  /** Nothing that is ours. */
  | { word: 'nothing' }
  | { word: 'help' }
  /** A model only outside of pull requests. */
  | { word: 'retrain'; model: string | null }
  | { word: 'explain'; tract: string }
  /** A model where several are reviewed. */
  | { word: 'override'; model: string | null; why: string }
  /** Meant for us, and not understood: one sentence that says why. */
  | { word: 'wrong'; why: string };

const MOST_CHARACTERS = 1_000;
const TRACT_CHARACTERS = 200;
const WHY_CHARACTERS = 500;

/** Reads the first line of a comment, strictly: what is only nearly a command does nothing. */
export function parseCommand(body: string): Said {
  const line = (body.slice(0, MOST_CHARACTERS + 1).split(/\r?\n/)[0] ?? '').trimEnd();
  if (!/^\/perennial(?![\w-])/.test(line)) return { word: 'nothing' };
  if (line.length > MOST_CHARACTERS) return wrong(`the line is longer than ${MOST_CHARACTERS} characters`);
  // Such letters make two lines look alike that are not, or hide what is said.
  const unseen = UNSEEN.exec(line);
  if (unseen) return wrong(`the line holds a character that is not seen or not known (${codeOf(unseen[0])})`);
  const [, word = '', rest = ''] = /^\/perennial(?: +(\S+)(?: +(.*))?)?$/.exec(line) ?? [];
  if (line === '/perennial' || (word === 'help' && rest === '')) return { word: 'help' };
  if (word === 'help') return wrong('`help` takes nothing after it');
  if (word === 'retrain') return retrain(rest);
  if (word === 'explain') return explain(rest);
  if (word === 'promote') return promote(rest);
  return wrong('there is no such command');
}

function retrain(rest: string): Said {
  if (rest === '') return { word: 'retrain', model: null };
  if (ModelName.safeParse(rest).success) return { word: 'retrain', model: rest };
  return wrong('`retrain` takes nothing after it, or the name of one model');
}

function explain(rest: string): Said {
  const tract = (/^"([^"]*)"$/.exec(rest)?.[1] ?? rest).trim();
  if (tract === '') return wrong('`explain` wants the id or the name of a tract after it');
  if (tract.length > TRACT_CHARACTERS)
    return wrong(`no tract has a name of more than ${TRACT_CHARACTERS} characters`);
  return { word: 'explain', tract };
}

function promote(rest: string): Said {
  const [, model, reason] = /^(?:(\S+) +)?--override(?:[ =]+(.*))?$/.exec(rest) ?? [];
  if (rest === '' || (reason === undefined && !/--override/.test(rest)))
    return wrong('`promote` promotes nothing by itself; it wants `--override "reason"`');
  if (model !== undefined && !ModelName.safeParse(model).success)
    return wrong('before `--override` only the name of one model may stand');
  const why = /^"([^"]*)"$/.exec(reason ?? '')?.[1]?.trim();
  if (why === undefined) return wrong('the reason has to stand in straight quotes: `--override "reason"`');
  if (!/[\p{L}\p{N}]/u.test(why)) return wrong('an override without a reason is none');
  if (why.length > WHY_CHARACTERS) return wrong(`the reason is longer than ${WHY_CHARACTERS} characters`);
  return { word: 'override', model: model ?? null, why };
}

const wrong = (why: string): Said => ({ word: 'wrong', why });

/** Control, format, private and other characters without a shape of their own; blanks other than the ordinary one. */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]|(?! )\p{Zs}/u;

const codeOf = (character: string) =>
  `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
