/** Likeness of two column names, 0…1: shared words count most, then shared pairs of letters; case, accents and
 *  separators do not count. `lat` and `latitudine` are alike because one begins with the other. */
export function nameLikeness(a: string, b: string): number {
  const [left, right] = [words(a), words(b)];
  if (left.length === 0 || right.length === 0) return 0;
  const [x, y] = [left.join(''), right.join('')];
  if (x === y) return 1;
  return Math.max(shared(left, right), dice(x, y), prefix(x, y));
}

export function words(name: string): string[] {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/(\p{Ll})(\p{Lu})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}

/** Words in common, over the mean number of words; a word said twice is one. */
function shared(a: readonly string[], b: readonly string[]): number {
  const [own, others] = [new Set(a), new Set(b)];
  return (2 * [...own].filter((word) => others.has(word)).length) / (own.size + others.size);
}

/** Dice's coefficient over pairs of letters. */
function dice(a: string, b: string): number {
  const count = new Map<string, number>();
  for (let i = 0; i + 1 < a.length; i++) {
    const pair = a.slice(i, i + 2);
    count.set(pair, (count.get(pair) ?? 0) + 1);
  }
  let common = 0;
  for (let i = 0; i + 1 < b.length; i++) {
    const left = count.get(b.slice(i, i + 2)) ?? 0;
    if (left > 0) {
      common++;
      count.set(b.slice(i, i + 2), left - 1);
    }
  }
  return (2 * common) / Math.max(1, a.length + b.length - 2);
}

function prefix(a: string, b: string): number {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  return short.length >= 3 && long.startsWith(short) ? 0.8 : 0;
}
