/** Reads a JSON object element by element of its longest list, so that whoever reads a large one may give way in between.
 *  @param name of the list, directly in the object
 *  @yields each element, parsed
 *  @returns the object with that list empty
 *  @throws SyntaxError for what is no JSON, or has no such list, or two: JSON.parse of the whole is for that */
export function* elementsOf(bytes: Uint8Array, name: string): Generator<unknown, Record<string, unknown>> {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const open = listAt(text, name);
  let at = open + 1;
  for (let isFirst = true; ; isFirst = false) {
    const end = endOfElement(text, at);
    const element = text.toString('utf8', at, end);
    if (text[end] === CLOSE_OBJECT) throw new SyntaxError('a bracket closes what is not open');
    const isEmpty = isFirst && text[end] === CLOSE_LIST && element.trim() === '';
    if (!isEmpty) yield JSON.parse(element);
    at = end + 1;
    if (text[end] === CLOSE_LIST) break;
  }
  const rest = text.toString('utf8', 0, open + 1) + text.toString('utf8', at - 1);
  if (rest.split(`"${name}"`).length !== 2) throw new SyntaxError(`"${name}" is there more than once`);
  return JSON.parse(rest);
}

const [QUOTE, COMMA, COLON, BACKSLASH] = [0x22, 0x2c, 0x3a, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** Bytes that decide something outside of strings: most are digits. */
const DECIDES = new Uint8Array(256);
for (const byte of [QUOTE, COMMA, OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT]) DECIDES[byte] = 1;

/** @returns where the list opens */
function listAt(text: Buffer, name: string): number {
  const key = Buffer.from(`"${name}"`);
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const byte = text[at];
    if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth++;
    else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth--;
    else if (byte === QUOTE) {
      const end = endOfString(text, at);
      const colon = afterSpace(text, end + 1);
      const isKey = depth === 1 && text[colon] === COLON && text.subarray(at, end + 1).equals(key);
      at = end;
      if (!isKey) continue;
      const open = afterSpace(text, colon + 1);
      if (text[open] === OPEN_LIST) return open;
    }
  }
  throw new SyntaxError(`there is no list "${name}"`);
}

/** @returns where the comma or bracket behind an element is */
function endOfElement(text: Buffer, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const byte = text[at];
    if (DECIDES[byte] === 0) continue;
    if (byte === QUOTE) at = endOfString(text, at);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) depth++;
    else if (depth === 0) return at;
    else if (byte !== COMMA) depth--;
  }
  throw new SyntaxError('the list does not end');
}

/** @returns where the closing quote is */
function endOfString(text: Buffer, from: number): number {
  for (let at = from + 1; at < text.length; at++) {
    if (text[at] === BACKSLASH) at++;
    else if (text[at] === QUOTE) return at;
  }
  throw new SyntaxError('a text does not end');
}

function afterSpace(text: Buffer, from: number): number {
  let at = from;
  while (text[at] === 0x20 || text[at] === 0x0a || text[at] === 0x0d || text[at] === 0x09) at++;
  return at;
}
