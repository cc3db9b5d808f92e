const LONGEST = 200;

/** Text from elsewhere (names of tracts, columns, models) as harmless Markdown in one line: no markup, HTML, link,
 *  mention or reference can come of it, and no table breaks.
 *  @param text anything
 *  @returns at most `longest` (200) characters of it */
export function escapeMarkdown(text: string, { longest = LONGEST } = {}): string {
  return (
    visibleLine(text, { longest })
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

/** One line of text without what nobody sees: characters that control, hide, reorder or take no room, halves of a
 *  character that no file may hold.
 *  @returns at most `longest` characters */
export function visibleLine(text: string, { longest = LONGEST } = {}): string {
  // A name of megabytes is not walked through character by character.
  const line = text
    .slice(0, 8 * longest)
    .replace(UNSEEN, ' ')
    .trim();
  const characters = [...line];
  return characters.length > longest ? `${characters.slice(0, longest - 1).join('')}…` : line;
}

const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]+/gu;
