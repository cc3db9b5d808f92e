/** Languages whose months are understood; the names come from ICU. */
const LANGUAGES = 'en it de fr es pt nl pl sv da nb fi cs sk sl hr ro hu el tr ru uk bg ca lt lv et id'.split(
  ' ',
);

/** Plain form of a word: lower case, without accents and final dot. */
export function plainWord(word: string): string {
  return word.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\.$/, '');
}

/** Month names, short and long, in many languages → 1 … 12. */
export const MONTHS: ReadonlyMap<string, number> = monthNames();

function monthNames(): Map<string, number> {
  const months = new Map<string, number>();
  const ambiguous = new Set<string>();
  const add = (name: string, month: number) => {
    const word = plainWord(name);
    if (!/^\p{L}{3,}$/u.test(word)) return;
    // `lis` is July for some and November for others: English and the order of the list decide nothing, so leave it out.
    if (months.has(word) && months.get(word) !== month) ambiguous.add(word);
    else months.set(word, month);
  };
  for (const language of LANGUAGES) {
    for (const style of ['long', 'short'] as const) {
      const alone = new Intl.DateTimeFormat(language, { month: style, timeZone: 'UTC' });
      const within = new Intl.DateTimeFormat(language, { month: style, day: 'numeric', timeZone: 'UTC' });
      for (let month = 1; month <= 12; month++) {
        const date = new Date(Date.UTC(2024, month - 1, 15));
        add(alone.format(date), month);
        for (const part of within.formatToParts(date)) if (part.type === 'month') add(part.value, month);
      }
    }
  }
  for (const word of ambiguous) months.delete(word);
  return months;
}
