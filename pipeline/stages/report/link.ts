import { escapeMarkdown } from '../../metrics/escape-markdown.ts';

const LONGEST = 1_000;

/** A link whose text and target come from elsewhere. What is no address of the web, or names a user in it, stays text. */
export function link(text: string, target: string | null | undefined): string {
  const safe = target ? webAddress(target) : null;
  return safe ? `[${escapeMarkdown(text)}](${safe})` : escapeMarkdown(text);
}

/** @returns the address, encoded so that it ends neither the link nor a table's cell; null where it is none */
export function webAddress(target: string): string | null {
  if (target.length > LONGEST || !URL.canParse(target)) return null;
  const url = new URL(target);
  if (!['http:', 'https:'].includes(url.protocol) || url.username || url.password) return null;
  const encoded = url.href
    .replace(/[()[\]|\\`<>"*$^{}]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)
    // Markdown reads entities in targets too.
    .replace(/&/g, '&amp;');
  return encoded.length > LONGEST ? null : encoded;
}
