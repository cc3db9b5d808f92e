import { ProblemError } from '../problem.ts';

export interface JsonLimits {
  /** Objects and arrays inside of each other. */
  maxDepth: number;
}

/** Told of the parts of the outermost object, so that a long body can be parsed piece by piece. Offsets are characters. */
export interface JsonVisitor {
  /** A member of the outermost object. */
  member(name: string, from: number, to: number): void;
  /** An element of an array that is such a member. */
  element(name: string, from: number, to: number): void;
}

/** Characters between two pauses: well under a millisecond. */
const PAUSE = 65_536;

/** Reads JSON without building anything of it, and refuses what JSON.parse would take in silence or choke on: a key twice in
 *  an object, `__proto__`, numbers that are too large for any number, nesting without end. What is inside of texts, and how numbers
 *  are written, is left to JSON.parse. Yields now and then, so that the caller may let others have a turn.
 *  @throws ProblemError 400 with the place */
export function* scanJson(
  text: string,
  { maxDepth }: JsonLimits,
  visitor?: JsonVisitor,
): Generator<void, void> {
  /** True where the container of that depth is an object. */
  const objects: boolean[] = [false];
  const keys: Set<string>[] = [];
  const starts: number[] = [0];
  let name = '';
  let depth = 0;
  let at = 0;
  let pauseAt = PAUSE;
  let expected = VALUE;
  const { length } = text;

  while (at < length) {
    const code = text.charCodeAt(at);
    if (code === SPACE || code === LINE_FEED || code === RETURN || code === TAB) {
      at++;
      continue;
    }
    if (at >= pauseAt) {
      pauseAt = at + PAUSE;
      yield;
    }
    if (expected === DONE) throw refused(at, 'there is something after the end of the value');
    if (expected === KEY || expected === KEY_OR_END) {
      if (code === QUOTE) {
        const end = endOfString(text, at);
        const key = keyAt(text, at, end);
        if (key === '__proto__') throw refused(at, 'the key "__proto__" is not taken');
        if (keys[depth].has(key)) throw refused(at, `the key ${shownKey(key)} is there twice`);
        keys[depth].add(key);
        if (depth === 1) name = key;
        at = skipSpace(text, end);
        if (text.charCodeAt(at) !== COLON) throw refused(at, 'a colon is missing after a key');
        at++;
        expected = VALUE;
        continue;
      }
      if (code !== CLOSE_BRACE || expected === KEY) throw refused(at, 'a key in double quotes was expected');
    }
    if (expected === NEXT && code === COMMA) {
      at++;
      expected = objects[depth] ? KEY : VALUE;
      continue;
    }
    if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
      const ends = expected === NEXT || expected === KEY_OR_END || expected === VALUE_OR_END;
      if (!ends || depth === 0 || objects[depth] !== (code === CLOSE_BRACE))
        throw refused(at, `${String.fromCharCode(code)} does not belong there`);
      depth--;
      at++;
      expected = depth === 0 ? DONE : NEXT;
      if (visitor && depth <= 2) tell(visitor, { depth, objects, name, starts, to: at });
      continue;
    }
    if (expected === NEXT) throw refused(at, 'a comma or the end was expected');
    starts[depth] = at;
    if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      if (++depth > maxDepth) throw refused(at, `it is nested deeper than ${maxDepth} levels`);
      objects[depth] = code === OPEN_BRACE;
      if (objects[depth]) {
        if (keys[depth]) keys[depth].clear();
        else keys[depth] = new Set();
      }
      expected = objects[depth] ? KEY_OR_END : VALUE_OR_END;
      at++;
      continue;
    }
    at = code === QUOTE ? endOfString(text, at) : endOfLiteral(text, at);
    expected = depth === 0 ? DONE : NEXT;
    if (visitor && depth <= 2) tell(visitor, { depth, objects, name, starts, to: at });
  }
  if (expected !== DONE) throw refused(length, length === 0 ? 'it is empty' : 'it ends too early');
}

function tell(
  visitor: JsonVisitor,
  at: { depth: number; objects: boolean[]; name: string; starts: number[]; to: number },
): void {
  if (!at.objects[1]) return;
  if (at.depth === 1) visitor.member(at.name, at.starts[1], at.to);
  else if (at.depth === 2 && !at.objects[2]) visitor.element(at.name, at.starts[2], at.to);
}

/** What may come next. */
const VALUE = 0;
const VALUE_OR_END = 1;
const KEY = 2;
const KEY_OR_END = 3;
const NEXT = 4;
const DONE = 5;

const TAB = 9;
const LINE_FEED = 10;
const RETURN = 13;
const SPACE = 32;
const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const BACKSLASH = 92;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

/** @returns where the string that begins at `from` is over, its quote included */
function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text.charCodeAt(at) === QUOTE) return at + 1;
    if (text.charCodeAt(at) === BACKSLASH) at++;
  }
  throw refused(text.length, 'a text has no end');
}

/** Two spellings of one key are the same key: `"a"` and `"\u0061"`. */
function keyAt(text: string, from: number, to: number): string {
  let plain = true;
  for (let at = from; at < to; at++)
    if (text.charCodeAt(at) === BACKSLASH || text.charCodeAt(at) > 127) plain = false;
  if (!plain) {
    try {
      return JSON.parse(text.slice(from, to));
    } catch {
      throw refused(from, 'a key is not a text of JSON');
    }
  }
  return text.slice(from + 1, to - 1);
}

/** 1 for what literals are written with, 3 for an exponent's letter. */
const LITERAL = Uint8Array.from({ length: 128 }, (_, code) => {
  const letter = String.fromCharCode(code);
  return /[eE]/.test(letter) ? 3 : /[0-9A-Za-z.+-]/.test(letter) ? 1 : 0;
});

/** Longer ones are beyond every double even without an exponent. */
const LONGEST_PLAIN = 300;

function endOfLiteral(text: string, from: number): number {
  let at = from;
  let exponent = 0;
  while (at < text.length) {
    const kind = LITERAL[text.charCodeAt(at)];
    if (!kind) break;
    exponent |= kind & 2;
    at++;
  }
  if (at === from) throw refused(at, 'a value was expected');
  const digit = text.charCodeAt(from) === 45 || (text.charCodeAt(from) >= 48 && text.charCodeAt(from) <= 57);
  if (digit && (exponent > 0 || at - from > LONGEST_PLAIN)) {
    const value = Number(text.slice(from, at));
    if (value === Infinity || value === -Infinity)
      throw refused(from, 'a number is too large: at most 1.7976931348623157e308');
  }
  if (!digit && !WORDS.some((word) => word.length === at - from && text.startsWith(word, from)))
    throw refused(from, 'a number, a text in double quotes, true, false or null was expected');
  return at;
}

const WORDS = ['true', 'false', 'null'];

function skipSpace(text: string, from: number): number {
  let at = from;
  while (
    text.charCodeAt(at) === SPACE ||
    text.charCodeAt(at) === LINE_FEED ||
    text.charCodeAt(at) === RETURN ||
    text.charCodeAt(at) === TAB
  )
    at++;
  return at;
}

const shownKey = (key: string) => JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key);

export function refused(at: number, what: string): ProblemError {
  return new ProblemError('json', {
    status: 400,
    title: 'The body is not the JSON that was hoped for',
    detail: `${what} (character ${at})`,
    facts: { at },
  });
}
