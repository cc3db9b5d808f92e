import { visibleLine } from '../../metrics/escape-markdown.ts';

/** Text from elsewhere for a drawing (Mermaid, a map), where no escape can be relied on: letters, digits and a few
 *  signs that mean nothing to any of them.
 *  @returns at most `longest` characters */
export function plainText(text: string, { longest = 40 } = {}): string {
  const line = visibleLine(text, { longest: 4 * longest })
    .replace(/[^\p{L}\p{M}\p{N} .,'’–%()²]/gu, ' ')
    // More marks than a letter bears pile up over the lines around it.
    .replace(/(\p{M}{3})\p{M}+/gu, '$1')
    .replace(/ {2,}/g, ' ')
    .trim();
  return visibleLine(line, { longest });
}
