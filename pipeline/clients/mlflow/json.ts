/** JSON as MLflow's servers write it: some put NaN and Infinity as bare words, which JSON does not know.
 *  Outside of strings they become strings; the schema of an answer makes numbers of them again.
 *  @throws SyntaxError */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const quoted = text.replace(STRING_OR_WORD, (found, word) => (word === undefined ? found : `"${word}"`));
    if (quoted === text) throw error;
    return JSON.parse(quoted);
  }
}

const STRING_OR_WORD = /"[^"\\]*(?:\\.[^"\\]*)*"|(-?Infinity|NaN)/g;

/** NaN and ±Infinity go as strings: the bare words are taken by the servers too, which then store 0 at step 0. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, item) => {
    if (typeof item === 'number' && !Number.isFinite(item)) return String(item);
    return typeof item === 'string' ? storable(item) : item;
  });
}

/** Databases refuse a NUL and half of a surrogate pair; the server would answer 500. */
function storable(text: string): string {
  return text.replace(/\0|\p{Surrogate}/gu, '\uFFFD');
}

/** What the servers store for ±Infinity, since SQL knows none. */
const LARGEST = Number.MAX_VALUE;

/** @returns the number that was meant, null where it is none */
export function numberOf(value: unknown): number | null {
  if (value === 'NaN') return Number.NaN;
  const number = typeof value === 'string' ? Number(value) : value;
  if (typeof number !== 'number' || Number.isNaN(number)) return null;
  if (number >= LARGEST) return Number.POSITIVE_INFINITY;
  return number <= -LARGEST ? Number.NEGATIVE_INFINITY : number;
}
