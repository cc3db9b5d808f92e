const LONGEST = 200;

/** Text from elsewhere (names of tracts, columns, models) as harmless Markdown in one line: no markup, HTML, link,
 *  mention or reference can come of it, and no table breaks.
 *  @param text anything
 *  @returns at most 200 characters of it */
export function escapeMarkdown(text: string): string {
  const line = text
    // Control and direction characters would reorder or hide what people read.
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu, ' ')
    .trim();
  const short = [...line].length > LONGEST ? `${[...line].slice(0, LONGEST - 1).join('')}…` : line;
  return (
    short
      .replace(/&/g, '&amp;')
      .replace(/</g, '&lt;')
      .replace(/>/g, '&gt;')
      .replace(/[\\`*_{}[\]()!|~$]/g, '\\$&')
      // Hosts look for mentions, references and bare links in the rendered text: a zero-width space parts them.
      .replace(/[@#]/g, '$&\u200b')
      .replace(/:\/\//g, ':\u200b//')
      .replace(/\bwww\./gi, 'www\u200b.')
      .replace(/\bGH-/gi, 'GH\u200b-')
  );
}
